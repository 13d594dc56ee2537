import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, call, expectRefusal, openGates, rowsOf, setConfig } from '../fixtures'
import { EMIT_GATE, pieceEvents } from '../piece-fixtures'
import { withDatabase, withTransaction } from '../../helpers/db'
import { answerOf, withClients } from '../concurrency/clients'
import type { Trx } from '../../../server/db/client'

const EMIT = 'fn_iu_piece_emit_event'
const DRY_RUN_ONLY = 'piece_event_runtime.dry_run_only'
const TYPES = ['created', 'merged', 'retired', 'split', 'superseded', 'updated']

const event = (type: string | null = 'updated') => ({
  p_event_type: type, p_canonical_address: 'law/one', p_subject_ref: randomUUID(), p_actor: ACTOR, p_payload: JSON.stringify({ macro: 'a' }),
})
const withOpenGate = (work: (db: Trx) => Promise<unknown>) => withTransaction(async (db) => {
  await openGates(db, EMIT_GATE)
  await work(db)
})

test('six types are registered: update, delayed, active', () => withTransaction(async (db) => {
  expect(await rowsOf(db, sql`
    select event_type, event_stream, delivery_lane, active from public.event_type_registry where event_domain = 'piece' order by event_type`))
    .toEqual(TYPES.map(event_type => ({ event_type, event_stream: 'update', delivery_lane: 'delayed', active: true })))
}))

describe('an event', () => {
  test.each(TYPES)('of type %s is in the outbox as given, as a dry run', type => withOpenGate(async (db) => {
    const given = event(type)
    const emitted = await call(db, EMIT, given)
    expect(emitted).toMatchObject({ status: 'ok', event_type: type, emit_mode: 'dry_run' })
    expect(await rowsOf(db, sql`
      select id, event_domain, event_type, canonical_address, subject_ref, actor, safe_payload from public.event_outbox`)).toEqual([{
      id: emitted.event_id, event_domain: 'piece', event_type: type, canonical_address: 'law/one', subject_ref: given.p_subject_ref,
      actor: ACTOR, safe_payload: { macro: 'a', emit_mode: 'dry_run' },
    }])
  }))

  test.each([['true', 'dry_run'], ['false', 'live'], [null, 'dry_run'], ['no', 'dry_run'], ['', 'dry_run']])(
    'with dry_run_only %o is %s, whatever its payload says', (value, mode) => withOpenGate(async (db) => {
      await setConfig(db, DRY_RUN_ONLY, value)
      expect(await call(db, EMIT, { ...event(), p_payload: JSON.stringify({ emit_mode: 'shadow' }) })).toMatchObject({ status: 'ok', emit_mode: mode })
      expect(await pieceEvents(db)).toMatchObject([{ safe_payload: { emit_mode: mode } }])
    }))

  test('needs no payload', () => withOpenGate(async (db) => {
    expect(await call(db, EMIT, { ...event(), p_payload: null })).toMatchObject({ status: 'ok' })
    expect(await pieceEvents(db)).toMatchObject([{ safe_payload: { emit_mode: 'dry_run' } }])
  }))
})

describe('nothing is written and nobody is disturbed', () => {
  test.each(['iu.collection.composed', 'Updated', 'deleted', 'updated '])('by %o, which is no piece type', type => withOpenGate(async (db) => {
    await expectRefusal(db, EMIT, event(type), { status: 'ignored', event_type: type })
  }))

  test('by a type that is no longer active', () => withOpenGate(async (db) => {
    await sql`update public.event_type_registry set active = false where event_type = 'split'`.execute(db)
    await expectRefusal(db, EMIT, event('split'), { status: 'ignored', event_type: 'split' })
  }))

  test.each(['false', null, 'yes'])('while the gate is %o, whatever else is wrong or live', value => withTransaction(async (db) => {
    await setConfig(db, EMIT_GATE, value)
    await setConfig(db, DRY_RUN_ONLY, 'false')
    for (const args of [event(), event('deleted'), event(null)]) await expectRefusal(db, EMIT, args, { status: 'emit_gate_closed', gate: EMIT_GATE })
  }))
})

test.each<[string, unknown]>([
  ['p_event_type', null], ['p_event_type', ' '], ['p_event_type', 'e'.repeat(201)],
  ['p_canonical_address', null], ['p_canonical_address', '\t'], ['p_canonical_address', 'a'.repeat(401)],
  ['p_subject_ref', null],
  ['p_actor', null], ['p_actor', ''], ['p_actor', 'a'.repeat(129)],
  ['p_payload', '[]'], ['p_payload', 'null'], ['p_payload', '"text"'],
])('%s %o is refused', (field, value) => withOpenGate(async (db) => {
  await expectRefusal(db, EMIT, { ...event(), [field]: value }, { status: 'invalid_input', field })
}))

test('the operators\' recipe runs as it is written and leaves nothing', () => withDatabase(({ db, url }) => withClients(url, 1, async ([session]) => {
  const [address, subject] = ['law/dieu-28/one', randomUUID()]
  await session!.query('BEGIN')
  await session!.query(`UPDATE public.dot_config SET value='true'  WHERE key='piece_event_runtime.emit_enabled'`)
  await session!.query(`UPDATE public.dot_config SET value='false' WHERE key='piece_event_runtime.dry_run_only'`)
  const emitted = await answerOf(session!, `public.fn_iu_piece_emit_event('updated', $1, $2::uuid, 'operator', jsonb_build_object('macro','proof'))`, [address, subject])
  const { rows } = await session!.query(`SELECT id, event_type, safe_payload->>'emit_mode' AS emit_mode
    FROM public.event_outbox WHERE event_domain='piece' AND safe_payload->>'macro'='proof'`)
  expect(rows).toEqual([{ id: emitted.event_id, event_type: 'updated', emit_mode: 'live' }])
  await session!.query('ROLLBACK')
  expect(await rowsOf(db, sql`
    select (select count(*)::int from public.event_outbox) as events,
           (select count(*)::int from public.v_iu_gate where is_open) as open`)).toEqual([{ events: 0, open: 0 }])
})))

import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  ACTOR, COMPOSER_GATE, LIVE_GATE, NO_SUCH_ID, addCollection, addPiece, addPieces, addTemplate, call, dryRunOf, expectError, instantiate, openGates,
  setConfig,
} from '../fixtures'
import { ENVELOPE_GATE, addAxisPiece, asAtCommit, envelope, errorLog, openRequests, refreshLog } from '../envelope-fixtures'
import { seededDatabase, withDatabase, withTransaction } from '../../helpers/db'
import { answerOf, inTransaction, makeTemplates, openGates as openRunGates, orchestrate, setGate, withClients } from '../concurrency/clients'
import type { Trx } from '../../../server/db/client'

const BY_ORCHESTRATOR = { trigger_name: 'iu_auto_instantiate_trigger' }
const BY_LIFECYCLE = { trigger_name: 'iu_piece_lifecycle_trigger' }
const REFRESH_IF_STALE = sql`public.fn_iu_three_axis_envelope_refresh_if_stale(text)`

const withOpenGate = (work: (db: Trx) => Promise<unknown>) => withTransaction(async (db) => {
  await openGates(db, ENVELOPE_GATE)
  await work(db)
})

describe('an instance', () => {
  test('is in the envelope at the end of its transaction, and not before', () => withOpenGate(async (db) => {
    const piece = await addAxisPiece(db)
    const template = await addTemplate(db, [piece])
    const instance = await instantiate(db, template)
    expect(await envelope(db)).toEqual([])
    await asAtCommit(db)
    expect(await envelope(db)).toEqual([{ axis_key: 'DIEU-28', iu_id: piece, collection_ids: [template, instance].sort() }])
    expect(await openRequests(db)).toBe(0)
  }))

  test.each([1, 12])('and %i of pieces that no axis covers are one refresh', count => withOpenGate(async (db) => {
    const template = await addTemplate(db)
    for (let n = 0; n < count; n += 1) await instantiate(db, template)
    await asAtCommit(db)
    expect(await refreshLog(db)).toMatchObject([BY_ORCHESTRATOR])
  }))

  test('that follows a refresh in the same transaction is another one', () => withOpenGate(async (db) => {
    const template = await addTemplate(db, [await addAxisPiece(db)])
    await asAtCommit(db)
    for (let n = 0; n < 2; n += 1) {
      await instantiate(db, template)
      await asAtCommit(db)
    }
    expect(await refreshLog(db)).toMatchObject([BY_LIFECYCLE, BY_ORCHESTRATOR, BY_ORCHESTRATOR])
    expect((await envelope(db))[0]!.collection_ids).toHaveLength(3)
  }))

  test('recorded a second time asks for nothing', () => withOpenGate(async (db) => {
    const [template, instance] = [await addTemplate(db), await addCollection(db, await addPieces(db, 1))]
    const record = () => call(db, 'fn_iu_collection_record_template_instance', { p_instance: instance, p_template: template, p_actor: ACTOR, p_note: null })
    for (let n = 0; n < 2; n += 1) {
      expect(await record()).toMatchObject({ status: 'ok' })
      await asAtCommit(db)
    }
    expect(await refreshLog(db)).toMatchObject([BY_ORCHESTRATOR])
  }))

  test('of a savepoint that is rolled back asks for nothing', () => withOpenGate(async (db) => {
    const template = await addTemplate(db)
    await sql`savepoint before`.execute(db)
    await instantiate(db, template)
    await sql`rollback to savepoint before`.execute(db)
    await asAtCommit(db)
    expect(await refreshLog(db)).toEqual([])
  }))
})

describe('the gate', () => {
  test.each(['false', 'yes', null])('with value %o lets nothing refresh by itself', value => withTransaction(async (db) => {
    await setConfig(db, ENVELOPE_GATE, value)
    await instantiate(db, await addTemplate(db, [await addAxisPiece(db)]))
    await asAtCommit(db)
    expect(await refreshLog(db)).toEqual([])
    expect(await openRequests(db)).toBe(0)
  }))

  test('counts as it was when the instance was recorded: who opens it in a transaction puts it back before the end', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    await openGates(db, ENVELOPE_GATE)
    await instantiate(db, template)
    await setConfig(db, ENVELOPE_GATE, 'false')
    await asAtCommit(db)
    expect(await refreshLog(db)).toMatchObject([BY_ORCHESTRATOR])
  }))
})

describe('a piece', () => {
  const changes: [string, (db: Trx, piece: string) => Promise<unknown>][] = [
    ['created', db => addAxisPiece(db, 'dieu-32')],
    ['retired', (db, piece) => sql`update public.information_unit set lifecycle_status = 'retired' where id = ${piece}`.execute(db)],
    ['moved away', (db, piece) => sql`update public.information_unit set canonical_address = 'elsewhere' where id = ${piece}`.execute(db)],
    ['deleted', (db, piece) => sql`delete from public.information_unit where id = ${piece}`.execute(db)],
  ]
  test.each(changes)('of an axis that is %s refreshes once', (_, change) => withTransaction(async (db) => {
    const piece = await addAxisPiece(db)
    await openGates(db, ENVELOPE_GATE)
    await change(db, piece)
    await asAtCommit(db)
    expect(await refreshLog(db)).toMatchObject([BY_LIFECYCLE])
  }))

  test('outside the axes, or with another text only, refreshes nothing', () => withTransaction(async (db) => {
    const piece = await addAxisPiece(db)
    await openGates(db, ENVELOPE_GATE)
    await sql`update public.information_unit set title = 'Another', body = 'Another', lifecycle_status = 'active' where id = ${piece}`.execute(db)
    await sql`update public.information_unit set lifecycle_status = 'retired' where id = ${await addPiece(db)}`.execute(db)
    await asAtCommit(db)
    expect(await refreshLog(db)).toEqual([])
  }))
})

describe('a fault', () => {
  const faults: [string, (db: Trx) => Promise<unknown>, RegExp][] = [
    ['a refresh function that is gone', db => sql`drop function ${REFRESH_IF_STALE}`.execute(db), /does not exist/],
    ['a refresh that fails', db => sql`alter table public.iu_three_axis_envelope_refresh_log add check (trigger_name = 'none')`.execute(db), /check constraint/],
    ['a request that cannot be made', db => sql`drop table public.iu_three_axis_envelope_request`.execute(db), /does not exist/],
  ]
  test.each(faults)('such as %s leaves the orchestrator ok and one row in the error log', (_, break_, message) => withTransaction(async (db) => {
    const template = await addTemplate(db, [await addAxisPiece(db)])
    await break_(db)
    await openGates(db, ENVELOPE_GATE, COMPOSER_GATE, LIVE_GATE)
    expect(await call(db, 'fn_iu_auto_instantiate_from_event', { ...dryRunOf(template), p_emit_mode: 'live' })).toMatchObject({ status: 'ok' })
    await asAtCommit(db)
    expect(await errorLog(db)).toEqual([{ ...BY_ORCHESTRATOR, sqlstate: expect.any(String), message: expect.stringMatching(message) }])
    expect(await refreshLog(db)).toEqual([])
  }))

  test('of a piece\'s trigger does not keep the piece from being written', () => withOpenGate(async (db) => {
    await sql`alter table public.iu_three_axis rename to iu_no_axis`.execute(db)
    await addAxisPiece(db)
    expect(await errorLog(db)).toEqual([{ ...BY_LIFECYCLE, sqlstate: '42P01', message: expect.stringContaining('iu_three_axis') }])
  }))

  test('is made up for by the next refresh', () => withOpenGate(async (db) => {
    await sql`alter table public.iu_three_axis_envelope_refresh_log add constraint broken check (trigger_name = 'none')`.execute(db)
    await instantiate(db, await addTemplate(db))
    await asAtCommit(db)
    expect(await openRequests(db)).toBe(1)
    await sql`alter table public.iu_three_axis_envelope_refresh_log drop constraint broken`.execute(db)
    expect(await call(db, 'fn_iu_three_axis_envelope_refresh_if_stale', { p_trigger: 'next' })).toMatchObject({ refreshed: true })
    expect(await openRequests(db)).toBe(0)
  }))

  test('of the transaction itself is not hidden', () => withOpenGate(async (db) => {
    await expectError(db, sql`insert into public.iu_collection_template_instance_lineage
      (instance_collection_id, template_collection_id, base_manifest_digest, instantiated_by)
      values (${NO_SUCH_ID}, ${await addTemplate(db)}, 'no digest', ${ACTOR})`, /foreign key/)
  }))
})

test('a bulk of 1,000 instances, committed, is one row in the refresh log', () => withDatabase(({ db, url }) => withClients(url, 1, async ([client]) => {
  const { templates: [template], pieces } = await makeTemplates(client!, ['a-template'])
  await client!.query(`update public.information_unit set canonical_address = 'law/dieu-35/' || id where id = $1`, [pieces[0]])
  await openRunGates(client!)
  await setGate(client!, ENVELOPE_GATE, true)
  const { rows: [bulk] } = await client!.query(`
    select count(*) filter (where outcome ->> 'status' = 'ok')::int as ok
    from generate_series(1, 1000) as n, lateral public.fn_iu_auto_instantiate_from_event(
      gen_random_uuid(), 'an.event', $1, 'bulk-' || n, 'live', 'bulk-test', null) as outcome`, [template])
  expect(bulk).toEqual({ ok: 1000 })
  expect(await refreshLog(db)).toMatchObject([{ ...BY_ORCHESTRATOR, rows_per_axis: { 'DIEU-28': 0, 'DIEU-32': 0, 'DIEU-35': 1 }, rows_added: 1 }])
  const { rows: [row] } = await sql<{ held: number }>`select cardinality(collection_ids) as held from public.iu_three_axis_envelope`.execute(db)
  expect(row!.held).toBe(1001)
  expect(await errorLog(db)).toEqual([])
})), 120_000)

test('the probe: gate open in the transaction, a dry run, one more row in the log; rolled back, both are as before', () =>
  seededDatabase(({ db, url }) => withClients(url, 1, async ([session]) => {
    const before = await refreshLog(db)
    const { rows: [template] } = await session!.query(`select id from public.iu_piece_collection where collection_key = 'tpl:wf:onboarding/v2'`)
    await session!.query('begin')
    await session!.query(`update public.dot_config set value = 'true' where key in ('${ENVELOPE_GATE}', '${COMPOSER_GATE}')`)
    expect(await orchestrate(session!, { event: NO_SUCH_ID, template: template.id, suffix: 'probe', actor: 'probe', mode: 'dry_run' })).toMatchObject({ status: 'ok' })
    await session!.query('set constraints all immediate')
    const { rows } = await session!.query('select trigger_name from public.iu_three_axis_envelope_refresh_log order by id')
    expect(rows).toEqual([...before.map(({ trigger_name }) => ({ trigger_name })), BY_ORCHESTRATOR])
    await session!.query('rollback')
    expect(await refreshLog(db)).toEqual(before)
    expect(await answerOf(session!, 'public.fn_iu_gate_is_open($1)', [ENVELOPE_GATE])).toBe(false)
  })))

test('a gate opened for good holds for every transaction; closed again, for none', () => withDatabase(({ db, url }) => withClients(url, 1, async ([client]) => {
  const { templates: [template] } = await makeTemplates(client!, ['a-template'])
  await openRunGates(client!)
  for (const [open, suffix] of [[true, 'one'], [true, 'two'], [false, 'three']] as const) {
    await setGate(client!, ENVELOPE_GATE, open)
    await inTransaction(client!, () => orchestrate(client!, { event: NO_SUCH_ID, template: template!, suffix, actor: 'gate-test' }))
  }
  expect(await refreshLog(db)).toMatchObject([BY_ORCHESTRATOR, BY_ORCHESTRATOR])
})))

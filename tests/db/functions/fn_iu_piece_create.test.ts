import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ACTOR, call, expectRefusal, openGates, setConfig, sha256 } from '../fixtures'
import {
  EMIT_GATE, PIECE_GATE, UNUSABLE, expectClosedGate, expectSilence, expectUnusable, lifecycle, newPieceArgs, pieceEvents, pieceRow, withPieceGate,
} from '../piece-fixtures'
import { withTransaction } from '../../helpers/db'

const CREATE = 'fn_iu_piece_create'
const request = () => ({ ...newPieceArgs(), p_actor: ACTOR })

test('a created piece is active and carries what was given, without a row in the lifecycle log', () => withPieceGate(async (db) => {
  const given = request()
  const created = await call(db, CREATE, given)
  expect(created).toMatchObject({ canonical_address: given.p_canonical_address, content_digest: sha256(given.p_body) })
  expect(await pieceRow(db, created.iu_id)).toEqual({
    canonical_address: given.p_canonical_address, title: given.p_title, body: given.p_body, lifecycle_status: 'active', created_by: ACTOR,
  })
  expect(await lifecycle(db)).toEqual([])
  await expectSilence(db, created)
}))

test('with the emit gate open it is an event', () => withPieceGate(async (db) => {
  await openGates(db, EMIT_GATE)
  const given = request()
  const { iu_id, content_digest, ...answer } = await call(db, CREATE, given)
  expect(answer).toMatchObject({ status: 'ok', events_emitted: 1 })
  expect(await pieceEvents(db)).toEqual([{
    event_type: 'created', canonical_address: given.p_canonical_address, subject_ref: iu_id, actor: ACTOR,
    safe_payload: { content_digest, emit_mode: 'dry_run' },
  }])
}))

test('a text of a megabyte is taken', () => withPieceGate(async (db) => {
  expect(await call(db, CREATE, { ...request(), p_body: 'x'.repeat(1_048_576) })).toMatchObject({ status: 'ok' })
}))

test('is refused while its gate is closed, however it is closed', async () => {
  await expectClosedGate(CREATE, request())
  await withTransaction(async (db) => {
    for (const value of ['yes', null]) {
      await setConfig(db, PIECE_GATE, value)
      await expectRefusal(db, CREATE, request(), { status: 'piece_gate_closed', gate: PIECE_GATE })
    }
  })
})

test('is refused with unusable values', () => withPieceGate(async (db) => {
  const { p_canonical_address, p_title, p_body, p_actor } = UNUSABLE
  await expectUnusable(db, CREATE, request(), { p_canonical_address, p_title, p_body, p_actor })
}))

test('is refused for an address that is taken, by a retired piece too', () => withPieceGate(async (db) => {
  const given = request()
  const { iu_id } = await call(db, CREATE, given)
  const refusal = { status: 'canonical_address_conflict', field: 'p_canonical_address', canonical_addresses: [given.p_canonical_address] }
  await expectRefusal(db, CREATE, given, refusal)
  await sql`update public.information_unit set lifecycle_status = 'retired' where id = ${iu_id}`.execute(db)
  await expectRefusal(db, CREATE, given, refusal)
}))

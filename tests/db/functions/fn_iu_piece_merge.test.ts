import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { ACTOR, addPiece, addPieces, call, expectRefusal, openGates } from '../fixtures'
import {
  EMIT_GATE, UNUSABLE, ended, expectClosedGate, expectSilence, expectUnusable, expectUsablePieces, holdPiece, lifecycle, newPieceArgs, pieceEvents,
  pieceRow, withPieceGate,
} from '../piece-fixtures'

const MERGE = 'fn_iu_piece_merge'
const request = (ids: (string | null)[] | null) => ({ p_iu_ids: ids, ...newPieceArgs(), p_actor: ACTOR, p_reason: 'as agreed' })

test('the new piece is active, the old ones are superseded by it and stay where they were', () => withPieceGate(async (db) => {
  const ids = await addPieces(db, 3)
  const held = [await holdPiece(db, ids[0]!), await holdPiece(db, ids[2]!)].sort((a, b) => a.collection_key < b.collection_key ? -1 : 1)
  const given = request(ids)
  const merged = await call(db, MERGE, given)
  expect(merged).toMatchObject({ canonical_address: given.p_canonical_address, merged_iu_ids: ids, still_held_by: held })
  expect(await pieceRow(db, merged.iu_id)).toEqual({
    canonical_address: given.p_canonical_address, title: given.p_title, body: given.p_body, lifecycle_status: 'active', created_by: ACTOR,
  })
  for (const id of ids) expect(await pieceRow(db, id)).toMatchObject({ lifecycle_status: 'superseded' })
  expect(await lifecycle(db)).toEqual([...ids].sort().map(id => ended(id, 'merged', 'superseded', [merged.iu_id])))
  await expectSilence(db, merged)
}))

test('is one event for each old piece and one for the new', () => withPieceGate(async (db) => {
  await openGates(db, EMIT_GATE)
  const ids = await addPieces(db, 2)
  const { iu_id, events_emitted } = await call(db, MERGE, request(ids))
  expect(events_emitted).toBe(3)
  const [created, ...merged] = await pieceEvents(db)
  expect(created).toMatchObject({ event_type: 'created', subject_ref: iu_id })
  expect(new Set(merged.map(event => event.subject_ref))).toEqual(new Set(ids))
  for (const event of merged) expect(event).toMatchObject({ event_type: 'merged', safe_payload: { successor_ids: [iu_id] } })
}))

test('is refused while its gate is closed', () => expectClosedGate(MERGE, request(null)))

test('is refused with unusable values', () => withPieceGate(async (db) => {
  const ids = await addPieces(db, 2)
  await expectUnusable(db, MERGE, request(ids), { p_iu_ids: [null, [], [ids[0]], [ids[0], null]], ...UNUSABLE })
  await expectRefusal(db, MERGE, request([ids[0]!, ids[0]!]), { status: 'invalid_input', field: 'p_iu_ids', reason: 'duplicate_piece' })
}))

test('is refused for pieces that are unknown or not active, and names all of them', () => withPieceGate(async (db) => {
  const fine = await addPiece(db)
  await expectUsablePieces(db, MERGE, id => request([fine, id]), 'p_iu_ids')
  const unknown = [randomUUID(), randomUUID()]
  await expectRefusal(db, MERGE, request([...unknown, fine]), { status: 'piece_not_found', iu_ids: unknown })
}))

test('is refused for an address that is taken, also by one of the pieces', () => withPieceGate(async (db) => {
  const ids = await addPieces(db, 2)
  const { canonical_address } = await pieceRow(db, ids[1])
  await expectRefusal(db, MERGE, { ...request(ids), p_canonical_address: canonical_address },
    { status: 'canonical_address_conflict', field: 'p_canonical_address', canonical_addresses: [canonical_address] })
}))

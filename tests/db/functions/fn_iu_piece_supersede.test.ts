import { expect, test } from 'vitest'
import { ACTOR, NO_SUCH_ID, addPiece, addPieces, call, expectRefusal, openGates } from '../fixtures'
import {
  EMIT_GATE, UNUSABLE, ended, expectClosedGate, expectSilence, expectUnusable, expectUsablePieces, holdPiece, lifecycle, pieceEvents, pieceRow,
  withPieceGate,
} from '../piece-fixtures'

const SUPERSEDE = 'fn_iu_piece_supersede'
const request = (id: string | null, by: string | null) => ({ p_iu_id: id, p_by_iu_id: by, p_actor: ACTOR, p_reason: 'as agreed' })

test('the piece is superseded by the other one, which stays active, and neither moves', () => withPieceGate(async (db) => {
  const [id, by] = await addPieces(db, 2)
  const held = await holdPiece(db, id!)
  await holdPiece(db, by!)
  const superseded = await call(db, SUPERSEDE, request(id!, by!))
  expect(superseded).toMatchObject({ iu_id: id, by_iu_id: by, still_held_by: [held] })
  expect(await pieceRow(db, id)).toMatchObject({ lifecycle_status: 'superseded' })
  expect(await pieceRow(db, by)).toMatchObject({ lifecycle_status: 'active' })
  expect(await lifecycle(db)).toEqual([ended(id!, 'superseded', 'superseded', [by])])
  await expectSilence(db, superseded)
}))

test('is one event, of the piece that goes', () => withPieceGate(async (db) => {
  await openGates(db, EMIT_GATE)
  const [id, by] = await addPieces(db, 2)
  expect(await call(db, SUPERSEDE, request(id!, by!))).toMatchObject({ status: 'ok', events_emitted: 1 })
  expect(await pieceEvents(db)).toMatchObject([{ event_type: 'superseded', subject_ref: id, safe_payload: { successor_ids: [by] } }])
}))

test('is refused while its gate is closed', () => expectClosedGate(SUPERSEDE, request(null, null)))

test('is refused with unusable values', () => withPieceGate(async (db) => {
  const [id, by] = await addPieces(db, 2)
  const { p_actor, p_reason } = UNUSABLE
  await expectUnusable(db, SUPERSEDE, request(id!, by!), { p_iu_id: [null], p_by_iu_id: [null], p_actor, p_reason })
}))

test('is refused by itself, known or not', () => withPieceGate(async (db) => {
  for (const id of [await addPiece(db), NO_SUCH_ID]) {
    await expectRefusal(db, SUPERSEDE, request(id, id), { status: 'self_supersede_refused', field: 'p_by_iu_id' })
  }
}))

test('is refused when either piece is unknown or not active, and names the parameter', () => withPieceGate(async (db) => {
  const fine = await addPiece(db)
  await expectUsablePieces(db, SUPERSEDE, id => request(id, fine), 'p_iu_id')
  await expectUsablePieces(db, SUPERSEDE, id => request(fine, id), 'p_by_iu_id')
}))

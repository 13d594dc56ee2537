import { expect, test } from 'vitest'
import { ACTOR, addPiece, call, openGates } from '../fixtures'
import {
  EMIT_GATE, UNUSABLE, ended, expectClosedGate, expectSilence, expectUnusable, expectUsablePieces, holdPiece, lifecycle, pieceEvents, pieceRow,
  withPieceGate,
} from '../piece-fixtures'

const RETIRE = 'fn_iu_piece_retire'
const request = (id: string | null) => ({ p_iu_id: id, p_actor: ACTOR, p_reason: 'as agreed' })

test('the piece is retired, has no successor, and stays where it was', () => withPieceGate(async (db) => {
  const id = await addPiece(db)
  const held = await holdPiece(db, id)
  const retired = await call(db, RETIRE, request(id))
  expect(retired).toMatchObject({ iu_id: id, still_held_by: [held] })
  expect(await pieceRow(db, id)).toMatchObject({ lifecycle_status: 'retired' })
  expect(await lifecycle(db)).toEqual([ended(id, 'retired', 'retired', [])])
  await expectSilence(db, retired)
}))

test('is an event', () => withPieceGate(async (db) => {
  await openGates(db, EMIT_GATE)
  const id = await addPiece(db)
  expect(await call(db, RETIRE, request(id))).toMatchObject({ status: 'ok', events_emitted: 1, still_held_by: [] })
  expect(await pieceEvents(db)).toMatchObject([{ event_type: 'retired', subject_ref: id, actor: ACTOR }])
}))

test('is refused while its gate is closed', () => expectClosedGate(RETIRE, request(null)))

test('is refused with unusable values', () => withPieceGate(async (db) => {
  const { p_actor, p_reason } = UNUSABLE
  await expectUnusable(db, RETIRE, request(await addPiece(db)), { p_iu_id: [null], p_actor, p_reason })
}))

test('is refused for a piece that is unknown or not active', () => withPieceGate(async (db) => {
  await expectUsablePieces(db, RETIRE, request, 'p_iu_id')
}))

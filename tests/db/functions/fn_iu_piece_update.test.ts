import { expect, test } from 'vitest'
import { ACTOR, addPiece, call, digestOf, expectRefusal, addCollection, openGates, sha256 } from '../fixtures'
import {
  EMIT_GATE, UNUSABLE, expectClosedGate, expectSilence, expectUnusable, expectUsablePieces, lifecycle, pieceEvents, pieceRow, withPieceGate,
} from '../piece-fixtures'

const UPDATE = 'fn_iu_piece_update'
const request = (id: string | null) => ({ p_iu_id: id, p_title: 'Another title', p_body: 'Another text', p_actor: ACTOR })

test('changes title and text, keeps address and collections, and writes no lifecycle row', () => withPieceGate(async (db) => {
  const id = await addPiece(db)
  const collection = await addCollection(db, [id])
  const [before, digest] = [await pieceRow(db, id), await digestOf(db, collection)]
  const updated = await call(db, UPDATE, request(id))
  expect(updated).toMatchObject({ iu_id: id, changed: true, content_digest: sha256('Another text'), canonical_address: before.canonical_address })
  expect(await pieceRow(db, id)).toEqual({ ...before, title: 'Another title', body: 'Another text' })
  expect(await digestOf(db, collection)).toBe(digest)
  expect(await lifecycle(db)).toEqual([])
  await expectSilence(db, updated)
}))

test('is an event with the digest before and after', () => withPieceGate(async (db) => {
  await openGates(db, EMIT_GATE)
  const id = await addPiece(db)
  const { body } = await pieceRow(db, id)
  expect(await call(db, UPDATE, request(id))).toMatchObject({ status: 'ok', events_emitted: 1 })
  expect(await pieceEvents(db)).toMatchObject([{
    event_type: 'updated', subject_ref: id, actor: ACTOR,
    safe_payload: { content_digest: sha256('Another text'), previous_digest: sha256(body as string) },
  }])
}))

test('with the same title and text changes nothing and is no event', () => withPieceGate(async (db) => {
  await openGates(db, EMIT_GATE)
  const id = await addPiece(db)
  const { title, body } = await pieceRow(db, id)
  await expectRefusal(db, UPDATE, { ...request(id), p_title: title, p_body: body }, { status: 'ok', changed: false, events_emitted: 0 })
}))

test('against the text that the caller has read: goes when it is still that, is refused when it is not', () => withPieceGate(async (db) => {
  const id = await addPiece(db)
  const { body } = await pieceRow(db, id)
  const read = sha256(body as string)
  expect(await call(db, UPDATE, { ...request(id), p_expected_digest: read })).toMatchObject({ status: 'ok', changed: true })
  await expectRefusal(db, UPDATE, { ...request(id), p_body: 'A third text', p_expected_digest: read },
    { status: 'piece_changed_meanwhile', field: 'p_expected_digest', content_digest: sha256('Another text') })
}))

test('is refused while its gate is closed', () => expectClosedGate(UPDATE, request(null)))

test('is refused with unusable values', () => withPieceGate(async (db) => {
  const { p_title, p_body, p_actor } = UNUSABLE
  await expectUnusable(db, UPDATE, request(await addPiece(db)), {
    p_iu_id: [null], p_title, p_body, p_actor, p_expected_digest: ['', 'abc', 'A'.repeat(64), `${'a'.repeat(64)}\n`],
  })
}))

test('is refused for a piece that is unknown or not active', () => withPieceGate(async (db) => {
  await expectUsablePieces(db, UPDATE, id => ({ ...request(id), p_expected_digest: 'a'.repeat(64) }), 'p_iu_id')
}))

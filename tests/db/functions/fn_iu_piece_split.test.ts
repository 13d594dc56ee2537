import { expect, test } from 'vitest'
import { ACTOR, addPiece, call, digestOf, expectRefusal, openGates, sha256 } from '../fixtures'
import {
  EMIT_GATE, UNUSABLE, ended, expectClosedGate, expectSilence, expectUnusable, expectUsablePieces, holdPiece, lifecycle, newPiece, pieceEvents,
  pieceRow, withPieceGate,
} from '../piece-fixtures'

const SPLIT = 'fn_iu_piece_split'
const request = (id: string | null, parts: unknown = [newPiece(), newPiece()]) =>
  ({ p_iu_id: id, p_parts: JSON.stringify(parts), p_actor: ACTOR, p_reason: 'as agreed' })

interface Part { iu_id: string, canonical_address: string, content_digest: string }

test('the parts are new and in order, the old piece is superseded by them and stays where it was', () => withPieceGate(async (db) => {
  const id = await addPiece(db)
  const held = await holdPiece(db, id)
  const digest = await digestOf(db, held.collection_id)
  const given = [{ ...newPiece(), canonical_address: 'new/z' }, { ...newPiece(), canonical_address: 'new/a' }, newPiece()]
  const split = await call(db, SPLIT, request(id, given))
  const parts = split.parts as Part[]
  expect(split).toMatchObject({ iu_id: id, still_held_by: [held] })
  expect(parts).toEqual(given.map(part => ({ iu_id: expect.any(String), canonical_address: part.canonical_address, content_digest: sha256(part.body) })))
  for (const [place, part] of given.entries()) {
    expect(await pieceRow(db, parts[place]!.iu_id)).toEqual({ ...part, lifecycle_status: 'active', created_by: ACTOR })
  }
  expect(await pieceRow(db, id)).toMatchObject({ lifecycle_status: 'superseded' })
  expect(await lifecycle(db)).toEqual([ended(id, 'split', 'superseded', parts.map(part => part.iu_id))])
  expect(await digestOf(db, held.collection_id)).toBe(digest)
  await expectSilence(db, split)
}))

test('is one event for the old piece and one for each part', () => withPieceGate(async (db) => {
  await openGates(db, EMIT_GATE)
  const id = await addPiece(db)
  const split = await call(db, SPLIT, request(id))
  const ids = (split.parts as Part[]).map(part => part.iu_id)
  expect(split.events_emitted).toBe(3)
  const events = await pieceEvents(db)
  expect(events.map(event => event.event_type)).toEqual(['created', 'created', 'split'])
  expect(new Set(events.slice(0, 2).map(event => event.subject_ref))).toEqual(new Set(ids))
  expect(events[2]).toMatchObject({ subject_ref: id, safe_payload: { successor_ids: ids } })
}))

test('is refused while its gate is closed', () => expectClosedGate(SPLIT, request(null)))

test('is refused with unusable values', () => withPieceGate(async (db) => {
  const one = newPiece()
  await expectUnusable(db, SPLIT, request(await addPiece(db)), {
    p_iu_id: [null],
    p_parts: [null, '{}', '"text"', '[]', JSON.stringify([one]), JSON.stringify([one, null]), JSON.stringify([one, 'text']),
      ...[{ canonical_address: ' ' }, { canonical_address: 1 }, { title: null }, { title: {} }, { body: '' }, { body: ['text'] }]
        .map(wrong => JSON.stringify([one, { ...newPiece(), ...wrong }]))],
    p_actor: UNUSABLE.p_actor,
    p_reason: UNUSABLE.p_reason,
  })
  await expectRefusal(db, SPLIT, request(await addPiece(db), [one, one]), { status: 'invalid_input', field: 'p_parts', reason: 'duplicate_address' })
}))

test('needs no reason', () => withPieceGate(async (db) => {
  expect(await call(db, SPLIT, { ...request(await addPiece(db)), p_reason: null })).toMatchObject({ status: 'ok' })
}))

test('is refused for a piece that is unknown or not active', () => withPieceGate(async (db) => {
  await expectUsablePieces(db, SPLIT, id => request(id), 'p_iu_id')
}))

test('is refused as a whole when one part\'s address is taken, also by the piece itself', () => withPieceGate(async (db) => {
  const id = await addPiece(db)
  const { canonical_address } = await pieceRow(db, id)
  await expectRefusal(db, SPLIT, request(id, [newPiece(), { ...newPiece(), canonical_address }]),
    { status: 'canonical_address_conflict', field: 'p_parts', canonical_addresses: [canonical_address] })
}))

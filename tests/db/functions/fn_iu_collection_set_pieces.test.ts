import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  ACTOR, COMPOSER_GATE, NO_SUCH_ID, addCollection, addPiece, addPieces, bodyDigest, call, contents, digestOf, expectRefusal, manifestOf,
  oneRow, openGates, removePiece, rowsOf, unusableTexts,
} from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const SET = 'fn_iu_collection_set_pieces'
const listOf = (ids: string[]) => JSON.stringify(ids.map(iu_id => ({ iu_id })))

const withCollection = (work: (db: Trx, id: string, pieces: string[]) => Promise<unknown>) => withTransaction(async (db) => {
  await openGates(db, COMPOSER_GATE)
  const pieces = await addPieces(db, 4)
  await work(db, await addCollection(db, pieces), pieces)
})

/** Arguments that succeed: the last piece comes first. */
const request = (id: string, pieces: string[]) => ({
  p_collection_id: id,
  p_pieces: listOf([pieces.at(-1)!, ...pieces.slice(0, -1)]),
  p_expected_digest: bodyDigest(pieces),
  p_actor: ACTOR,
  p_reason: 'A better order',
})

const members = (db: Trx, id: string) => rowsOf(db, sql<{ iu_id: string, role: string, membership_status: string }>`
  select iu_id, role, membership_status from public.iu_piece_membership where collection_id = ${id} order by membership_status, piece_order`)

describe('setting the pieces of a collection', () => {
  test('moves, adds, removes and gives roles in one go; what goes stays as a removed row', () => withCollection(async (db, id, [a, b, c, d]) => {
    const added = await addPiece(db)
    const wanted = [{ iu_id: d!, role: 'body' }, { iu_id: added, role: 'Anhang "B"\n' }, { iu_id: a!, role: 'intro' }, { iu_id: c!, role: 'body' }]
    const outcome = await call(db, SET, { ...request(id, [a!, b!, c!, d!]), p_pieces: JSON.stringify(wanted) })
    const { digest } = manifestOf(wanted)
    expect(outcome).toMatchObject({ status: 'ok', previous_digest: bodyDigest([a!, b!, c!, d!]), manifest_digest: digest, rows_added: 1, rows_removed: 1, rows_changed: 3 })
    expect(await digestOf(db, id)).toBe(digest)
    expect(await members(db, id)).toEqual([
      ...wanted.map(member => ({ ...member, membership_status: 'active' })),
      { iu_id: b, role: 'body', membership_status: 'removed' },
    ])
  }))

  test('brings a removed piece back in a row of its own', () => withCollection(async (db, id, pieces) => {
    await removePiece(db, id, pieces[0]!)
    await call(db, SET, { ...request(id, pieces), p_pieces: listOf(pieces), p_expected_digest: bodyDigest(pieces.slice(1)) })
    expect(await digestOf(db, id)).toBe(bodyDigest(pieces))
    expect(await members(db, id)).toHaveLength(5)
  }))

  test('leaves rows alone that stand where they should', () => withCollection(async (db, id, pieces) => {
    const swapped = [pieces[0]!, pieces[1]!, pieces[3]!, pieces[2]!]
    expect(await call(db, SET, { ...request(id, pieces), p_pieces: listOf(swapped) })).toMatchObject({ rows_added: 0, rows_removed: 0, rows_changed: 2 })
  }))

  test('is on record as an event with actor, reason and both digests', () => withCollection(async (db, id, pieces) => {
    const { manifest_digest } = await call<{ manifest_digest: string }>(db, SET, request(id, pieces))
    expect(await oneRow(db, sql`
      select event_domain, event_type, subject_ref, actor, safe_payload - 'collection_key' as payload from public.event_outbox`)).toEqual({
      event_domain: 'iu', event_type: 'iu.collection.edited', subject_ref: id, actor: ACTOR,
      payload: { previous_digest: bodyDigest(pieces), manifest_digest, reason: 'A better order', rows_added: 0, rows_removed: 0, rows_changed: 4 },
    })
  }))

  test('keeps a piece that went out of use meanwhile', () => withCollection(async (db, id, pieces) => {
    await sql`update public.information_unit set lifecycle_status = 'retired' where id = ${pieces[0]}`.execute(db)
    expect(await call(db, SET, request(id, pieces))).toMatchObject({ status: 'ok' })
  }))
})

describe('it refuses', () => {
  test('while the composer gate is closed, before anything else', () => withTransaction(async (db) => {
    await expectRefusal(db, SET, { ...request(NO_SUCH_ID, [NO_SUCH_ID]), p_actor: '' }, { status: 'composer_gate_closed', gate: COMPOSER_GATE })
  }))

  test.each(([['p_actor', 128], ['p_reason', 2000]] as const).flatMap(([field, longest]) =>
    unusableTexts(longest).map(([what, value]) => [field, what, value] as const)))('%s that is %s', (field, _, value) => withCollection(async (db, id, pieces) => {
    await expectRefusal(db, SET, { ...request(id, pieces), [field]: value }, { status: 'invalid_input', field })
  }))

  test.each<[string, string | null]>([
    ['NULL', null], ['an object', '{}'], ['empty', '[]'], ['a list of texts', '["a"]'], ['without an id', '[{}]'],
    ['with an id that is none', '[{"iu_id": "x"}]'], ['with a blank role', `[{"iu_id": "${NO_SUCH_ID}", "role": " "}]`],
    ['with a role that is too long', `[{"iu_id": "${NO_SUCH_ID}", "role": "${'r'.repeat(201)}"}]`],
    ['with a role that is no text', `[{"iu_id": "${NO_SUCH_ID}", "role": 7}]`],
  ])('pieces that are %s', (_, p_pieces) => withCollection(async (db, id, pieces) => {
    await expectRefusal(db, SET, { ...request(id, pieces), p_pieces }, { status: 'invalid_input', field: 'p_pieces' })
  }))

  test('a piece given twice, and a list that changes nothing', () => withCollection(async (db, id, pieces) => {
    const twice = listOf([...pieces, pieces[0]!])
    await expectRefusal(db, SET, { ...request(id, pieces), p_pieces: twice }, { status: 'invalid_input', reason: 'duplicate_piece' })
    await expectRefusal(db, SET, { ...request(id, pieces), p_pieces: listOf(pieces) }, { status: 'invalid_input', reason: 'nothing_to_change' })
  }))

  test.each<[string, string | null]>([['NULL', null], ['too short', 'ab'], ['in capitals', 'A'.repeat(64)]])('an expected digest that is %s', (_, p_expected_digest) =>
    withCollection(async (db, id, pieces) => {
      await expectRefusal(db, SET, { ...request(id, pieces), p_expected_digest }, { status: 'invalid_input', field: 'p_expected_digest' })
    }))

  test('no collection, or one that is not there', () => withCollection(async (db, _, pieces) => {
    await expectRefusal(db, SET, { ...request(NO_SUCH_ID, pieces), p_collection_id: null }, { status: 'invalid_input', field: 'p_collection_id' })
    await expectRefusal(db, SET, request(NO_SUCH_ID, pieces), { status: 'collection_not_found' })
  }))

  test('when the collection was changed meanwhile, and says what it is now', () => withCollection(async (db, id, pieces) => {
    await removePiece(db, id, pieces[1]!)
    await expectRefusal(db, SET, request(id, pieces), { status: 'collection_changed_meanwhile', manifest_digest: await digestOf(db, id) })
  }))

  test('a new piece that is not there, or not active', () => withCollection(async (db, id, pieces) => {
    const retired = await addPiece(db, { status: 'retired' })
    await expectRefusal(db, SET, { ...request(id, pieces), p_pieces: listOf([...pieces, retired, NO_SUCH_ID]) }, { status: 'piece_not_found', iu_ids: [NO_SUCH_ID] })
    await expectRefusal(db, SET, { ...request(id, pieces), p_pieces: listOf([...pieces, retired]) }, { status: 'piece_not_active', iu_ids: [retired] })
  }))
})

test('changes no other collection and no piece', () => withCollection(async (db, id, pieces) => {
  const other = await addCollection(db, pieces)
  const before = await contents(db)
  await call(db, SET, request(id, pieces))
  const after = await contents(db)
  expect(await digestOf(db, other)).toBe(bodyDigest(pieces))
  expect(Object.keys(after).filter(table => after[table] !== before[table])).toEqual(['event_outbox', 'iu_manifest', 'iu_piece_collection', 'iu_piece_membership'])
}))

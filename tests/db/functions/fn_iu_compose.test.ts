import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  ACTOR, COMPOSER_GATE, NO_SUCH_ID, addCollection, addPiece, addPieces, call, digestOf, expectRefusal, manifestOf, oneRow,
  openGates, rowsOf, setConfig, sha256, unusableTexts,
} from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const COMPOSE = 'fn_iu_compose'
const piecesOf = (ids: string[]) => JSON.stringify(ids.map(iu_id => ({ iu_id })))

/** Arguments that succeed with the gate open. */
const request = (ids: string[]) => ({
  p_collection_key: `test:${randomUUID()}`,
  p_collection_kind: 'workflow',
  p_title: 'Onboarding',
  p_description: 'The first week',
  p_pieces: piecesOf(ids),
  p_actor: ACTOR,
})

const withOpenGate = (work: (db: Trx) => Promise<unknown>) => withTransaction(async (db) => {
  await openGates(db, COMPOSER_GATE)
  await work(db)
})

describe('a composed collection', () => {
  test('holds the pieces in the order given, with their roles', () => withOpenGate(async (db) => {
    const [first, second, third] = await addPieces(db, 3)
    const members = [{ iu_id: third!, role: 'intro' }, { iu_id: first!, role: 'body' }, { iu_id: second!, role: 'Anhänge "B"\\\n' }]
    const composed = await call<{ status: string, collection_id: string, manifest_digest: string }>(
      db, COMPOSE, { ...request([]), p_pieces: JSON.stringify(members) })
    expect(composed).toMatchObject({ status: 'ok', pieces_attached: 3, manifest_digest: manifestOf(members).digest })
    expect(await rowsOf(db, sql`
      select iu_id, role from public.v_iu_collection_piece where collection_id = ${composed.collection_id} order by position`)).toEqual(members)
  }))

  test('carries key, kind, title, description and actor as given', () => withOpenGate(async (db) => {
    const given = request(await addPieces(db, 1))
    const { collection_id } = await call<{ collection_id: string }>(db, COMPOSE, given)
    expect(await oneRow(db, sql`
      select collection_key, collection_kind, title, description, created_by, collection_status
      from public.iu_piece_collection where id = ${collection_id}`)).toEqual({
      collection_key: given.p_collection_key, collection_kind: 'workflow', title: 'Onboarding',
      description: 'The first week', created_by: ACTOR, collection_status: 'active',
    })
  }))

  test('answers with the digest that the database keeps', () => withOpenGate(async (db) => {
    const composed = await call<{ collection_id: string, manifest_digest: string }>(db, COMPOSE, request(await addPieces(db, 4)))
    expect(composed.manifest_digest).toBe(await digestOf(db, composed.collection_id))
  }))

  test('needs no description and no roles: a piece without one is body', () => withOpenGate(async (db) => {
    const [id] = await addPieces(db, 1)
    const composed = await call(db, COMPOSE, {
      ...request([]), p_description: null, p_pieces: JSON.stringify([{ iu_id: id!.toUpperCase(), role: null }]),
    })
    expect(composed).toMatchObject({ status: 'ok', manifest_digest: manifestOf([{ iu_id: id!, role: 'body' }]).digest })
  }))

  test('takes values of exactly the greatest length', () => withOpenGate(async (db) => {
    const [iu_id] = await addPieces(db, 1)
    expect(await call(db, COMPOSE, {
      ...request([]), p_pieces: JSON.stringify([{ iu_id, role: 'ü'.repeat(200) }]), p_collection_key: 'k'.repeat(400), p_collection_kind: 'k'.repeat(64),
      p_title: 't'.repeat(400), p_description: 'd'.repeat(10_000), p_actor: 'a'.repeat(128),
    })).toMatchObject({ status: 'ok' })
  }))

  test('adds one iu event for itself and one for each piece, in order', () => withOpenGate(async (db) => {
    const ids = await addPieces(db, 3)
    const given = request(ids)
    const { collection_id, manifest_digest } = await call<{ collection_id: string, manifest_digest: string }>(db, COMPOSE, given)
    const events = await rowsOf(db, sql`
      select event_domain, event_type, subject_ref, actor, safe_payload from public.event_outbox
      order by event_type, (safe_payload ->> 'position')::int`)
    expect(events).toEqual([
      {
        event_domain: 'iu', event_type: 'iu.collection.composed', subject_ref: collection_id, actor: ACTOR,
        safe_payload: { collection_key: given.p_collection_key, manifest_digest },
      },
      ...ids.map((id, index) => ({
        event_domain: 'iu', event_type: 'iu.collection.piece_attached', subject_ref: id, actor: ACTOR,
        safe_payload: { collection_id, role: 'body', position: index + 1 },
      })),
    ])
  }))
})

describe('composing refuses', () => {
  const closed: [string, (db: Trx) => Promise<unknown>][] = [
    ['false', db => setConfig(db, COMPOSER_GATE, 'false')],
    ['NULL', db => setConfig(db, COMPOSER_GATE, null)],
    ['unreadable', db => setConfig(db, COMPOSER_GATE, 'yes')],
    ['missing', db => sql`delete from public.dot_config where key = ${COMPOSER_GATE}`.execute(db)],
  ]
  test.each(closed)('while its gate is %s', (_, close) => withTransaction(async (db) => {
    await close(db)
    await expectRefusal(db, COMPOSE, request(await addPieces(db, 1)), { status: 'composer_gate_closed', gate: COMPOSER_GATE })
  }))

  const texts = ([['p_collection_key', 400], ['p_collection_kind', 64], ['p_title', 400], ['p_actor', 128]] as const)
    .flatMap(([field, longest]) => unusableTexts(longest).map(([what, value]) => [field, what, value] as const))
  test.each(texts)('%s that is %s', (field, _, value) => withOpenGate(async (db) => {
    await expectRefusal(db, COMPOSE, { ...request(await addPieces(db, 1)), [field]: value }, { status: 'invalid_input', field })
  }))

  test('a description that is too long', () => withOpenGate(async (db) => {
    await expectRefusal(db, COMPOSE, { ...request(await addPieces(db, 1)), p_description: 'd'.repeat(10_001) }, { status: 'invalid_input', field: 'p_description' })
  }))

  const id = randomUUID()
  test.each<[string, unknown]>([
    ['missing', undefined],
    ['JSON null', null],
    ['an object', {}],
    ['a text', 'pieces'],
    ['an empty list', []],
    ['a list of texts', [id]],
    ['a list with null', [null]],
    ['a piece without an id', [{ role: 'body' }]],
    ['a piece whose id is null', [{ iu_id: null }]],
    ['a piece whose id is no uuid', [{ iu_id: 'one' }]],
    ['a piece with something behind its id', [{ iu_id: `${id}\n` }]],
    ['a piece with an empty role', [{ iu_id: id, role: '' }]],
    ['a piece with a blank role', [{ iu_id: id, role: ' \t' }]],
    ['a piece whose role is an object', [{ iu_id: id, role: {} }]],
    ['a piece whose role is too long', [{ iu_id: id, role: 'r'.repeat(201) }]],
  ])('pieces that are %s', (_, pieces) => withOpenGate(async (db) => {
    await expectRefusal(db, COMPOSE, { ...request([]), p_pieces: pieces === undefined ? null : JSON.stringify(pieces) }, { status: 'invalid_input', field: 'p_pieces' })
  }))

  test('a piece that is listed twice', () => withOpenGate(async (db) => {
    const [one] = await addPieces(db, 1)
    await expectRefusal(db, COMPOSE, { ...request([]), p_pieces: piecesOf([one!, one!.toUpperCase()]) }, { status: 'invalid_input', field: 'p_pieces', reason: 'duplicate_piece' })
  }))

  test('pieces that do not exist, and names them', () => withOpenGate(async (db) => {
    const unknown = randomUUID()
    await expectRefusal(db, COMPOSE, request([unknown, ...await addPieces(db, 2), NO_SUCH_ID]), { status: 'piece_not_found', iu_ids: [unknown, NO_SUCH_ID] })
  }))

  test.each(['superseded', 'retired'])('a piece that is %s, and names it', status => withOpenGate(async (db) => {
    const gone = await addPiece(db, { status })
    await expectRefusal(db, COMPOSE, request([...await addPieces(db, 2), gone]), { status: 'piece_not_active', iu_ids: [gone] })
  }))

  test('a key that another collection has', () => withOpenGate(async (db) => {
    await addCollection(db, [], { key: 'test:taken' })
    await expectRefusal(db, COMPOSE, { ...request(await addPieces(db, 1)), p_collection_key: 'test:taken' }, { status: 'collection_key_conflict', collection_key: 'test:taken' })
  }))

  test('with the first of several reasons', () => withTransaction(async (db) => {
    await addCollection(db, [], { key: 'test:taken' })
    const [active] = await addPieces(db, 1)
    const retired = await addPiece(db, { status: 'retired' })
    const wrong = { ...request([NO_SUCH_ID, retired]), p_collection_key: 'test:taken' }
    await expectRefusal(db, COMPOSE, { ...wrong, p_title: ' ' }, { status: 'composer_gate_closed' })
    await openGates(db, COMPOSER_GATE)
    await expectRefusal(db, COMPOSE, { ...wrong, p_title: ' ' }, { status: 'invalid_input', field: 'p_title' })
    await expectRefusal(db, COMPOSE, wrong, { status: 'piece_not_found' })
    await expectRefusal(db, COMPOSE, { ...wrong, p_pieces: piecesOf([active!, retired]) }, { status: 'piece_not_active' })
    await expectRefusal(db, COMPOSE, { ...wrong, p_pieces: piecesOf([active!]) }, { status: 'collection_key_conflict' })
    expect(await call(db, COMPOSE, request([active!]))).toMatchObject({ status: 'ok' })
  }))

  test('two unusable values by naming the first', () => withOpenGate(async (db) => {
    await expectRefusal(db, COMPOSE, { ...request([]), p_collection_kind: '', p_actor: '' }, { status: 'invalid_input', field: 'p_collection_kind' })
  }))
})

test('the digest of a text is its SHA-256 over UTF-8, in lower-case hex', () => withTransaction(async (db) => {
  for (const text of ['', 'abc', 'Einführung – 你好 👋']) {
    expect(await call(db, 'fn_iu_text_digest', { p_text: text })).toBe(sha256(text))
  }
}))

import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ACTOR, addPieces, addTemplate, attach, call, digestOf, registerVersion, removePiece, rowsOf } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const FAMILY = 'tpl:test:family'
const chain = (db: Trx) => rowsOf(db, sql`
  select * from public.v_iu_template_version_chain where template_family = ${FAMILY} order by version_seq`)

/** A family of two: v2 keeps two of v1's three pieces and adds two. */
async function addFamily(db: Trx) {
  const pieces = await addPieces(db, 5)
  const first = await addTemplate(db, pieces.slice(0, 3), { key: 'tpl:test:family/v1', title: 'Report' })
  const second = await addTemplate(db, pieces.slice(1), { key: 'tpl:test:family/v2', title: 'Longer report' })
  await registerVersion(db, first, FAMILY, 1)
  await registerVersion(db, second, FAMILY, 2, first)
  return { pieces, first, second }
}

test('the root has no predecessor: nothing to differ from, to share with, to add to or to drop from', () => withTransaction(async (db) => {
  const { first } = await addFamily(db)
  expect((await chain(db))[0]).toMatchObject({
    template_family: FAMILY, version_seq: 1, version_label: 'v1', version_status: 'superseded', collection_id: first,
    collection_key: 'tpl:test:family/v1', title: 'Report', previous_collection_id: null, manifest_digest: await digestOf(db, first),
    previous_manifest_digest: null, digest_drift_from_previous: null, family_chain_length: 2, active_piece_count: 3,
    pieces_shared: null, pieces_added: null, pieces_dropped: null, registered_by: ACTOR,
    retired_by: null, retired_at: null, retire_reason: null,
  })
}))

test('a successor is shown with both digests, the drift, and the pieces shared, added and dropped', () => withTransaction(async (db) => {
  const { first, second } = await addFamily(db)
  expect((await chain(db))[1]).toMatchObject({
    version_seq: 2, version_status: 'current', collection_id: second, previous_collection_id: first,
    manifest_digest: await digestOf(db, second), previous_manifest_digest: await digestOf(db, first), digest_drift_from_previous: true,
    family_chain_length: 2, active_piece_count: 4, pieces_shared: 2, pieces_added: 2, pieces_dropped: 1,
  })
}))

test('removed pieces of either side do not count', () => withTransaction(async (db) => {
  const { pieces, first, second } = await addFamily(db)
  await removePiece(db, first, pieces[1]!)
  await removePiece(db, second, pieces[4]!)
  expect((await chain(db))[1]).toMatchObject({ active_piece_count: 3, pieces_shared: 1, pieces_added: 2, pieces_dropped: 1 })
}))

test('another order of the same pieces drifts, with every piece shared; the same order does not', () => withTransaction(async (db) => {
  const pieces = await addPieces(db, 3)
  const first = await addTemplate(db, pieces)
  const second = await addTemplate(db, [...pieces].reverse())
  const third = await addTemplate(db, [...pieces].reverse())
  await registerVersion(db, first, FAMILY, 1)
  await registerVersion(db, second, FAMILY, 2, first)
  await registerVersion(db, third, FAMILY, 3, second)
  expect(await chain(db)).toMatchObject([
    { digest_drift_from_previous: null, family_chain_length: 3 },
    { digest_drift_from_previous: true, pieces_shared: 3, pieces_added: 0, pieces_dropped: 0 },
    { digest_drift_from_previous: false, pieces_shared: 3, pieces_added: 0, pieces_dropped: 0 },
  ])
}))

test('a predecessor without pieces shares and drops none', () => withTransaction(async (db) => {
  const [empty, filled] = [await addTemplate(db, []), await addTemplate(db, [])]
  await registerVersion(db, empty, FAMILY, 1)
  await registerVersion(db, filled, FAMILY, 2, empty)
  expect((await chain(db))[1]).toMatchObject({ digest_drift_from_previous: false, pieces_shared: 0, pieces_added: 0, pieces_dropped: 0 })
  await attach(db, filled, await addPieces(db, 2))
  expect((await chain(db))[1]).toMatchObject({ digest_drift_from_previous: true, pieces_shared: 0, pieces_added: 2, pieces_dropped: 0 })
}))

test('a retired version says by whom and why, and still counts in the chain', () => withTransaction(async (db) => {
  const { first } = await addFamily(db)
  await call(db, 'fn_iu_collection_retire_template_version', { p_collection_id: first, p_actor: 'archivist', p_reason: 'outdated' })
  expect(await chain(db)).toMatchObject([
    { version_status: 'retired', retired_by: 'archivist', retire_reason: 'outdated', family_chain_length: 2 },
    { version_status: 'current', retired_by: null, family_chain_length: 2 },
  ])
}))

test('families do not mix', () => withTransaction(async (db) => {
  await addFamily(db)
  await registerVersion(db, await addTemplate(db), 'tpl:test:other', 1)
  expect((await chain(db)).map(row => (row as { family_chain_length: number }).family_chain_length)).toEqual([2, 2])
}))

/** Which templates and versions share which pieces: v_iu_shared_piece and v_iu_piece_sharing. */
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { addCollection, addPieces, addTemplate, instantiate, registerVersion, removePiece, rowsOf } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const pairs = (db: Trx) => rowsOf(db, sql<{ one: string, other: string, same_family: boolean, shared_pieces: number }>`
  select collection_key as one, other_collection_key as other, same_family, shared_pieces
  from public.v_iu_piece_sharing order by 1, 2`)

test('each pair stands in both directions with its count; instances and other collections do not count', () => withTransaction(async (db) => {
  const pieces = await addPieces(db, 6)
  const a = await addTemplate(db, pieces.slice(0, 4), { key: 'a' })
  const b = await addTemplate(db, pieces.slice(2), { key: 'b' })
  await addTemplate(db, undefined, { key: 'alone' })
  await addCollection(db, pieces)
  await instantiate(db, a)
  await registerVersion(db, a, 'a-family', 1)
  expect(await pairs(db)).toEqual([
    { one: 'a', other: 'b', same_family: false, shared_pieces: 2 }, { one: 'b', other: 'a', same_family: false, shared_pieces: 2 }])

  await registerVersion(db, b, 'a-family', 2, a)
  expect((await pairs(db)).map(pair => pair.same_family)).toEqual([true, true])
  await sql`update public.iu_collection_template_registry set is_template = false where collection_id = ${a}`.execute(db)
  expect(await pairs(db), 'a version that lost its mark is still one').toHaveLength(2)

  await removePiece(db, b, pieces[2]!)
  expect((await pairs(db)).map(pair => pair.shared_pieces)).toEqual([1, 1])
  await removePiece(db, b, pieces[3]!)
  expect(await pairs(db)).toEqual([])
}))

test('a piece is listed with each template that holds it, and how many there are', () => withTransaction(async (db) => {
  const [shared, own] = await addPieces(db, 2)
  for (const key of ['a', 'b', 'c']) await addTemplate(db, key === 'c' ? [own!, shared!] : [shared!], { key })
  expect(await rowsOf(db, sql`
    select iu_id, title, holders, collection_key, role from public.v_iu_shared_piece order by collection_key`)).toEqual(
    ['a', 'b', 'c'].map(collection_key => ({ iu_id: shared, title: 'A piece', holders: 3, collection_key, role: 'body' })))
}))

import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { addCollection, call, rowsOf } from '../fixtures'
import { addAxisPiece } from '../envelope-fixtures'
import { seededDatabase, withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const shown = (db: Trx) => rowsOf(db, sql<Record<string, unknown>>`select * from public.v_iu_three_axis_envelope order by axis_key, canonical_address`)

test('names the axis, the piece and the collections of every cached row, as of the last refresh', () => withTransaction(async (db) => {
  const piece = await addAxisPiece(db, 'dieu-32')
  const [second, first] = [await addCollection(db, [piece], { key: 'test:b' }), await addCollection(db, [piece], { key: 'test:a' })]
  await call(db, 'fn_iu_three_axis_envelope_refresh', { p_trigger: 'a test' })
  await sql`update public.information_unit set lifecycle_status = 'retired' where id = ${piece}`.execute(db)
  expect(await shown(db)).toMatchObject([{
    axis_key: 'DIEU-32', axis_title: 'Article 32', iu_id: piece, title: 'An article', lifecycle_status: 'retired',
    collection_ids: [first, second].sort(), collection_keys: ['test:a', 'test:b'],
  }])
}))

test('keeps a row whose piece or axis is gone until the next refresh', () => withTransaction(async (db) => {
  const piece = await addAxisPiece(db)
  await call(db, 'fn_iu_three_axis_envelope_refresh', { p_trigger: 'a test' })
  await sql`delete from public.information_unit where id = ${piece}`.execute(db)
  await sql`delete from public.iu_three_axis where axis_key = 'DIEU-28'`.execute(db)
  expect(await shown(db)).toMatchObject([{ axis_key: 'DIEU-28', axis_title: null, iu_id: piece, canonical_address: null }])
}))

test('of the demo dataset has 27, 23 and 36 rows', () => seededDatabase(async ({ db }) => {
  const { rows } = await sql`
    select axis_key, axis_title, count(*)::int as rows from public.v_iu_three_axis_envelope group by axis_key, axis_title order by axis_key`.execute(db)
  expect(rows).toEqual([
    { axis_key: 'DIEU-28', axis_title: 'Article 28', rows: 27 },
    { axis_key: 'DIEU-32', axis_title: 'Article 32', rows: 23 },
    { axis_key: 'DIEU-35', axis_title: 'Article 35', rows: 36 },
  ])
}))

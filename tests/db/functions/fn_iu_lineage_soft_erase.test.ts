import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, addTemplate, call, contents, expectRefusal, instantiate, oneRow, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const ERASE = 'fn_iu_lineage_soft_erase'
const counts = (db: Trx) => oneRow(db, sql`
  select (select count(*)::int from public.iu_collection_template_instance_lineage) as lineage,
         (select count(*)::int from public.iu_auto_instantiate_event_log) as log,
         (select count(*)::int from public.iu_piece_collection where collection_key like 'tpl-inst:auto:%') as collections,
         (select count(*)::int from public.iu_piece_membership m join public.iu_piece_collection c on c.id = m.collection_id
          where c.collection_key like 'tpl-inst:auto:%') as members`)

test('erases the lineage of the actor and the log rows with it; the collections stay, others keep theirs', () => withTransaction(async (db) => {
  const template = await addTemplate(db)
  await instantiate(db, template)
  await instantiate(db, template)
  await instantiate(db, template, { p_actor: 'another' })
  const dry = await call(db, ERASE, { p_actor: ACTOR })
  expect(dry).toMatchObject({ status: 'ok', dry_run: true, lineage_rows: 2, log_rows: 2, collection_rows: 0 })
  expect(await counts(db)).toEqual({ lineage: 3, log: 3, collections: 3, members: 15 })
  expect(await call(db, ERASE, { p_actor: ACTOR, p_dry_run: false })).toEqual({ ...dry, dry_run: false })
  expect(await counts(db)).toEqual({ lineage: 1, log: 1, collections: 3, members: 15 })
  expect(await call(db, ERASE, { p_actor: ACTOR, p_dry_run: false })).toMatchObject({ lineage_rows: 0, log_rows: 0, instances: [] })
}))

test('does what the plain DELETE does, which goes on working', () => withTransaction(async (db) => {
  await instantiate(db, await addTemplate(db))
  await sql`savepoint start`.execute(db)
  await sql`delete from public.iu_collection_template_instance_lineage where instantiated_by = ${ACTOR}`.execute(db)
  const byHand = await contents(db)
  await sql`rollback to savepoint start`.execute(db)
  await call(db, ERASE, { p_actor: ACTOR, p_dry_run: false })
  expect(await contents(db)).toEqual(byHand)
}))

describe('invalid input', () => {
  test.each(unusableTexts(128))('an actor that is %s', (_case, actor) => withTransaction(db =>
    expectRefusal(db, ERASE, { p_actor: actor }, { status: 'invalid_input', field: 'p_actor' })))
  test('neither dry nor live', () => withTransaction(db =>
    expectRefusal(db, ERASE, { p_actor: ACTOR, p_dry_run: null }, { status: 'invalid_input', field: 'p_dry_run' })))
})

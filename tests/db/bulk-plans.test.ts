/**
 * Bulk operations on a connection whose plans are from when the tables were small: what is read from end to end must not
 * grow faster than what is written. Rows are counted by PostgreSQL itself; nothing here is timed.
 */
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ACTOR, COMPOSER_GATE, LIVE_GATE, addPieces, addTemplate, call, oneRow, openGates } from './fixtures'
import { type Db, withTransaction } from '../../server/db/client'
import { withDatabase } from '../helpers/db'

const scaleOut = (db: Db, template: string, count: number, actor: string) => call(db, 'fn_iu_auto_instantiate_scaleout', {
  p_plan: JSON.stringify([{ template_collection_id: template, count, suffix_prefix: `${actor}-` }]),
  p_emit_mode: 'dry_run', p_actor: actor, p_note: null,
})
const erase = (db: Db, actor: string) => call(db, 'fn_iu_lineage_soft_erase', { p_actor: actor, p_dry_run: false })
const rollBack = (db: Db, actor: string) => call(db, 'fn_iu_auto_instantiate_rollback_by_actor', { p_actor: actor, p_dry_run: false })

/** How many rows the work reads in sequential scans. */
const scanned = (db: Db, work: (trx: Db) => Promise<unknown>) => withTransaction(db, async (trx) => {
  await work(trx)
  const { rows } = await oneRow(trx, sql<{ rows: number }>`select sum(seq_tup_read)::bigint as rows from pg_stat_xact_user_tables`)
  return rows
})

/** What each operation scans for that many instances, after ten small ones of each on small, analyzed tables. */
const measured = (count: number) => withDatabase(({ db }) => db.connection().execute(async (connection) => {
  await openGates(connection, COMPOSER_GATE, LIVE_GATE)
  const template = await addTemplate(connection, await addPieces(connection, 2))
  await sql`vacuum analyze`.execute(connection)
  for (let n = 0; n < 10; n += 1) {
    await scaleOut(connection, template, 2, `${ACTOR}-rolled-back-${n}`)
    await rollBack(connection, `${ACTOR}-rolled-back-${n}`)
    await scaleOut(connection, template, 1, `${ACTOR}-erased-${n}`)
    await erase(connection, `${ACTOR}-erased-${n}`)
  }
  // Made on another connection: this one keeps its plans.
  await scaleOut(db, template, count, 'erased')
  const erasure = await scanned(connection, trx => erase(trx, 'erased'))
  await scaleOut(db, template, count, 'rolled-back')
  const rollback = await scanned(connection, trx => rollBack(trx, 'rolled-back'))
  return { erasure, rollback, scaleOut: await scanned(connection, trx => scaleOut(trx, template, count, 'last')) }
}))

test('four times the instances scan less than eight times the rows', async () => {
  const [few, many] = [await measured(500), await measured(2_000)]
  const ratios = Object.entries(few).map(([operation, rows]) => [operation, many[operation as keyof typeof many] / rows] as const)
  expect(ratios.filter(([, ratio]) => ratio >= 8)).toEqual([])
})

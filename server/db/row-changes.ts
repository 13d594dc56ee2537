import { sql } from 'kysely'
import type { Trx } from './client'
import type { TableChange } from '#shared/schemas/run'

/**
 * How many rows of each table were written so far, as PostgreSQL's own statistics count them. They may still hold
 * earlier transactions of the same connection, so only the difference of two readings in one transaction means anything.
 */
export async function countRowChanges(trx: Trx): Promise<TableChange[]> {
  const { rows } = await sql<TableChange>`
    select relname as "table", n_tup_ins as inserted, n_tup_upd as updated, n_tup_del as deleted
    from pg_catalog.pg_stat_xact_user_tables
    where schemaname = 'public'
    order by relname`.execute(trx)
  return rows
}

/** What was written between two readings; tables without a change are left out. */
export function subtractRowChanges(after: TableChange[], before: TableChange[]): TableChange[] {
  const earlier = new Map(before.map(row => [row.table, row]))
  return after.map((row) => {
    const was = earlier.get(row.table)
    return {
      table: row.table,
      inserted: row.inserted - (was?.inserted ?? 0),
      updated: row.updated - (was?.updated ?? 0),
      deleted: row.deleted - (was?.deleted ?? 0),
    }
  }).filter(row => row.inserted !== 0 || row.updated !== 0 || row.deleted !== 0)
}

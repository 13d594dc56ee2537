/** What the tests of the three-axis envelope share. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Db, Trx } from '../../server/db/client'
import { ACTOR, oneRow, rowsOf } from './fixtures'

export const ENVELOPE_GATE = 'iu_core.three_axis_auto_refresh_enabled'

/**
 * Adds a piece of an axis.
 * @returns its id
 */
export async function addAxisPiece(db: Trx, axis = 'dieu-28', status = 'active') {
  const { id } = await oneRow(db, sql<{ id: string }>`
    insert into public.information_unit (canonical_address, title, body, lifecycle_status, created_by)
    values (${`law/${axis}/${randomUUID()}`}, 'An article', 'Its text', ${status}, ${ACTOR}) returning id`)
  return id
}

/** The cache, row by row. */
export const envelope = (db: Trx) => rowsOf(db, sql<{ axis_key: string, iu_id: string, collection_ids: string[] }>`
  select axis_key, iu_id, collection_ids from public.iu_three_axis_envelope order by axis_key, iu_id`)

/** The refresh log, oldest first. */
export async function refreshLog(db: Db) {
  const { rows } = await sql<{ trigger_name: string, rows_added: number, rows_changed: number, rows_removed: number }>`
    select trigger_name, rows_per_axis, rows_added, rows_changed, rows_removed
    from public.iu_three_axis_envelope_refresh_log order by id`.execute(db)
  return rows
}

/** The error log of automatic refreshes, oldest first. */
export async function errorLog(db: Db) {
  const { rows } = await sql<{ trigger_name: string, sqlstate: string, message: string }>`
    select trigger_name, sqlstate, message from public.iu_three_axis_envelope_trigger_error_log order by id`.execute(db)
  return rows
}

/** Refreshes that were asked for and are still due. */
export async function openRequests(db: Db) {
  const { rows: [counted] } = await sql<{ open: number }>`select count(*)::int as open from public.iu_three_axis_envelope_request`.execute(db)
  return counted!.open
}

/** Does what the end of the transaction would do, and goes on as before. */
export async function asAtCommit(db: Trx) {
  await sql`set constraints all immediate`.execute(db)
  await sql`set constraints all deferred`.execute(db)
}

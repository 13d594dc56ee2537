import { Kysely, PostgresDialect, type RawBuilder, type Transaction, sql } from 'kysely'
import pg from 'pg'
import type { z } from 'zod'
import type { DB } from './types'

export type Db = Kysely<DB>
export type Trx = Transaction<DB>

const { TIMESTAMPTZ, INT8, NUMERIC } = pg.types.builtins

/** `2026-05-25 04:40:33.123456+00` → `2026-05-25T04:40:33.123456Z`; the session's time zone is UTC. */
const isoTimestamp = (value: string) => value.replace(' ', 'T').replace(/\+00(:00)?$/, 'Z')

// Per pool, not global: another user of `pg` in the process keeps its own parsers.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') => {
    if (oid === TIMESTAMPTZ) return isoTimestamp
    if (oid === INT8 || oid === NUMERIC) return Number
    return pg.types.getTypeParser(oid, format as 'text')
  }) as pg.CustomTypesConfig['getTypeParser'],
}

/**
 * Opens a pool on a database; nothing is connected before the first query.
 * @param connectionString a PostgreSQL URL
 * @param options pool size, and what to do with errors of idle connections (a restart of the server, say)
 * @returns the handle; `destroy()` closes the pool
 */
export function createDb(
  connectionString: string,
  options: { max?: number, onIdleError?: (error: Error) => void } = {},
): Db {
  const pool = new pg.Pool({
    connectionString,
    types,
    max: options.max ?? 10,
    application_name: 'iu-console',
    options: '-c timezone=UTC',
    connectionTimeoutMillis: 5_000,
    statement_timeout: 15_000,
    // Who queues behind another waiter waits twice; still less than the statement timeout, so "busy" is what is said.
    lock_timeout: 7_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
  })
  pool.on('error', options.onIdleError ?? (() => {}))
  // A connection that breaks while a query has it rejects that query; its own error event says nothing more.
  pool.on('connect', client => client.on('error', () => {}))
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })
}

/**
 * Runs work in one transaction: committed when it returns, rolled back when it throws.
 * @param db the handle
 * @param work gets the transaction
 * @returns what the work returns
 */
export const withTransaction = <Result>(db: Db, work: (trx: Trx) => Promise<Result>) =>
  db.transaction().execute(work)

/**
 * Runs work in one transaction that is rolled back whatever happens: what a preview is.
 * @param db the handle
 * @param work gets the transaction
 * @returns what the work returns
 */
export async function withRolledBackTransaction<Result>(db: Db, work: (trx: Trx) => Promise<Result>): Promise<Result> {
  const trx = await db.startTransaction().execute()
  try {
    return await work(trx)
  }
  finally {
    await trx.rollback().execute()
  }
}

/**
 * Calls one SQL function that answers with JSON.
 * @param db handle or transaction
 * @param outcome schema of the answer
 * @param call the call itself: sql`public.fn_…(${a}, ${b})`
 * @returns the answer, checked
 */
export async function callFunction<Outcome extends z.ZodType>(
  db: Db | Trx,
  outcome: Outcome,
  call: RawBuilder<unknown>,
): Promise<z.infer<Outcome>> {
  const { rows } = await sql<{ outcome: unknown }>`select ${call} as outcome`.execute(db)
  return outcome.parse(rows[0]?.outcome)
}

import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { PlainError } from '../../bin/progress.mjs'

/** The database as the command line sees it: it only speaks SQL of its own, so it needs no types of the tables. */
export type Database = Kysely<unknown>

/**
 * Opens a database for a command; nothing is connected yet.
 * @param url a PostgreSQL connection string
 * @returns the handle; `destroy()` closes it
 * @throws PlainError when it is no connection string
 */
export function openDatabase(url: string): Database {
  describeDatabase(url)
  const pool = new pg.Pool({ connectionString: url, max: 2, connectionTimeoutMillis: 10_000, application_name: 'iu-console-cli' })
  // A connection that breaks while idle is noticed by the next query.
  pool.on('error', () => {})
  return new Kysely({ dialect: new PostgresDialect({ pool }) })
}

/**
 * Names a database without its password.
 * @param url a PostgreSQL connection string
 * @returns `name on host:port`
 * @throws PlainError when it is no connection string
 */
export function describeDatabase(url: string): string {
  if (!/^postgres(ql)?:\/\//.test(url)) throw new PlainError('DATABASE_URL must look like postgres://user:password@host:5432/database.')
  try {
    const { host, port, database } = new pg.Client({ connectionString: url })
    return `${database} on ${host}:${port}`
  }
  catch {
    throw new PlainError('DATABASE_URL cannot be read; it must look like postgres://user:password@host:5432/database, with special characters in the password percent-encoded.')
  }
}

/**
 * Says what went wrong with a connection or a statement, on one line.
 * @param error whatever was thrown
 * @returns its message; some errors of the network have none, then their code
 */
export function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join('; ')
  const { message, code } = error as { message?: string, code?: string }
  return message || code || String(error)
}

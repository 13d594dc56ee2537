import { PlainError, step } from '../../bin/progress.mjs'
import { type Database, describeDatabase, openDatabase, reason } from './database'
import { isEmpty, seed } from './demo'
import { migrateToLatest, pendingMigrations } from './migrator'

/**
 * Makes sure that an operator's own database fits this version of the console. It only looks.
 * @param url its connection string
 * @throws PlainError when it cannot be reached, or naming the missing migrations and the command that mends it
 */
export async function requireCurrent(url: string): Promise<void> {
  const db = openDatabase(url)
  try {
    const pending = await step(`looking at ${describeDatabase(url)}`, () => reachable(url, () => pendingMigrations(db)))
    if (pending.length) throw new PlainError(behind(url, pending))
  }
  finally {
    await db.destroy()
  }
}

/**
 * Makes sure that a command finds the tables it works on.
 * @param db the database
 * @param url its connection string
 * @throws PlainError when migrations are missing or the database cannot be reached
 */
export async function requireMigrated(db: Database, url: string): Promise<void> {
  const pending = await reachable(url, () => pendingMigrations(db))
  if (pending.length) throw new PlainError(behind(url, pending))
}

/**
 * Brings the embedded database up to date and, when it is empty, loads the demo dataset.
 * @param url its connection string
 * @throws PlainError when a migration or the dataset fails
 */
export async function prepareEmbedded(url: string): Promise<void> {
  const db = openDatabase(url)
  try {
    const { length } = await pendingMigrations(db)
    if (length) await step(`migrating: ${length} ${length === 1 ? 'migration' : 'migrations'}`, () => migrateToLatest(db))
    if (await isEmpty(db)) await step('loading the demo data', () => seed(db))
  }
  finally {
    await db.destroy()
  }
}

/**
 * Turns a failed connection into words.
 * @param url the connection string
 * @param work what needs the connection
 * @returns what the work returned
 * @throws PlainError when the database does not answer or does not let us in
 */
export async function reachable<R>(url: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  }
  catch (error) {
    const { code = '', message = '' } = error as { code?: string, message?: string }
    // Network errors; the server's classes for refused connections, wrong passwords, missing databases and shutting down.
    const away = /^E[A-Z]+$/.test(code) || /^(08|28|3D|57P|53)/.test(code) || /timeout|Connection terminated/.test(message)
    if (!away) throw error
    throw new PlainError(`The database ${describeDatabase(url)} cannot be reached: ${reason(error)}`)
  }
}

function behind(url: string, pending: string[]): string {
  return [
    `The database ${describeDatabase(url)} is behind this version of IU Console. It lacks:`,
    ...pending.map(name => `  ${name}`),
    '',
    `Bring it up to date with:  ${process.env.DATABASE_URL ? 'DATABASE_URL=… ' : ''}npm run db:migrate`,
  ].join('\n')
}

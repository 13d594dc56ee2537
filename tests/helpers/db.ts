/** Databases for Vitest's tests: each helper opens what it needs and closes all of it, whatever the test does. */
import { inject } from 'vitest'
import { createDb, withRolledBackTransaction } from '../../server/db/client'
import type { Db, Trx } from '../../server/db/client'
import { createDatabase, sharedDatabase } from './databases'
import type { Contents } from './databases'

/** A database of a test's own. */
export interface OwnDatabase {
  db: Db
  /** Its address, for what connects by itself: the command line, a second pool, a console. */
  url: string
}

/** One database for all rolled-back tests of the file, found or made by the first of them. */
let shared: Promise<string> | undefined

/**
 * Runs a test in a transaction on the migrated, otherwise empty database; nothing of it remains.
 * @param work gets the transaction
 * @returns what `work` returns
 */
export async function withTransaction<T>(work: (db: Trx) => Promise<T>) {
  shared ??= sharedDatabase(inject('postgres'), process.env.VITEST_POOL_ID ?? '0')
  const db = createDb(await shared)
  try {
    return await withRolledBackTransaction(db, work)
  }
  finally {
    await db.destroy()
  }
}

async function withOwn<T>(contents: Contents, work: (own: OwnDatabase) => Promise<T>) {
  const { url, drop } = await createDatabase(inject('postgres'), contents)
  try {
    const db = createDb(url)
    try {
      return await work({ db, url })
    }
    finally {
      await db.destroy()
    }
  }
  finally {
    await drop()
  }
}

/**
 * Runs a test in a migrated database of its own: for tests that commit or use many connections.
 * @param work gets the database
 * @returns what `work` returns
 */
export const withDatabase = <T>(work: (own: OwnDatabase) => Promise<T>) => withOwn('migrated', work)

/** As withDatabase, without the migrations: an empty database. */
export const emptyDatabase = <T>(work: (own: OwnDatabase) => Promise<T>) => withOwn('empty', work)

/** As withDatabase, with the demo dataset loaded. */
export const seededDatabase = <T>(work: (own: OwnDatabase) => Promise<T>) => withOwn('demo', work)

import { type Db, createDb } from '../../db/client'
import { embeddedConsoleUrl } from '../console-login'
import { reachable, requireMigrated } from '../database-checks'
import { withDatabase } from '../with-database'

/**
 * Works on DATABASE_URL or, without it, on the embedded database, as the console does and with no more rights.
 * @param work gets the handle that the console's own code takes
 * @returns what the work returns
 * @throws PlainError when the database cannot be reached or is behind the migrations
 */
export const onDatabase = <R>(work: (db: Db) => Promise<R>): Promise<R> =>
  withDatabase(({ db: plain, url, external }) => reachable(url, async () => {
    await requireMigrated(plain, url)
    const db = createDb(external ? url : await embeddedConsoleUrl(url), { max: 4 })
    try {
      return await work(db)
    }
    finally {
      await db.destroy()
    }
  }))

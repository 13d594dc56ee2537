import { type Db, createDb } from '../db/client'
import { log } from './log'

let db: Db | undefined

/**
 * The console's one database handle, opened when it is first needed.
 * @throws when DATABASE_URL is not set
 */
export function consoleDb(): Db {
  const url = process.env.DATABASE_URL
  if (!url) throw new Error('DATABASE_URL is not set')
  return db ??= createDb(url, {
    onIdleError: error => log.warn({ err: error.message }, 'an idle database connection broke'),
  })
}

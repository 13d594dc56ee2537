import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { dataDir } from '../../bin/state.mjs'
import { openDatabase } from './database'

const LOGIN = 'iu_console_login'

/**
 * Gives the console a login of its own on the embedded database, which is in `iu_console` and nowhere else.
 * @param url the embedded database as its superuser; it has all migrations
 * @returns the same database as that login; its password lies in the data folder, readable for this user alone
 */
export async function embeddedConsoleUrl(url: string): Promise<string> {
  const password = loginPassword()
  const db = openDatabase(url)
  try {
    await db.transaction().execute(async (trx) => {
      // The console and a command may both be starting.
      await sql`select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${LOGIN}, 0))`.execute(trx)
      const { rows: [role] } = await sql<{ exists: boolean }>`select pg_catalog.to_regrole(${LOGIN}) is not null as exists`.execute(trx)
      if (!role!.exists) await sql`create role ${sql.id(LOGIN)}`.execute(trx)
      await sql`alter role ${sql.id(LOGIN)} login password ${sql.lit(password)}`.execute(trx)
      await sql`grant iu_console to ${sql.id(LOGIN)}`.execute(trx)
    })
  }
  finally {
    await db.destroy()
  }
  const address = new URL(url)
  address.username = LOGIN
  address.password = password
  return address.href
}

function loginPassword(): string {
  const file = join(dataDir, 'postgres.console-password')
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
  return readFileSync(file, 'utf8').trim()
}

/**
 * Says whether a login may do more than the console needs.
 * @param url a connection string
 * @returns true for a superuser and for whoever owns the objects or may become their owner
 */
export async function mayDoTooMuch(url: string): Promise<boolean> {
  const db = openDatabase(url)
  try {
    const { rows: [login] } = await sql<{ tooMuch: boolean }>`
      select pg_catalog.pg_has_role(n.nspowner, 'member') as "tooMuch"
      from pg_catalog.pg_namespace n where n.nspname = 'console'`.execute(db)
    return login?.tooMuch ?? false
  }
  finally {
    await db.destroy()
  }
}

/** Migrations by logins that are no superusers, and what 048 gives away and back. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { type Database, openDatabase } from '../../../server/cli/database'
import { adopt } from '../../../server/cli/adopt'
import { appliedNames, applyMigration, migrateToLatest, rollbackTo } from '../../../server/cli/migrator'
import { emptyDatabase } from '../../helpers/db'
import { rowsOf } from '../fixtures'

/** Runs a test as a login that owns an empty database and has what the SQL grants it. */
const asOwner = (grants: (login: string) => string, work: (db: Database, login: string) => Promise<void>) => emptyDatabase(async ({ db, url }) => {
  const login = `iu_test_${randomBytes(6).toString('hex')}`
  const address = new URL(url)
  address.username = login
  const database = address.pathname.slice(1)
  await sql.raw(`create role ${login} login; ${grants(login)}; alter database ${database} owner to ${login}`).execute(db)
  const own = openDatabase(address.href)
  try {
    await work(own, login)
  }
  finally {
    await own.destroy()
    await sql.raw(`reassign owned by ${login} to current_user; drop owned by ${login}; drop role ${login}`).execute(db)
  }
})

const owners = (db: Database) => rowsOf<{ owner: string }>(db as never, sql`
  select distinct c.relowner::regrole::text as owner from pg_class c
  where c.relnamespace in ('public'::regnamespace, to_regnamespace('console')) and c.relkind in ('r', 'v', 'S') and c.relname !~ '^kysely'
  union select p.proowner::regrole::text from pg_proc p where p.pronamespace = 'public'::regnamespace
  union select n.nspowner::regrole::text from pg_namespace n where n.nspname = 'console'`).then(rows => rows.map(({ owner }) => owner).sort())

/** The roles are there before: they belong to the server. */
const withRoles = (work: () => Promise<void>) => emptyDatabase(async ({ db }) => {
  await migrateToLatest(db)
  await work()
})

test('a login in iu_migrator that owns the database migrates it, rolls it back and migrates it again', () => withRoles(() =>
  asOwner(login => `grant iu_migrator to ${login}`, async (db, login) => {
    await migrateToLatest(db)
    expect(await owners(db)).toEqual(['iu_owner'])
    await rollbackTo(db, 47)
    expect(await owners(db)).toEqual([login])
    await rollbackTo(db, 0, { force: true })
    await migrateToLatest(db)
    expect(await owners(db)).toEqual(['iu_owner'])
  })))

test('a login that may not become iu_owner is told what it lacks, and nothing is changed', () => withRoles(() =>
  asOwner(() => 'select', async (db) => {
    await expect(migrateToLatest(db)).rejects.toThrow(/048.*may not become iu_owner[^]*GRANT iu_owner TO iu_migrator; GRANT iu_migrator TO/)
    expect(await appliedNames(db)).toEqual([])
  })))

test('what belongs to somebody else becomes iu_owner\'s when a superuser adopts it, and its owner keeps its rights', () =>
  emptyDatabase(async ({ db }) => {
    const former = `iu_test_${randomBytes(6).toString('hex')}`
    await migrateToLatest(db)
    await rollbackTo(db, 47)
    await sql.raw(`create role ${former}; alter table public.dot_config owner to ${former};
      alter function public.fn_iu_composer_enabled() owner to ${former}; drop table console.kysely_migration, console.kysely_migration_lock`).execute(db)
    const found = await adopt(db)
    expect(found.filter(({ state }) => state === 'missing').map(({ migration }) => migration)).toEqual(['048_database_roles', '049_accounts'])
    expect(await owners(db as never)).toEqual(['iu_owner'])
    const [kept] = await rowsOf(db, sql`
      select has_table_privilege(${former}, 'public.dot_config', 'update') as writes, has_function_privilege(${former}, 'public.fn_iu_composer_enabled()', 'execute') as calls`)
    expect(kept).toEqual({ writes: true, calls: true })
    await sql.raw(`drop owned by ${former}; drop role ${former}`).execute(db)
  }))

test('a migration applied after 048 makes objects of iu_owner, and the next statement is nobody else', () => emptyDatabase(async ({ db }) => {
  await migrateToLatest(db)
  const folder = mkdtempSync(join(tmpdir(), 'iu-later-'))
  try {
    const file = join(folder, '999_later.sql')
    writeFileSync(file, 'create table public.iu_later (id integer primary key);')
    const who = await db.transaction().execute(async (trx) => {
      await applyMigration(trx as never, { number: 999, name: '999_later', upFile: file, downFile: file })
      return rowsOf(trx, sql`
        select c.relowner::regrole::text as owner, current_user = session_user as back from pg_class c where c.oid = 'public.iu_later'::regclass`)
    })
    expect(who).toEqual([{ owner: 'iu_owner', back: true }])
  }
  finally {
    rmSync(folder, { recursive: true })
  }
}))

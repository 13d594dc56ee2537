import { sql } from 'kysely'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { type Database, openDatabase } from '../../server/cli/database'
import { listMigrations } from '../../server/cli/migration-files'
import { type Contents, createDatabase } from '../helpers/databases'
import { runProgram } from './program'

const PASSWORD = 'not-to-be-shown'
const opened: { db: Database, drop: () => Promise<void> }[] = []

/** A database whose address carries a password: the server trusts everybody, so any will do. */
async function database(contents: Contents) {
  const { url, drop } = await createDatabase(inject('postgres'), contents)
  const db = openDatabase(url)
  opened.push({ db, drop })
  return { db, url: url.replace('postgres@', `postgres:${PASSWORD}@`) }
}

async function command(url: string, ...args: string[]) {
  const program = runProgram('db.mjs', args, { DATABASE_URL: url })
  const code = await program.ended
  const { stdout, stderr } = program.output
  expect(stdout + stderr).not.toContain(PASSWORD)
  return { code, stdout, stderr }
}

async function count(db: Database, table: string) {
  const { rows: [row] } = await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)}`.execute(db)
  return row!.n
}

afterEach(async () => {
  for (const { db, drop } of opened.splice(0)) {
    await db.destroy()
    await drop()
  }
})

test('migrate, seed and replay bring an empty database to the reported figures', async () => {
  const { db, url } = await database('empty')
  expect(await command(url, 'migrate')).toMatchObject({ code: 0, stdout: expect.stringContaining('001_information_unit') })
  expect(await command(url, 'migrate')).toMatchObject({ code: 0, stdout: expect.stringContaining('up to date') })
  expect(await command(url, 'seed')).toMatchObject({ code: 0, stdout: expect.stringContaining('174 pieces') })
  const { code, stdout } = await command(url, 'replay')
  expect(code).toBe(0)
  for (const line of [
    /^information_unit +174 +175 +\+1$/m,
    /^iu_piece_collection +10 +24 +\+14$/m,
    /^iu_piece_membership +43 +118 +\+75$/m,
    /^lineage +4 +17 +\+13$/m,
    /^iu_auto_instantiate_event_log +0 +13 +\+13$/m,
    /^ {2}of these live, digest matches template +0 +13 +\+13$/m,
    /^templates in the registry +3 +4 +\+1$/m,
    /^version rows +2 +4 +\+2$/m,
    /^event_outbox, domain iu +125 +214 +\+89$/m,
    /^iu_lifecycle_log +146 +146 +=$/m,
    /^iu_vector_sync_point +152 +152 +=$/m,
    /^three-axis envelope, DIEU-28 +27 +27 +=$/m,
    /^three-axis envelope, DIEU-32 +23 +23 +=$/m,
    /^three-axis envelope, DIEU-35 +36 +36 +=$/m,
    /^gates open +0 +0 +=$/m,
  ]) expect(stdout).toMatch(line)
  expect(await count(db, 'iu_piece_collection')).toBe(24)
})

describe('refusals change nothing', () => {
  test('seed, when there is something already', async () => {
    const { db, url } = await database('migrated')
    await sql`insert into information_unit (canonical_address, title, body, created_by) values ('a', 'A', 'a', 'somebody')`.execute(db)
    expect(await command(url, 'seed')).toMatchObject({ code: 1, stderr: expect.stringContaining('not empty') })
    expect(await count(db, 'information_unit')).toBe(1)
    expect(await count(db, 'iu_piece_collection')).toBe(0)
  })

  test('replay, without the dataset and a second time', async () => {
    const empty = await database('migrated')
    expect(await command(empty.url, 'replay')).toMatchObject({ code: 1, stderr: expect.stringContaining('npm run db:seed') })
    expect(await count(empty.db, 'information_unit')).toBe(0)

    const demo = await database('demo')
    expect((await command(demo.url, 'replay')).code).toBe(0)
    expect(await command(demo.url, 'replay')).toMatchObject({ code: 1, stderr: expect.stringContaining('replayed already') })
    expect(await count(demo.db, 'iu_piece_collection')).toBe(24)
  })

  test('rollback, when a guard protects rows', async () => {
    const { db, url } = await database('demo')
    expect(await command(url, 'rollback', '--to', '0')).toMatchObject({ code: 1, stderr: expect.stringContaining('REFUSED') })
    expect(await count(db, 'information_unit')).toBe(174)
  })

  test('rollback, without a number or with something else', async () => {
    const { url } = await database('migrated')
    expect(await command(url, 'rollback')).toMatchObject({ code: 2, stderr: expect.stringContaining('--to') })
    expect(await command(url, 'rollback', '--to', 'all')).toMatchObject({ code: 2, stderr: expect.stringContaining('"all"') })
    const { rows } = await sql`select from console.kysely_migration`.execute(opened.at(-1)!.db)
    expect(rows).toHaveLength(listMigrations().length)
  })

  test('a command or an option that there is not', async () => {
    const { db, url } = await database('demo')
    expect(await command(url)).toMatchObject({ code: 2, stdout: expect.stringContaining('migrate') })
    expect(await command(url, 'migrat')).toMatchObject({ code: 2, stdout: expect.stringContaining('migrate') })
    expect(await command(url, 'reset', '--ye')).toMatchObject({ code: 2, stderr: expect.stringMatching(/no option --ye\. Did you mean --yes\?/) })
    expect(await command(url, 'rollback', '--to', '0', '--forse')).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean --force?') })
    expect(await count(db, 'information_unit')).toBe(174)
  })

  test('reset of an operator\'s own database, without --yes', async () => {
    const { db, url } = await database('demo')
    await sql`delete from iu_vector_sync_point`.execute(db)
    expect(await command(url, 'reset')).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') })
    expect(await count(db, 'iu_vector_sync_point')).toBe(0)
    expect((await command(url, 'reset', '--yes')).code).toBe(0)
    expect(await count(db, 'iu_vector_sync_point')).toBe(152)
  })
})

test('rollback keeps what its number says', async () => {
  const { url } = await database('migrated')
  const { code, stdout } = await command(url, 'rollback', '--to', '042')
  expect([code, stdout]).toEqual([0, expect.stringMatching(/Rolled back \d+ migrations:\n {2}049_accounts\n[\s\S]* {2}043_bulk\n$/)])
  expect(await command(url, 'rollback', '--to', '042')).toMatchObject({ code: 0, stdout: 'Nothing to roll back.\n' })
  expect(await command(url, 'migrate')).toMatchObject({ code: 0, stdout: expect.stringContaining('043_bulk') })
})

describe('adopt', () => {
  const forget = (db: Database) => sql`drop table console.kysely_migration, console.kysely_migration_lock`.execute(db)

  test('records what is there and ends with 0', async () => {
    const { db, url } = await database('demo')
    await forget(db)
    expect(await command(url, 'adopt')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Recorded as applied[\s\S]*034_auto_instantiate_dot_registration/) })
    expect(await command(url, 'adopt')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to adopt') })
  })

  test('names what disagrees, records nothing and ends with 1; --keep-definitions takes it', async () => {
    const { db, url } = await database('demo')
    await forget(db)
    await sql.raw('create or replace function public.fn_iu_composer_enabled() returns boolean language sql as \'select true\'').execute(db)
    expect(await command(url, 'adopt')).toMatchObject({ code: 1, stdout: expect.stringMatching(/Nothing was changed\.[\s\S]*fn_iu_composer_enabled/) })
    const { rows: [record] } = await sql`select to_regclass('console.kysely_migration') as there`.execute(db)
    expect(record).toEqual({ there: null })
    expect((await command(url, 'adopt', '--keep-definitions')).code).toBe(0)
  })
})

test('rollback --force gives everything up', async () => {
  const { url } = await database('demo')
  expect(await command(url, 'rollback', '--to', '0', '--force')).toMatchObject({ code: 0, stdout: expect.stringContaining('001_information_unit') })
})

test.each([
  ['nobody listens', 'postgres://postgres:not-to-be-shown@127.0.0.1:1/x', 'x on 127.0.0.1:1 cannot be reached'],
  ['it is no address', 'mysql://root:not-to-be-shown@127.0.0.1/x', 'must look like postgres://'],
])('a DATABASE_URL is explained when %s', async (_case, url, words) => {
  expect(await command(url, 'seed')).toMatchObject({ code: 1, stderr: expect.stringContaining(words) })
})

test('a database behind the migrations is told how to catch up', async () => {
  const { url } = await database('empty')
  expect(await command(url, 'seed')).toMatchObject({ code: 1, stderr: expect.stringContaining('npm run db:migrate') })
})

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Database, openDatabase } from '../../server/cli/database'
import { listMigrations } from '../../server/cli/migration-files'
import { migrateToLatest, pendingMigrations, rollbackTo } from '../../server/cli/migrator'
import { createDatabase } from '../helpers/databases'

let folder: string
let db: Database
let database: Awaited<ReturnType<typeof createDatabase>>

const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

/** A migration that makes one table, with a rollback that refuses while the table has rows. */
function writeTable(number: string, table: string) {
  write(`${number}_${table}.sql`, `create table public.${table} (id int primary key);\ncomment on table public.${table} is 'A; b';`)
  write(`${number}_${table}.rollback.sql`, `do $$ begin
    if coalesce(current_setting('iu_core.force_rollback_${number}', true), '') <> 'true' and exists (select from public.${table}) then
      raise exception '${number} rollback REFUSED: ${table} holds rows';
    end if;
    drop table public.${table};
  end $$;`)
}

async function tables() {
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' order by tablename collate "C"`.execute(db)
  return rows.map(row => row.name)
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iu-migrations-'))
  database = await createDatabase(inject('postgres'), 'empty')
  db = openDatabase(database.url)
})

afterEach(async () => {
  await db.destroy()
  await database.drop()
  rmSync(folder, { recursive: true })
})

describe('forward', () => {
  test('applies what is missing, in the order of the numbers, and then nothing', async () => {
    writeTable('010', 'ten')
    writeTable('002', 'two')
    expect(await migrateToLatest(db, { folder })).toEqual(['002_two', '010_ten'])
    expect(await tables()).toEqual(['ten', 'two'])
    expect(await migrateToLatest(db, { folder })).toEqual([])
  })

  test('fills in a lower number later', async () => {
    writeTable('010', 'ten')
    await migrateToLatest(db, { folder })
    writeTable('005', 'five')
    expect(await pendingMigrations(db, { folder })).toEqual(['005_five'])
    expect(await migrateToLatest(db, { folder })).toEqual(['005_five'])
  })

  test('a broken file is named with its line, and nothing of the run stays', async () => {
    writeTable('001', 'one')
    write('002_broken.sql', 'create table public.two (id int);\n\n-- ümläut 🙂\ncreate tabel public.three (id int);')
    write('002_broken.rollback.sql', 'select 1;')
    await expect(migrateToLatest(db, { folder })).rejects.toThrow(/002_broken\.sql:4: syntax error/)
    expect(await tables()).toEqual([])
    expect(await pendingMigrations(db, { folder })).toEqual(['001_one', '002_broken'])
  })

  test('a file that ends the transaction of its own is refused', async () => {
    writeTable('001', 'one')
    write('002_commits.sql', 'create table public.two (id int);\ncommit;')
    write('002_commits.rollback.sql', 'drop table public.two;')
    await expect(migrateToLatest(db, { folder })).rejects.toThrow('002_commits.sql ends or begins a transaction')
    expect(await tables()).toEqual([])
  })

  test('asking what is missing writes nothing', async () => {
    writeTable('001', 'one')
    expect(await pendingMigrations(db, { folder })).toEqual(['001_one'])
    const { rows } = await sql`select from pg_namespace where nspname = 'console'`.execute(db)
    expect(rows).toHaveLength(0)
  })
})

describe('rollback', () => {
  beforeEach(async () => {
    writeTable('010', 'ten')
    writeTable('020', 'twenty')
    await migrateToLatest(db, { folder })
    writeTable('015', 'fifteen')
    await migrateToLatest(db, { folder })
  })

  test('goes by number, whatever was applied when', async () => {
    expect(await rollbackTo(db, 15, { folder })).toEqual(['020_twenty'])
    expect(await tables()).toEqual(['fifteen', 'ten'])
    expect(await rollbackTo(db, 10, { folder })).toEqual(['015_fifteen'])
    expect(await rollbackTo(db, 10, { folder })).toEqual([])
  })

  test('to 0 takes everything, and it can be applied again', async () => {
    expect(await rollbackTo(db, 0, { folder })).toEqual(['020_twenty', '015_fifteen', '010_ten'])
    expect(await tables()).toEqual([])
    expect(await migrateToLatest(db, { folder })).toEqual(['010_ten', '015_fifteen', '020_twenty'])
  })

  test('a guard that refuses is heard, and all of it stays', async () => {
    await sql`insert into public.ten values (1)`.execute(db)
    await expect(rollbackTo(db, 0, { folder })).rejects.toThrow('010 rollback REFUSED: ten holds rows')
    expect(await tables()).toEqual(['fifteen', 'ten', 'twenty'])
    expect(await pendingMigrations(db, { folder })).toEqual([])
  })

  test('force gives the rows up, in this rollback alone', async () => {
    await sql`insert into public.ten values (1)`.execute(db)
    expect(await rollbackTo(db, 0, { folder, force: true })).toHaveLength(3)
    await migrateToLatest(db, { folder })
    await sql`insert into public.ten values (1)`.execute(db)
    await expect(rollbackTo(db, 0, { folder })).rejects.toThrow('REFUSED')
  })

  test('a number that is no migration is refused', async () => {
    await expect(rollbackTo(db, 11, { folder })).rejects.toThrow('There is no migration 011.')
    expect(await tables()).toHaveLength(3)
  })

  test('an applied migration whose files are gone is named', async () => {
    for (const file of readdirSync(folder).filter(name => name.startsWith('020'))) rmSync(join(folder, file))
    await expect(rollbackTo(db, 0, { folder })).rejects.toThrow('020_twenty is applied, but its files are not here')
    expect(await tables()).toHaveLength(3)
  })
})

describe('the files', () => {
  test.each([
    ['a rollback is missing', ['001_a.sql'], '001_a.rollback.sql is missing'],
    ['a forward file is missing', ['001_a.rollback.sql'], '001_a.sql is missing'],
    ['a number is used twice', ['001_a.sql', '001_a.rollback.sql', '001_b.sql', '001_b.rollback.sql'], '001_b.sql has a number'],
    ['a name has no number', ['first.sql', 'first.rollback.sql'], 'first.sql is not a migration\'s name'],
    ['a name is in capitals', ['001_A.sql', '001_A.rollback.sql'], '001_A.sql is not a migration\'s name'],
    ['the number is zero', ['000_a.sql', '000_a.rollback.sql'], '000_a.sql is not a migration\'s name'],
  ])('%s', (_case, files, message) => {
    for (const file of files) write(file, 'select 1;')
    expect(() => listMigrations(folder)).toThrow(message)
  })

  test('the dump and the conventions beside them are no migrations', () => {
    writeTable('001', 'one')
    write('schema.sql', '')
    write('README.md', '')
    expect(listMigrations(folder).map(({ number, name }) => ({ number, name }))).toEqual([{ number: 1, name: '001_one' }])
  })
})

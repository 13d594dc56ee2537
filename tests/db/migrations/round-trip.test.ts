import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MigrationFile, listMigrations, migrationsFolder } from '../../../server/cli/migration-files'
import { migrateToLatest, pendingMigrations, rollbackTo } from '../../../server/cli/migrator'
import { dumpSchema } from '../../../server/cli/schema-dump'
import { emptyDatabase, withDatabase } from '../../helpers/db'
import { fingerprint } from '../replay/fingerprint'

const all = listMigrations()

describe('all of them', () => {
  test('up, down to zero and up again give the same schema', () => emptyDatabase(async ({ db }) => {
    const nothing = await dumpSchema(db)
    expect(await migrateToLatest(db)).toEqual(all.map(migration => migration.name))
    const first = await dumpSchema(db)

    expect(await rollbackTo(db, 0)).toEqual(all.map(migration => migration.name).reverse())
    expect(await dumpSchema(db)).toBe(nothing)

    await migrateToLatest(db)
    expect(await dumpSchema(db)).toBe(first)
    expect(await pendingMigrations(db)).toEqual([])
  }))

  test('the committed schema.sql is the schema that they make', () => withDatabase(async ({ db }) => {
    const [schema, committed] = [await dumpSchema(db), readFileSync(join(migrationsFolder, 'schema.sql'), 'utf8')]
    await emptyDatabase(async ({ db: copy }) => {
      await sql.raw(committed).execute(copy)
      expect(await dumpSchema(copy)).toBe(schema)
    })
    // PostgreSQL 15 writes the same views in other words.
    const { rows: [server] } = await sql<{ version: number }>`select current_setting('server_version_num')::int as version`.execute(db)
    if (server!.version >= 180_000) expect(schema).toBe(committed)
  }))
})

describe('each pair on its own', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'iu-migrations-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const add = (migrations: MigrationFile[]) => {
    for (const file of migrations.flatMap(({ upFile, downFile }) => [upFile, downFile])) copyFileSync(file, join(folder, basename(file)))
  }

  test.each(all.map((migration, index) => [migration.name, migration, all.slice(0, index)] as const))('%s', (_name, migration, below) =>
    emptyDatabase(async ({ db, url }) => {
      add(below)
      await migrateToLatest(db, { folder })
      const [before, rows] = [await dumpSchema(db), await fingerprint(db)]

      add([migration])
      expect(await migrateToLatest(db, { folder })).toEqual([migration.name])
      const after = await dumpSchema(db)
      // One migration brings rows alone.
      expect([after, await fingerprint(db)]).not.toEqual([before, rows])

      expect(await rollbackTo(db, below.at(-1)?.number ?? 0, { folder })).toEqual([migration.name])
      expect(await dumpSchema(db)).toBe(before)
      await migrateToLatest(db, { folder })
      expect(await dumpSchema(db)).toBe(after)

      expect(await noticesOf(url, migration.downFile), 'an empty pair goes silently').toEqual([])
      expect(await dumpSchema(db)).toBe(before)
    }))
})

/** Runs a file in a session of its own, without the force setting, and returns the notices it gave. */
async function noticesOf(url: string, file: string) {
  const session = new pg.Client({ connectionString: url })
  const notices: (string | undefined)[] = []
  session.on('notice', notice => notices.push(notice.message))
  await session.connect()
  try {
    await session.query(readFileSync(file, 'utf8'))
  }
  finally {
    await session.end()
  }
  return notices
}

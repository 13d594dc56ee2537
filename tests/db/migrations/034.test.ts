import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { listMigrations } from '../../../server/cli/migration-files'
import { rollbackTo } from '../../../server/cli/migrator'
import { oneRow, rowsOf } from '../fixtures'
import { withDatabase, withTransaction } from '../../helpers/db'
import type { Db } from '../../../server/db/client'

const { upFile, downFile } = listMigrations().find(migration => migration.number === 34)!
const TWO = ['dot_iu_auto_instantiate_from_event', 'dot_iu_auto_instantiate_rollback_by_actor']

const apply = (db: Db, file: string) => sql.raw(readFileSync(file, 'utf8')).execute(db)
const size = async (db: Db) => (await oneRow(db, sql<{ n: number }>`select count(*)::int as n from public.dot_iu_command_catalog`)).n

describe('the catalogue', () => {
  test('has 26 commands, 24 different targets, and the two rows of the orchestrator', () => withDatabase(async ({ db }) => {
    await rollbackTo(db, 34)
    expect(await size(db)).toBe(26)
    expect(await oneRow(db, sql`
      select count(distinct target.name)::int as targets
      from public.dot_iu_command_catalog c, unnest(c.target_functions) as target (name)`)).toEqual({ targets: 24 })
    expect(await rowsOf(db, sql`
      select command_name, category, mutating, reversible, target_functions from public.dot_iu_command_catalog
      where command_name = any (${TWO}::text[]) order by command_name`)).toEqual([
      { command_name: TWO[0], category: 'collection', mutating: true, reversible: true, target_functions: ['fn_iu_auto_instantiate_from_event'] },
      { command_name: TWO[1], category: 'lifecycle', mutating: true, reversible: true, target_functions: ['fn_iu_auto_instantiate_rollback_by_actor'] },
    ])
  }))

  test('still has 26 commands when every migration is there', () => withTransaction(async (db) => {
    expect(await size(db)).toBe(26)
  }))

  test('calls nothing that is not there', () => withTransaction(async (db) => {
    expect(await rowsOf(db, sql`select command_name, missing_functions from public.v_iu_command_catalog where missing_functions <> '{}'`)).toEqual([])
  }))

  test('goes 26 → 24 → 26, and applying it again inserts nothing', () => withTransaction(async (db) => {
    await apply(db, downFile)
    expect(await size(db)).toBe(24)
    expect(await rowsOf(db, sql`select from public.dot_iu_command_catalog where command_name = any (${TWO}::text[])`)).toEqual([])
    await apply(db, upFile)
    expect(await size(db)).toBe(26)
    await apply(db, upFile)
    expect(await size(db)).toBe(26)
  }))

  test('that an operator has changed keeps its row', () => withTransaction(async (db) => {
    await sql`update public.dot_iu_command_catalog set description = 'ours' where command_name = ${TWO[0]}`.execute(db)
    await apply(db, upFile)
    expect(await oneRow(db, sql`select description from public.dot_iu_command_catalog where command_name = ${TWO[0]}`)).toEqual({ description: 'ours' })
  }))

  test('is not extended while 033 is missing, and says so', () => withTransaction(async (db) => {
    await apply(db, downFile)
    await sql`alter function public.fn_iu_auto_instantiate_rollback_by_actor(text, boolean) rename to fn_iu_elsewhere`.execute(db)
    await sql`savepoint before_error`.execute(db)
    await expect(apply(db, upFile)).rejects.toThrow('034 preflight: migration 033 substrate missing (fn_iu_auto_instantiate_from_event present, fn_iu_auto_instantiate_rollback_by_actor missing)')
    await sql`rollback to savepoint before_error`.execute(db)
    expect(await size(db)).toBe(24)
  }))
})

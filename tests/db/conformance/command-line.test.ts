import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { listMigrations } from '../../../server/cli/migration-files'
import { appliedNames, rollbackTo } from '../../../server/cli/migrator'
import { dumpSchema } from '../../../server/cli/schema-dump'
import { runProgram } from '../../cli/program'
import { withDatabase } from '../../helpers/db'

/** The command line as an operator types it, on each version of PostgreSQL. */
async function iu(url: string, ...args: string[]) {
  const program = runProgram('iu.mjs', args, { DATABASE_URL: url })
  const code = await program.ended
  return { code, ...program.output }
}
const ALTER = 'create or replace function public.fn_iu_composer_enabled() returns boolean language sql as \'select true\''
const last = listMigrations().at(-1)!.name

test('iu db adopt completes a database built up to 033; then conformance and health are green', () => withDatabase(async ({ db, url }) => {
  await rollbackTo(db, 33)
  await sql`drop table console.kysely_migration, console.kysely_migration_lock`.execute(db)
  const adopted = await iu(url, 'db', 'adopt')
  expect(adopted).toMatchObject({ code: 0, stdout: expect.stringContaining('Applied, because it was missing:\n') })
  expect(adopted.stdout).toContain(last)
  expect(await iu(url, 'db', 'migrate')).toMatchObject({ code: 0, stdout: expect.stringContaining('up to date') })
  expect(await iu(url, 'conformance')).toMatchObject({ code: 0, stdout: expect.stringMatching(/7\/7 PASS at \d+ objects/) })
  expect(await iu(url, 'health')).toMatchObject({ code: 0, stdout: expect.stringMatching(/All \d+ surfaces are green/) })
}))

test('iu db adopt lists what disagrees, changes nothing and ends with 1; so does iu conformance', () => withDatabase(async ({ db, url }) => {
  await rollbackTo(db, 33)
  await sql.raw(`${ALTER}; drop table console.kysely_migration, console.kysely_migration_lock`).execute(db)
  const before = await dumpSchema(db)
  expect(await iu(url, 'db', 'adopt')).toMatchObject({ code: 1, stdout: expect.stringMatching(/^One migration disagrees[\s\S]*006_config_gate[\s\S]*fn_iu_composer_enabled\(\): its definition differs/) })
  expect(await dumpSchema(db)).toBe(before)
  expect(await appliedNames(db)).toEqual([])

  expect(await iu(url, 'db', 'adopt', '--keep-definitions')).toMatchObject({ code: 0 })
  const { code, stdout } = await iu(url, 'conformance')
  expect(code).toBe(1)
  expect(stdout).toMatch(/6\/7/)
  expect(stdout).toContain('public.fn_iu_composer_enabled()')
  const json = JSON.parse((await iu(url, 'conformance', '--json')).stdout)
  expect(json.differences).toMatchObject([{ kind: 'changed', class: 'function', name: 'public.fn_iu_composer_enabled()' }])
}))

test('iu health ends with 1 and names the red surface', () => withDatabase(async ({ db, url }) => {
  await sql`update public.dot_config set value = 'true' where key = 'iu_core.composer_enabled'`.execute(db)
  const { code, stdout } = await iu(url, 'health')
  expect(code).toBe(1)
  expect(stdout).toMatch(/RED +gates [\s\S]*iu_core\.composer_enabled/)
}))

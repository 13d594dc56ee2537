import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { type Standing, adopt, adoptionReport } from '../../../server/cli/adopt'
import { listMigrations } from '../../../server/cli/migration-files'
import { appliedNames, migrateToLatest, pendingMigrations, rollbackTo } from '../../../server/cli/migrator'
import { dumpSchema } from '../../../server/cli/schema-dump'
import { scanConformance } from '../../../server/db/conformance'
import { emptyDatabase, seededDatabase, withDatabase } from '../../helpers/db'
import { contents } from '../fixtures'
import type { Db } from '../../../server/db/client'

const all = listMigrations()
const names = (of: typeof all) => of.map(migration => migration.name)
const inState = (found: Standing[], state: Standing['state']) => found.filter(standing => standing.state === state).map(standing => standing.migration)

/** Makes the database one that was not made by the runner: nothing says what was applied. */
const forget = <T>(db: Kysely<T>) => sql`drop table console.kysely_migration, console.kysely_migration_lock`.execute(db)

/** Whole: every migration on record, nothing to migrate, and as the inventory has it. */
async function expectWhole(db: Db) {
  expect((await appliedNames(db)).sort()).toEqual(names(all))
  expect(await pendingMigrations(db)).toEqual([])
  expect(await migrateToLatest(db)).toEqual([])
  expect(await scanConformance(db)).toMatchObject({ conforms: true })
}

describe('a database that agrees', () => {
  test.each([31, 33])('up to 0%i: what is there is recorded, the rest is applied', last => withDatabase(async ({ db }) => {
    const whole = await dumpSchema(db)
    await rollbackTo(db, last)
    await forget(db)
    const found = await adopt(db)
    expect(inState(found, 'there')).toEqual(names(all.filter(migration => migration.number <= last)))
    expect(inState(found, 'missing')).toEqual(names(all.filter(migration => migration.number > last)))
    await expectWhole(db)
    expect(await dumpSchema(db)).toBe(whole)
    expect(adoptionReport(found)).toContain('Applied, because it was missing:\n')
  }))

  test('whole, with its rows: recorded, and nothing else is touched', () => seededDatabase(async ({ db }) => {
    await forget(db)
    const [rows, schema] = [await contents(db), await dumpSchema(db)]
    expect(inState(await adopt(db), 'there')).toEqual(names(all))
    expect(await contents(db)).toEqual(rows)
    expect(await dumpSchema(db)).toBe(schema)
    await expectWhole(db)
  }))

  test('up to 033, with a family that a hand gave two current versions: it is adopted, and the healthcheck names it', () => seededDatabase(async ({ db }) => {
    await sql`update public.iu_collection_template_version set version_status = 'current'`.execute(db)
    await rollbackTo(db, 33, { force: true })
    await forget(db)
    expect(inState(await adopt(db), 'disagrees')).toEqual([])
    await expectWhole(db)
    const red = await db.selectFrom(sql<{ surface: string, status: string }>`public.fn_iu_core_healthcheck()`.as('h')).select('h.surface').where('h.status', '=', 'red').execute()
    expect(red).toContainEqual({ surface: 'version_chain' })
  }))

  test('empty: everything is applied', () => emptyDatabase(async ({ db }) => {
    expect(inState(await adopt(db), 'missing')).toEqual(names(all))
    await expectWhole(db)
  }))

  test('already on record: nothing to adopt', () => withDatabase(async ({ db }) => {
    const found = await adopt(db)
    expect(inState(found, 'recorded')).toEqual(names(all))
    expect(adoptionReport(found)).toBe('Nothing to adopt: every migration is on record.')
  }))

  test('with a lower number missing in the middle, beside another system', () => withDatabase(async ({ db }) => {
    await sql.raw('drop function public.fn_iu_core_healthcheck(), public.fn_iu_collection_healthcheck(), public.fn_iu_health_surface(text, text[], text, text); create table public.invoice (id int)').execute(db)
    await forget(db)
    const found = await adopt(db)
    expect(inState(found, 'missing')).toEqual(['026_collection_healthcheck', '045_core_healthcheck'])
    await expectWhole(db)
  }))
})

describe('a database that was altered by hand is named and left alone', () => {
  const EVENT_TYPE = 'create or replace view public.v_iu_event_type as select t.event_type, t.event_domain, t.event_stream, t.delivery_lane, t.active, t.description'
  const SET = 'drop function public.fn_iu_composer_enabled(); create function public.fn_iu_composer_enabled(p_why text) returns boolean language sql as \'select true\''
  const cases: [what: string, statement: string, migration: string, problem: RegExp][] = [
    ['a column of another type', 'alter table public.iu_vector_sync_point alter column vector_collection type varchar(40)', '005_vector_sync_point', /^column public\.iu_vector_sync_point\.vector_collection: .*varying\(40\)/],
    ['a column dropped', 'alter table public.iu_vector_sync_point drop column synced_at', '005_vector_sync_point', /^column public\.iu_vector_sync_point\.synced_at: it is not there$/],
    ['a constraint dropped', 'alter table public.iu_manifest drop constraint iu_manifest_is_content_addressed', '003_manifest_digest', /^constraint public\.iu_manifest\.iu_manifest_is_content_addressed: it is not there$/],
    ['a view with a column more', `${EVENT_TYPE}, 1 as more from public.event_type_registry t`, '041_console_views', /^view public\.v_iu_event_type: it is \(.*more integer\) here, not/],
    ['a view that filters', `${EVENT_TYPE} from public.event_type_registry t where t.active`, '041_console_views', /^view public\.v_iu_event_type: its definition differs$/],
    ['a function with other arguments', SET, '006_config_gate', /^function public\.fn_iu_composer_enabled\(\): it is public\.fn_iu_composer_enabled\(text\) here$/],
    ['a function that is all of its migration, with other arguments', 'drop function public.fn_iu_core_healthcheck(); create function public.fn_iu_core_healthcheck(p int) returns int language sql as \'select 1\'', '045_core_healthcheck', /^function public\.fn_iu_core_healthcheck\(\): it is public\.fn_iu_core_healthcheck\(integer\) here$/],
    ['a function with another body', 'create or replace function public.fn_iu_composer_enabled() returns boolean language sql as \'select true\'', '006_config_gate', /^function public\.fn_iu_composer_enabled\(\): its definition differs$/],
    ['a gate that is gone', 'delete from public.dot_config where key = \'iu_core.auto_instantiate_enabled\'', '033_auto_instantiate_from_event', /^config iu_core\.auto_instantiate_enabled: it is not there$/],
  ]

  test.each(cases)('%s', (_what, statement, migration, problem) => withDatabase(async ({ db }) => {
    await sql.raw(statement).execute(db)
    await forget(db)
    const [rows, schema] = [await contents(db), await dumpSchema(db)]
    const found = await adopt(db)
    expect(found.filter(standing => standing.state === 'disagrees')).toEqual([{ migration, state: 'disagrees', problems: [expect.stringMatching(problem)] }])
    expect(adoptionReport(found)).toMatch(/^One migration disagrees with what the database has\. Nothing was changed\.\n/)
    expect(await contents(db)).toEqual(rows)
    expect(await dumpSchema(db)).toBe(schema)
    expect(await appliedNames(db)).toEqual([])
  }))

  const SUMMARY = 'v_iu_auto_instantiate_event_summary'
  const COMPOSER = { migration: '006_config_gate', state: 'disagrees', problems: ['function public.fn_iu_composer_enabled(): its definition differs'] }
  test.each([
    [31, '', [COMPOSER]],
    [33, `drop view public.${SUMMARY}; create view public.${SUMMARY} as select 1 as instances;`, [
      COMPOSER, { migration: '033_auto_instantiate_from_event', state: 'disagrees', problems: [expect.stringMatching(`^view public.${SUMMARY}: it is `)] },
    ]],
  ] as const)('built up to 0%i: each is named, and what is missing stays missing', (last, alterView, disagreeing) => withDatabase(async ({ db }) => {
    await rollbackTo(db, last)
    await sql.raw(`${alterView} create or replace function public.fn_iu_composer_enabled() returns boolean language sql as 'select true'`).execute(db)
    await forget(db)
    const [rows, schema] = [await contents(db), await dumpSchema(db)]
    const found = await adopt(db)
    expect(found.filter(standing => standing.state === 'disagrees')).toEqual(disagreeing)
    expect(inState(found, 'missing')).toEqual(names(all.filter(migration => migration.number > last)))
    expect(await contents(db)).toEqual(rows)
    expect(await dumpSchema(db)).toBe(schema)
    expect(await appliedNames(db)).toEqual([])
  }))

  test('unless only definitions differ and they are to be kept', () => withDatabase(async ({ db }) => {
    await sql.raw(`${EVENT_TYPE} from public.event_type_registry t where t.active`).execute(db)
    await forget(db)
    const altered = await dumpSchema(db)
    expect(inState(await adopt(db, { keepDefinitions: true }), 'there')).toEqual(names(all))
    expect(await dumpSchema(db)).toBe(altered)
    expect((await scanConformance(db)).differences).toMatchObject([{ kind: 'changed', name: 'public.v_iu_event_type' }])

    await sql.raw(SET).execute(db)
    await forget(db)
    expect(inState(await adopt(db, { keepDefinitions: true }), 'disagrees')).toEqual(['006_config_gate'])
  }))
})

test('when a missing migration cannot be applied, nothing is recorded and nothing applied', () => withDatabase(async ({ db }) => {
  await rollbackTo(db, 33)
  await forget(db)
  // What stands in the way is no object that a migration makes.
  await sql.raw('create sequence public.v_iu_piece').execute(db)
  const schema = await dumpSchema(db)
  await expect(adopt(db)).rejects.toThrow(/041_console_views\.sql: relation "v_iu_piece" already exists/)
  expect(await dumpSchema(db)).toBe(schema)
  expect(await appliedNames(db)).toEqual([])
}))

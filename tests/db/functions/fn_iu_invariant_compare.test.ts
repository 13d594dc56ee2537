import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { replay } from '../../../server/cli/demo'
import { ACTOR, COMPOSER_GATE, addPieces, addTemplate, call, expectRefusal, openGates, registerVersion, rowsOf, unusableTexts } from '../fixtures'
import { seededDatabase, withDatabase, withTransaction } from '../../helpers/db'
import type { Db } from '../../../server/db/client'

const SNAPSHOT = 'fn_iu_invariant_snapshot'
const COMPARE = 'fn_iu_invariant_compare'

interface Surface { surface: string, before: number | null, after: number | null, delta: number, expected: number | null, stated: boolean, verdict: string }
interface Comparison { status: string, verdict: string, unexpected: number, surfaces: Surface[] }

const snapshot = async (db: Db, name: string) =>
  expect(await call(db, SNAPSHOT, { p_name: name, p_actor: ACTOR })).toMatchObject({ status: 'ok', name })
const compare = (db: Db, from: string, to: string | null = null, expected: Record<string, number> = {}) =>
  call<Comparison>(db, COMPARE, { p_from: from, p_to: to, p_expected: JSON.stringify(expected) })
const red = (comparison: Comparison) => comparison.surfaces.filter(row => ['unexpected', 'gone'].includes(row.verdict)).map(row => row.surface)
const addEvent = (db: Db, domain: string) => sql`insert into public.event_outbox (event_domain, event_type) values (${domain}, 'a.type')`.execute(db)

/** What the operation reports of itself, surface by surface. */
const DOCUMENTED = {
  'information_unit': 1, 'iu_piece_collection': 14, 'iu_piece_membership': 75, 'iu_collection_template_instance_lineage': 13,
  'iu_auto_instantiate_event_log': 13, 'iu_collection_template_registry': 1, 'iu_collection_template_version': 2, 'event_outbox iu': 89,
}

describe('the operation of 25000x', () => {
  test('is all green against the deltas it documents, against now and against a second snapshot', () => seededDatabase(async ({ db }) => {
    await snapshot(db, 'before')
    await replay(db)
    await snapshot(db, 'after')
    for (const to of [null, 'after']) {
      const comparison = await compare(db, 'before', to, DOCUMENTED)
      expect(red(comparison)).toEqual([])
      expect(comparison).toMatchObject({ status: 'ok', verdict: 'green', unexpected: 0 })
      const row = (surface: string) => comparison.surfaces.find(row => row.surface === surface)
      expect(row('iu_piece_membership')).toMatchObject({ before: 43, after: 118, delta: 75, expected: 75, stated: true, verdict: 'expected' })
      expect(row('event_outbox')).toMatchObject({ delta: 89, expected: 89, stated: false, verdict: 'expected' })
      for (const [surface, rows] of [['iu_lifecycle_log', 146], ['iu_vector_sync_point', 152], ['event_outbox system', 14], ['open gates', 0], [`gate ${COMPOSER_GATE}`, 0]] as const) {
        expect([surface, row(surface)]).toEqual([surface, expect.objectContaining({ before: rows, after: rows, delta: 0, expected: 0, verdict: 'invariant' })])
      }
    }
  }))

  test.each(Object.keys(DOCUMENTED))('is red when %s is expected otherwise, or not stated', surface => seededDatabase(async ({ db }) => {
    await snapshot(db, 'before')
    await replay(db)
    const stated = DOCUMENTED as Record<string, number>
    const wrong = await compare(db, 'before', null, { ...stated, [surface]: stated[surface]! + 1 })
    expect(wrong.verdict).toBe('red')
    expect(red(wrong)).toContain(surface)
    const { [surface]: _, ...rest } = stated
    expect(red(await compare(db, 'before', null, rest))).toContain(surface)
  }))
})

describe('what is not stated must not change', () => {
  test('nothing happened: green, and the record of snapshots is not judged', () => withTransaction(async (db) => {
    await snapshot(db, 'before')
    await snapshot(db, 'after')
    const comparison = await compare(db, 'before')
    expect(comparison).toMatchObject({ verdict: 'green', unexpected: 0 })
    expect(comparison.surfaces.find(row => row.surface === 'iu_invariant_snapshot')).toMatchObject({ delta: 1, expected: null, verdict: 'not_judged' })
  }))

  test('another domain\'s event is red even where the outbox as a whole is stated', () => withTransaction(async (db) => {
    await addEvent(db, 'system')
    await snapshot(db, 'before')
    await addEvent(db, 'system')
    await addEvent(db, 'iu')
    expect(red(await compare(db, 'before', null, { event_outbox: 2 }))).toEqual(['event_outbox iu', 'event_outbox system'])
    expect(red(await compare(db, 'before', null, { 'event_outbox iu': 1 }))).toEqual(['event_outbox', 'event_outbox system'])
    expect(red(await compare(db, 'before', null, { 'event_outbox iu': 1, 'event_outbox system': 1 }))).toEqual([])
  }))

  test('a version that changes its status is red though there are as many versions', () => withTransaction(async (db) => {
    await registerVersion(db, await addTemplate(db, await addPieces(db, 1)), 'a-family', 1)
    await snapshot(db, 'before')
    await sql`update public.iu_collection_template_version set version_status = 'retired'`.execute(db)
    expect(red(await compare(db, 'before'))).toEqual(['iu_collection_template_version current', 'iu_collection_template_version retired'])
  }))

  test('a gate left open is red', () => withTransaction(async (db) => {
    await snapshot(db, 'before')
    await openGates(db, COMPOSER_GATE)
    expect(red(await compare(db, 'before'))).toEqual(['open gates', `gate ${COMPOSER_GATE}`])
  }))

  test('a table that has gone is red, however empty it was; one that is new counts from nothing', () => withTransaction(async (db) => {
    await sql`create table public.leaving (id int primary key)`.execute(db)
    await sql`alter table public.leaving owner to iu_owner`.execute(db)
    await snapshot(db, 'before')
    await sql`drop table public.leaving`.execute(db)
    await sql`create table public.coming (id int primary key)`.execute(db)
    await sql`alter table public.coming owner to iu_owner`.execute(db)
    await sql`insert into public.coming values (1), (2)`.execute(db)
    const comparison = await compare(db, 'before', null, { coming: 2 })
    expect(comparison.surfaces.find(row => row.surface === 'leaving')).toMatchObject({ before: 0, after: null, verdict: 'gone' })
    expect(comparison.surfaces.find(row => row.surface === 'coming')).toMatchObject({ before: null, after: 2, delta: 2, verdict: 'expected' })
    expect(red(comparison)).toEqual(['leaving'])
  }))

  test('a table of somebody else\'s, which the factory may not read, is passed over', () => withTransaction(async (db) => {
    await snapshot(db, 'before')
    await sql`create table public.of_others (id int primary key)`.execute(db)
    expect((await compare(db, 'before')).surfaces.map(row => row.surface)).not.toContain('of_others')
  }))
})

describe('a snapshot', () => {
  test('counts every table of the schema', () => withTransaction(async (db) => {
    await snapshot(db, 'before')
    const tables = await rowsOf(db, sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`)
    const surfaces = (await compare(db, 'before')).surfaces.map(row => row.surface)
    expect(surfaces).toEqual(expect.arrayContaining(tables.map(table => table.name)))
    expect(await rowsOf(db, sql`select name, taken_by, surfaces, open_gates from public.v_iu_invariant_snapshot`))
      .toEqual([{ name: 'before', taken_by: ACTOR, surfaces: surfaces.length, open_gates: 0 }])
  }))

  test('counts the rows of each axis of the envelope', () => withTransaction(async (db) => {
    const [piece] = await addPieces(db, 1)
    await sql`insert into public.iu_three_axis_envelope (axis_key, iu_id, collection_ids) values ('DIEU-28', ${piece}, '{}')`.execute(db)
    await snapshot(db, 'before')
    expect((await compare(db, 'before')).surfaces)
      .toContainEqual(expect.objectContaining({ surface: 'iu_three_axis_envelope DIEU-28', before: 1, verdict: 'invariant' }))
  }))

  test('keeps its name: a second one of that name is refused and the first stays as it was', () => withTransaction(async (db) => {
    await snapshot(db, 'before')
    await expectRefusal(db, SNAPSHOT, { p_name: 'before', p_actor: ACTOR }, { status: 'snapshot_name_taken', field: 'p_name', reason: 'There is a snapshot before already.' })
  }))

  test('two at once under one name: one is taken, one is refused', () => withDatabase(async ({ db }) => {
    const outcomes = await Promise.all([1, 2].map(() => call(db, SNAPSHOT, { p_name: 'same', p_actor: ACTOR })))
    expect(outcomes.map(outcome => outcome.status).sort()).toEqual(['ok', 'snapshot_name_taken'])
  }))

  test.each(unusableTexts(128))('with a name or an actor that is %s is refused', (_, text) => withTransaction(async (db) => {
    await expectRefusal(db, SNAPSHOT, { p_name: text, p_actor: ACTOR }, { status: 'invalid_input', field: 'p_name' })
    await expectRefusal(db, SNAPSHOT, { p_name: 'a', p_actor: text }, { status: 'invalid_input', field: 'p_actor' })
  }))
})

describe('comparing refuses', () => {
  test('a snapshot that is not there, naming it', () => withTransaction(async (db) => {
    await snapshot(db, 'before')
    await expectRefusal(db, COMPARE, { p_from: 'befor' }, { status: 'snapshot_not_found', field: 'p_from', reason: 'There is no snapshot befor.' })
    await expectRefusal(db, COMPARE, { p_from: 'before', p_to: 'aftr' }, { status: 'snapshot_not_found', field: 'p_to', reason: 'There is no snapshot aftr.' })
    await expectRefusal(db, COMPARE, { p_from: null }, { status: 'invalid_input', field: 'p_from' })
  }))

  test.each([
    ['a misspelt surface', '{"infomation_unit": 1}', 'surface_not_found', 'There is no surface infomation_unit.'],
    ['a delta that is no whole number', '{"information_unit": 1.5}', 'invalid_input', 'The expected delta of information_unit is no whole number.'],
    ['a delta that is text', '{"information_unit": "1"}', 'invalid_input', 'The expected delta of information_unit is no whole number.'],
    ['no object', '[1]', 'invalid_input', 'Expected deltas are whole numbers by surface.'],
  ])('%s, naming it', (_, p_expected, status, reason) => withTransaction(async (db) => {
    await snapshot(db, 'before')
    await expectRefusal(db, COMPARE, { p_from: 'before', p_expected }, { status, field: 'p_expected', reason })
  }))
})

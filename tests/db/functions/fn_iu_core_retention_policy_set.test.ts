import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, addPiece, call, expectError, expectRefusal, oneRow, rowsOf, unusableTexts } from '../fixtures'
import { seededDatabase, withTransaction } from '../../helpers/db'
import type { Db } from '../../../server/db/client'

const SET = 'fn_iu_core_retention_policy_set'
const policy = {
  p_table: 'iu_lifecycle_log', p_age_column: 'created_at', p_keep_for: '90 days', p_actor_column: 'actor', p_active: true,
  p_note: 'kept a quarter', p_actor: ACTOR, p_reason: 'tidying up',
}
const counted = async (db: Db, table: string) => oneRow(db, sql<Record<string, unknown>>`
  select * from public.fn_iu_core_retention_candidates() where table_name = ${table}`)
const changes = (db: Db) => rowsOf(db, sql<Record<string, unknown>>`
  select table_name, old_policy ->> 'keep_for' as was, new_policy ->> 'keep_for' as is, changed_by, reason
  from public.iu_core_retention_policy_change where table_name = 'iu_lifecycle_log' order by id`)

describe('setting a policy', () => {
  test('adds it, changes it, and records who, why and from what', () => withTransaction(async (db) => {
    expect(await call(db, SET, policy)).toEqual({ status: 'ok', table_name: 'iu_lifecycle_log', changed: true })
    expect(await call(db, SET, { ...policy, p_keep_for: '30 days', p_reason: null })).toMatchObject({ changed: true })
    expect(await changes(db)).toEqual([
      { table_name: 'iu_lifecycle_log', was: null, is: '90 days', changed_by: ACTOR, reason: 'tidying up' },
      { table_name: 'iu_lifecycle_log', was: '90 days', is: '30 days', changed_by: ACTOR, reason: null },
    ])
    expect(await oneRow(db, sql`select * from public.v_iu_core_retention_policy where table_name = 'iu_lifecycle_log'`))
      .toMatchObject({ keep_for: '30 days', keep_days: 30, actor_column: 'actor', active: true, note: 'kept a quarter', set_by: ACTOR, fault: null })
  }))

  test('to what it is records no change', () => withTransaction(async (db) => {
    await call(db, SET, policy)
    expect(await call(db, SET, { ...policy, p_actor: 'another' })).toMatchObject({ status: 'ok', changed: false })
    expect(await changes(db)).toHaveLength(1)
  }))

  test('by hand is recorded under the login', () => withTransaction(async (db) => {
    await call(db, SET, policy)
    await sql`update public.iu_core_retention_policy set keep_for = '40 days' where table_name = 'iu_lifecycle_log'`.execute(db)
    const { login } = await oneRow(db, sql<{ login: string }>`select session_user::text as login`)
    expect((await changes(db)).at(-1)).toMatchObject({ was: '90 days', is: '40 days', changed_by: login, reason: null })
  }))
})

describe('a policy is refused', () => {
  test.each([
    ['a table that does not exist', { p_table: 'no_such_table' }, 'policy_table_not_found', 'p_table', 'There is no table no_such_table.'],
    ['a view', { p_table: 'v_iu_gate' }, 'policy_table_not_found', 'p_table', 'There is no table v_iu_gate.'],
    ['a table of another schema', { p_table: 'pg_class' }, 'policy_table_not_found', 'p_table', 'There is no table pg_class.'],
    ['a statement', { p_table: 'x; drop table public.dot_config' }, 'policy_table_not_found', 'p_table', 'There is no table x; drop table public.dot_config.'],
    ['what the factory is made of', { p_table: 'information_unit', p_actor_column: null }, 'policy_table_protected', 'p_table', /information_unit/],
    ['its own record', { p_table: 'iu_core_retention_log', p_age_column: 'removed_at' }, 'policy_table_protected', 'p_table', /iu_core_retention_log/],
    ['an age column that does not exist', { p_age_column: 'born_at' }, 'policy_column_not_found', 'p_age_column', 'There is no column born_at in iu_lifecycle_log.'],
    ['an age column that is no time', { p_age_column: 'actor' }, 'policy_column_unsuitable', 'p_age_column', /iu_lifecycle_log\.actor is no point in time, but text/],
    ['a system column', { p_age_column: 'xmin' }, 'policy_column_not_found', 'p_age_column', /xmin/],
    ['an actor column that does not exist', { p_actor_column: 'culprit' }, 'policy_column_not_found', 'p_actor_column', 'There is no column culprit in iu_lifecycle_log.'],
    ['an actor column that is no text', { p_actor_column: 'iu_id' }, 'policy_column_unsuitable', 'p_actor_column', /iu_id is no text, but uuid/],
  ])('on %s, naming it', (_, over, status, field, reason) => withTransaction(async (db) => {
    await expectRefusal(db, SET, { ...policy, ...over }, { status, field, reason: typeof reason === 'string' ? reason : expect.stringMatching(reason) })
  }))

  test('by hand, too', () => withTransaction(async (db) => {
    await expectError(db, sql`insert into public.iu_core_retention_policy (table_name, age_column, keep_for) values ('no_such_table', 'at', '9 days')`, /There is no table no_such_table/)
    await expectError(db, sql`update public.iu_core_retention_policy set age_column = 'born_at'`, /There is no column born_at in/)
  }))

  test.each([
    ['p_keep_for', { p_keep_for: null }], ['p_keep_for', { p_keep_for: '23 hours' }], ['p_keep_for', { p_keep_for: '101 years' }],
    ['p_keep_for', { p_keep_for: '-1 year' }], ['p_actor_column', { p_actor_column: ' ' }], ['p_active', { p_active: null }],
    ['p_table', { p_table: null }], ['p_age_column', { p_age_column: '' }], ['p_note', { p_note: 'n'.repeat(2001) }], ['p_reason', { p_reason: 'r'.repeat(2001) }],
  ])('with unusable %s', (field, over) => withTransaction(async (db) => {
    await expectRefusal(db, SET, { ...policy, ...over }, { status: 'invalid_input', field })
  }))

  test.each(unusableTexts(128))('from an actor that is %s', (_, actor) => withTransaction(async (db) => {
    await expectRefusal(db, SET, { ...policy, p_actor: actor }, { status: 'invalid_input', field: 'p_actor' })
  }))
})

describe('candidates', () => {
  test('are counted for active and inactive policies, and a fault is told', () => withTransaction(async (db) => {
    await call(db, SET, { ...policy, p_active: false })
    const piece = await addPiece(db)
    await sql`insert into public.iu_lifecycle_log (iu_id, change, to_status, actor, created_at)
      select ${piece}, 'enacted', 'active', 'a', now() - make_interval(days => d) from unnest(array[10, 89, 91, 200]) d`.execute(db)
    expect(await counted(db, 'iu_lifecycle_log')).toMatchObject({ total_rows: 4, candidates: 2, removable: 2, kept_by: [], fault: null })
    await sql`alter table public.iu_lifecycle_log rename column created_at to at`.execute(db)
    expect(await counted(db, 'iu_lifecycle_log')).toMatchObject({ total_rows: null, candidates: null, fault: 'There is no column created_at in iu_lifecycle_log.' })
  }))

  test('of the demo dataset there are none: every policy that was registered is long', () => seededDatabase(async ({ db }) => {
    const rows = await rowsOf(db, sql<{ table_name: string, candidates: number, active: boolean, actor_column: string }>`
      select table_name, candidates, active, actor_column from public.v_iu_core_retention_policy order by table_name`)
    expect(rows.filter(row => row.candidates !== 0)).toEqual([])
    expect(rows).toContainEqual({ table_name: 'iu_auto_instantiate_event_log', candidates: 0, active: false, actor_column: 'triggered_by' })
    expect(rows.map(row => row.table_name)).toEqual(expect.arrayContaining(['dot_config_change', 'dot_iu_command_run', 'event_outbox']))
  }))
})

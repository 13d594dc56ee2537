import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, addTemplate, call, contents, expectRefusal, instantiate, oneRow, openGates, rowsOf, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const CLEANUP = 'fn_iu_core_retention_cleanup'
const GATE = 'iu_core.retention_cleanup_enabled'
const live = { p_table: 'event_outbox', p_dry_run: false, p_actor: ACTOR }

interface Cleanup {
  status: string
  cleanup_id: string | null
  removable_rows: number
  kept_rows: number
  removed_rows: number
  tables: { table_name: string, candidates: number, removable: number, removed: number, batches: number, kept: number, kept_by: object[], rows_digest: string }[]
  skipped: { table_name: string, reason: string }[]
}
const cleanup = (db: Trx, args: Record<string, unknown> = {}) => call<Cleanup>(db, CLEANUP, args)

/** Adds outbox events that are that many days old. */
const addEvents = (db: Trx, ages: number[], actor: string | null = ACTOR) => sql`
  insert into public.event_outbox (event_domain, event_type, actor, safe_payload, created_at)
  select 'system', 'system.tick', ${actor}, jsonb_build_object('age', age, 'text', E'naïve "quotes"\nand lines'), now() - make_interval(days => age)
  from unnest(${ages}::int[]) age`.execute(db)
/** Adds a record of a preview or run, that many days old. */
const addRun = async (db: Trx, age: number, phase: 'preview' | 'run', previewId: string | null = null) => (await oneRow(db, sql<{ id: string }>`
  insert into public.dot_iu_command_run (command_name, phase, operator, actor, parameters, dry_run, status, refused, result, preview_id, started_at, duration_ms)
  values ('dot_iu_gate_set', ${phase}, 'operator', ${ACTOR}, '{}', false, 'ok', false, '{}', ${previewId}, now() - make_interval(days => ${age}), 1.5)
  returning id`)).id
const ages = (db: Trx) => rowsOf(db, sql<{ age: number }>`select (safe_payload ->> 'age')::int as age from public.event_outbox order by 1`)
  .then(rows => rows.map(row => row.age))
const logRows = (db: Trx) => rowsOf(db, sql<{ table_name: string, rows: number, batch: number }>`
  select table_name, rows, batch, prune_actor, removed_by from public.iu_core_retention_log order by id`)

describe('a dry run', () => {
  test('is what happens when nothing else is said: it counts what is past its age and changes nothing', () => withTransaction(async (db) => {
    await addEvents(db, [364, 366, 800])
    const before = await contents(db)
    const outcome = await cleanup(db)
    expect(outcome).toMatchObject({ status: 'ok', dry_run: true, cleanup_id: null, removable_rows: 2, kept_rows: 0, removed_rows: 0 })
    expect(outcome.tables.find(row => row.table_name === 'event_outbox')).toMatchObject({ candidates: 2, removable: 2, removed: 0, kept_by: [] })
    expect(outcome.skipped).toEqual([{ table_name: 'iu_auto_instantiate_event_log', reason: 'inactive' }])
    expect(await contents(db)).toEqual(before)
  }))

  test('needs no gate and no actor', () => withTransaction(async (db) => {
    expect((await cleanup(db, { p_table: 'event_outbox' })).status).toBe('ok')
  }))

  test('tells other rows by another digest, though there are as many', () => withTransaction(async (db) => {
    await addEvents(db, [400])
    const digest = async () => (await cleanup(db, { p_table: 'event_outbox' })).tables[0]!.rows_digest
    const first = await digest()
    expect(await digest()).toBe(first)
    await sql`update public.event_outbox set safe_payload = safe_payload || '{"age": 401}'`.execute(db)
    expect(await digest()).not.toBe(first)
  }))
})

describe('a live run', () => {
  test('removes in batches what the dry run counted, the oldest first, and keeps what is younger', () => withTransaction(async (db) => {
    await addEvents(db, [10, 364, 366, 400, 500, 600, 700])
    await openGates(db, GATE)
    const dry = await cleanup(db, { p_table: 'event_outbox' })
    const done = await cleanup(db, { ...live, p_batch: 2 })
    expect(done).toMatchObject({ status: 'ok', dry_run: false, removable_rows: 5, removed_rows: 5, cleanup_id: expect.any(String) })
    expect(done.tables).toEqual([{ ...dry.tables[0], removed: 5, batches: 3 }])
    expect(await ages(db)).toEqual([10, 364])
    expect(await logRows(db)).toEqual([2, 2, 1].map((rows, index) => ({
      table_name: 'event_outbox', rows, batch: index + 1, prune_actor: null, removed_by: ACTOR,
    })))
  }))

  test('puts every row it removes on record, whole: put back, the table is as it was', () => withTransaction(async (db) => {
    await addEvents(db, [366, 400, 500], null)
    await addEvents(db, [20])
    const before = (await contents(db)).event_outbox
    await openGates(db, GATE)
    const { cleanup_id } = await cleanup(db, live)
    expect((await contents(db)).event_outbox).not.toBe(before)
    await sql`insert into public.event_outbox
      select back.* from public.v_iu_core_retention_archive a, jsonb_populate_record(null::public.event_outbox, a.removed_row) back
      where a.cleanup_id = ${cleanup_id}`.execute(db)
    expect((await contents(db)).event_outbox).toBe(before)
  }))

  test('with nothing past its age removes and records nothing', () => withTransaction(async (db) => {
    await addEvents(db, [1])
    await openGates(db, GATE)
    expect(await cleanup(db, { p_dry_run: false, p_actor: ACTOR })).toMatchObject({ status: 'ok', removed_rows: 0 })
    expect(await logRows(db)).toEqual([])
  }))

  test('of one actor leaves the others\' rows, and the young ones of the actor', () => withTransaction(async (db) => {
    await addEvents(db, [400, 10], 'pruned')
    await addEvents(db, [401, 402], 'spared')
    await openGates(db, GATE)
    expect(await cleanup(db, { ...live, p_prune_actor: 'pruned' })).toMatchObject({ removed_rows: 1, prune_actor: 'pruned' })
    expect(await ages(db)).toEqual([10, 401, 402])
    expect(await logRows(db)).toMatchObject([{ rows: 1, prune_actor: 'pruned' }])
  }))

  test('prunes the event log by the column that its policy names', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    await instantiate(db, template, { p_actor: 'bulk-one' })
    await instantiate(db, template, { p_actor: 'bulk-two' })
    await sql`update public.iu_auto_instantiate_event_log set created_at = now() - interval '800 days'`.execute(db)
    await sql`update public.iu_core_retention_policy set active = true where table_name = 'iu_auto_instantiate_event_log'`.execute(db)
    await openGates(db, GATE)
    expect(await cleanup(db, { p_dry_run: false, p_actor: ACTOR, p_prune_actor: 'bulk-one' })).toMatchObject({ removed_rows: 1 })
    expect(await rowsOf(db, sql`select triggered_by from public.iu_auto_instantiate_event_log`)).toEqual([{ triggered_by: 'bulk-two' }])
  }))
})

describe('a row that another one refers to', () => {
  test('stays with the reason, dry and live; it goes once the other has gone', () => withTransaction(async (db) => {
    const preview = await addRun(db, 401, 'preview')
    await addRun(db, 400, 'run', preview)
    await addRun(db, 500, 'preview')
    await openGates(db, GATE)
    const kept = { removable_rows: 2, kept_rows: 1 }
    const kept_by = [{ by: 'public.dot_iu_command_run.preview_id', rows: 1 }]
    const table = { p_table: 'dot_iu_command_run' }
    const dry = await cleanup(db, table)
    expect(dry).toMatchObject({ ...kept, tables: [{ candidates: 3, removable: 2, kept: 1, kept_by }] })
    expect(await cleanup(db, { ...live, ...table, p_batch: 1 })).toMatchObject({ ...kept, removed_rows: 2, tables: [{ kept: 1, kept_by }] })
    expect(await rowsOf(db, sql`select id from public.dot_iu_command_run`)).toEqual([{ id: preview }])
    expect(await cleanup(db, { ...live, ...table })).toMatchObject({ removed_rows: 1, kept_rows: 0 })
  }))

  test.each(['restrict', 'cascade', 'set null'])('stays also where the reference says on delete %s', action => withTransaction(async (db) => {
    await addEvents(db, [400, 500])
    await sql.raw(`create table public.pinned (id int primary key, event_id uuid references public.event_outbox (id) on delete ${action});
      alter table public.pinned owner to iu_owner`).execute(db)
    await sql`insert into public.pinned select 1, id from public.event_outbox where safe_payload ->> 'age' = '400'`.execute(db)
    await openGates(db, GATE)
    expect(await cleanup(db, live)).toMatchObject({ removed_rows: 1, kept_rows: 1, tables: [{ kept_by: [{ by: 'public.pinned.event_id', rows: 1 }] }] })
    expect(await ages(db)).toEqual([400])
    expect(await rowsOf(db, sql`select event_id is not null as whole from public.pinned`)).toEqual([{ whole: true }])
  }))

  test('that the catalogue does not show as such: refused as a whole, and nothing of it done', () => withTransaction(async (db) => {
    await addEvents(db, [400, 500, 600])
    await sql.raw(`create function public.pin() returns trigger language plpgsql as $$
      begin
        if old.safe_payload ->> 'age' = '400' then raise exception 'pinned by hand' using errcode = 'foreign_key_violation'; end if;
        return old;
      end $$;
      create trigger pin before delete on public.event_outbox for each row execute function public.pin()`).execute(db)
    await openGates(db, GATE)
    await expectRefusal(db, CLEANUP, { ...live, p_batch: 1 }, { status: 'blocked_by_reference', reason: 'pinned by hand' })
  }))
})

describe('the cleanup refuses', () => {
  test('to run live while its gate is closed', () => withTransaction(async (db) => {
    await addEvents(db, [400])
    await expectRefusal(db, CLEANUP, live, { status: 'retention_gate_closed', gate: GATE })
  }))

  test.each([
    ['no such policy', { p_table: 'no_such_table' }, 'policy_not_found', /no_such_table/],
    ['an inactive one', { p_table: 'iu_auto_instantiate_event_log' }, 'policy_inactive', /iu_auto_instantiate_event_log/],
  ])('%s, naming it', (_, args, status, reason) => withTransaction(async (db) => {
    await expectRefusal(db, CLEANUP, args, { status, field: 'p_table', reason: expect.stringMatching(reason) })
  }))

  test('to prune by actor where the policy names no actor column; over all tables it is left out', () => withTransaction(async (db) => {
    await sql`update public.iu_core_retention_policy set actor_column = null where table_name = 'event_outbox'`.execute(db)
    await expectRefusal(db, CLEANUP, { p_table: 'event_outbox', p_prune_actor: 'a' }, { status: 'policy_without_actor_column', field: 'p_prune_actor' })
    expect((await cleanup(db, { p_prune_actor: 'a' })).skipped).toContainEqual({ table_name: 'event_outbox', reason: 'no_actor_column' })
  }))

  test('a policy whose column has gone since, naming it; over all tables it is left out with the reason', () => withTransaction(async (db) => {
    await sql`alter table public.event_outbox rename column actor to performer`.execute(db)
    const reason = 'There is no column actor in event_outbox.'
    await expectRefusal(db, CLEANUP, { p_table: 'event_outbox' }, { status: 'policy_column_not_found', reason })
    expect((await cleanup(db)).skipped).toContainEqual({ table_name: 'event_outbox', reason })
  }))

  test.each([
    ['p_table', { p_table: ' ' }], ['p_dry_run', { p_dry_run: null }], ['p_batch', { p_batch: 0 }], ['p_batch', { p_batch: 10_001 }],
    ['p_batch', { p_batch: null }], ['p_prune_actor', { p_prune_actor: '' }], ['p_prune_actor', { p_prune_actor: 'x'.repeat(129) }],
  ])('unusable %s', (field, args) => withTransaction(async (db) => {
    await expectRefusal(db, CLEANUP, args, { status: 'invalid_input', field })
  }))

  test.each(unusableTexts(128))('to run live for an actor that is %s', (_, actor) => withTransaction(async (db) => {
    await openGates(db, GATE)
    await expectRefusal(db, CLEANUP, { ...live, p_actor: actor }, { status: 'invalid_input', field: 'p_actor' })
  }))
})

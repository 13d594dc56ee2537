import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { listMigrations } from '../../../server/cli/migration-files'
import { pendingMigrations, rollbackTo } from '../../../server/cli/migrator'
import { dumpSchema } from '../../../server/cli/schema-dump'
import { seededDatabase, withDatabase } from '../../helpers/db'
import { fingerprint } from '../replay/fingerprint'

const PIECE = `insert into public.information_unit (canonical_address, title, body, created_by)
  values ('a/piece', 'A piece', 'Its text', 'guard-test');`
const COLLECTION = `insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by)
  values ('a-template', 'file', 'A template', 'guard-test'), ('an-instance', 'file', 'An instance', 'guard-test');`
const MEMBER = `${PIECE} ${COLLECTION}
  insert into public.iu_piece_membership (collection_id, iu_id, piece_order)
  select c.id, u.id, 1 from public.iu_piece_collection c, public.information_unit u where c.collection_key = 'a-template';`
const LINEAGE = `${COLLECTION}
  insert into public.iu_collection_template_instance_lineage
    (instance_collection_id, template_collection_id, base_manifest_digest, instantiated_by)
  select i.id, t.id, t.manifest_digest, 'guard-test' from public.iu_piece_collection i, public.iu_piece_collection t
  where i.collection_key = 'an-instance' and t.collection_key = 'a-template';`

/** A row that each guard protects, and what the guard says of it. */
const guards = [
  { number: 1, rows: 'a piece', make: PIECE, refusal: 'information_unit holds rows' },
  { number: 2, rows: 'a collection', make: COLLECTION, refusal: 'iu_piece_collection holds rows' },
  { number: 3, rows: 'a manifest', make: MEMBER, refusal: 'iu_manifest holds rows' },
  { number: 4, rows: 'a change in the lifecycle log', refusal: 'iu_lifecycle_log holds rows',
    make: `${PIECE} insert into public.iu_lifecycle_log (iu_id, change, to_status, actor)
      select id, 'enacted', 'active', 'guard-test' from public.information_unit;` },
  { number: 5, rows: 'a sync point', refusal: 'iu_vector_sync_point holds rows',
    make: `${PIECE} insert into public.iu_vector_sync_point (iu_id, vector_collection, content_digest)
      select id, 'chunks', content_digest from public.information_unit;` },
  { number: 6, rows: 'a gate that an operator set', refusal: 'dot_config_change holds the record of changes',
    make: 'select public.fn_iu_gate_set(\'iu_core.composer_enabled\', true, \'guard-test\', null);' },
  { number: 6, rows: 'a gate that was set by hand', refusal: 'dot_config_change holds the record of changes',
    make: 'update public.dot_config set value = \'true\' where key = \'iu_core.composer_enabled\';' },
  { number: 7, rows: 'an event', refusal: 'event_outbox or route_registry holds rows',
    make: 'insert into public.event_outbox (event_domain, event_type) values (\'system\', \'system.started\');' },
  { number: 7, rows: 'a route', refusal: 'event_outbox or route_registry holds rows',
    make: 'insert into public.route_registry (route_key, event_type, target) values (\'a-route\', \'iu.piece.revised\', \'somewhere\');' },
  { number: 9, rows: 'a run', refusal: 'dot_iu_command_run holds rows',
    make: `insert into public.dot_iu_command_run
        (command_name, phase, operator, parameters, dry_run, status, refused, result, started_at, duration_ms)
      values ('dot_iu_gate_set', 'run', 'operator', '{}', false, 'ok', false, '{}', now(), 1);` },
  { number: 10, rows: 'a successor in the lifecycle log', refusal: 'iu_lifecycle_log says which pieces took the place of others',
    make: `${PIECE} insert into public.iu_lifecycle_log (iu_id, change, to_status, actor, successor_ids)
      select id, 'superseded', 'superseded', 'guard-test', array[gen_random_uuid()] from public.information_unit;` },
  { number: 10, rows: 'a route for piece events', refusal: 'route_registry has routes for piece events',
    make: 'insert into public.route_registry (route_key, event_type, target) values (\'a-route\', \'updated\', \'somewhere\');' },
  { number: 11, rows: 'a delivery', refusal: 'the deliveries, their log or the record of route changes holds rows',
    make: `insert into public.event_outbox (event_domain, event_type) values ('system', 'system.started');
      insert into public.event_outbox_delivery (event_id, route_key, next_attempt_at) select id, 'a-route', now() from public.event_outbox;` },
  { number: 11, rows: 'an attempt', refusal: 'the deliveries, their log or the record of route changes holds rows',
    make: `insert into public.event_outbox_delivery_log (event_id, route_key, attempt, outcome, worker)
      values (gen_random_uuid(), 'a-route', 1, 'delivered', 'guard-test');` },
  { number: 11, rows: 'the record of a route that was removed', refusal: 'the deliveries, their log or the record of route changes holds rows',
    make: `insert into public.route_registry (route_key, event_type, target) values ('a-route', 'iu.piece.revised', 'log');
      delete from public.route_registry;` },
  { number: 12, rows: 'a command of somebody else', refusal: 'dot_iu_command_catalog holds commands that it did not come with',
    make: `insert into public.dot_iu_command_catalog (command_name, category, mutating, reversible, target_functions, description)
      values ('dot_iu_guard_test', 'health', false, true, '{fn_iu_guard_test}', 'A command that the guard has to see.');` },
  { number: 24, rows: 'a refresh on record', refusal: 'the refresh log or the error log of the three-axis envelope holds rows',
    make: 'select public.fn_iu_three_axis_envelope_refresh(\'guard-test\');' },
  { number: 24, rows: 'a fault on record', refusal: 'the refresh log or the error log of the three-axis envelope holds rows',
    make: `insert into public.iu_three_axis_envelope_trigger_error_log (trigger_name, sqlstate, message)
      values ('guard-test', '42883', 'does not exist');` },
  { number: 24, rows: 'an axis', refusal: 'iu_three_axis holds axes of its operators',
    make: 'insert into public.iu_three_axis (axis_key, title, address_pattern) values (\'OWN\', \'Their own\', \'own/%\');' },
  { number: 25, rows: 'a policy that an operator set', refusal: 'iu_core_retention_log holds removed rows or an operator has set a policy',
    make: 'select public.fn_iu_core_retention_policy_set(\'iu_lifecycle_log\', \'created_at\', \'90 days\', \'actor\', true, null, \'guard-test\', null);' },
  { number: 25, rows: 'removed rows', refusal: 'iu_core_retention_log holds removed rows or an operator has set a policy',
    make: `insert into public.iu_core_retention_log (cleanup_id, table_name, batch, rows, oldest_at, newest_at, archive, removed_by)
      values (gen_random_uuid(), 'event_outbox', 1, 1, now(), now(), '[{}]', 'guard-test');` },
  { number: 31, rows: 'a template', refusal: 'the template registry or the lineage holds rows',
    make: `${COLLECTION} insert into public.iu_collection_template_registry (collection_id, marked_by)
      select id, 'guard-test' from public.iu_piece_collection where collection_key = 'a-template';` },
  { number: 31, rows: 'a lineage', make: LINEAGE, refusal: 'the template registry or the lineage holds rows' },
  { number: 32, rows: 'a version', refusal: 'iu_collection_template_version holds live version rows',
    make: `${COLLECTION} insert into public.iu_collection_template_version
        (collection_id, template_family, version_label, version_seq, registered_by)
      select id, 'a-family', 'v1', 1, 'guard-test' from public.iu_piece_collection where collection_key = 'a-template';` },
  { number: 33, rows: 'an entry of the event log', refusal: 'iu_auto_instantiate_event_log holds rows',
    make: `${LINEAGE} insert into public.iu_auto_instantiate_event_log
        (instance_collection_id, template_collection_id, event_id, event_type, idempotency_key, emit_mode, triggered_by)
      select instance_collection_id, template_collection_id, gen_random_uuid(), 'an.event', 'a key', 'live', 'guard-test'
      from public.iu_collection_template_instance_lineage;` },
  ...['dot_iu_auto_instantiate_from_event', 'dot_iu_auto_instantiate_rollback_by_actor'].map(name => (
    { number: 34, rows: `a run of ${name}`, refusal: 'dot_iu_command_run holds runs of the two commands',
      make: `insert into public.dot_iu_command_run
          (command_name, phase, operator, parameters, dry_run, status, refused, result, started_at, duration_ms)
        values ('${name}', 'run', 'operator', '{}', true, 'ok', false, '{}', now(), 1);` })),
  { number: 35, rows: 'a policy that an operator changed', refusal: 'an operator has set one of its retention policies',
    make: 'select public.fn_iu_core_retention_policy_set(\'event_outbox\', \'created_at\', \'90 days\', \'actor\', true, null, \'guard-test\', null);' },
  { number: 42, rows: 'a boundary that was moved', refusal: 'event_type_registry holds a boundary that was moved by hand',
    make: 'update public.event_type_registry set internal_only = true where event_type = \'iu.piece.revised\';' },
  { number: 43, rows: 'when and why an instance was retired', refusal: 'iu_piece_collection holds the record of what was retired',
    make: `${LINEAGE} select public.fn_iu_collection_retire_by_actor('guard-test', false, 'because');` },
  { number: 46, rows: 'a snapshot', refusal: 'iu_invariant_snapshot holds rows',
    make: 'select public.fn_iu_invariant_snapshot(\'before\', \'guard-test\');' },
  { number: 47, rows: 'a run of one of the console’s own commands', refusal: 'dot_iu_command_run holds runs of the console\'s own commands, or others were added',
    make: `insert into public.dot_iu_command_run
        (command_name, phase, operator, parameters, dry_run, status, refused, result, started_at, duration_ms)
      values ('dot_iu_route_set_active', 'run', 'operator', '{}', false, 'ok', false, '{}', now(), 1);` },
  { number: 47, rows: 'a command that was added', refusal: 'dot_iu_command_run holds runs of the console\'s own commands, or others were added',
    make: `insert into console.command (command_name, category, mutating, reversible, target_functions, description)
      values ('dot_iu_guard_test', 'health', false, true, '{fn_iu_guard_test}', 'A command that the guard has to see.');` },
  { number: 49, rows: 'a person', refusal: 'person or audit_entry holds rows',
    make: 'insert into console.person (email, name) values (\'a@example.org\', \'A\');' },
  { number: 49, rows: 'an entry of the audit', refusal: 'person or audit_entry holds rows',
    make: 'select console.fn_audit_record(\'sign_in\', \'refused\', null, null);' },
]

const all = listMigrations()
const padded = (number: number) => String(number).padStart(3, '0')
const fileOf = (number: number) => all.find(migration => migration.number === number)!
const below = (number: number) => all.findLast(migration => migration.number < number)?.number ?? 0

describe.each(guards)('$number refuses to lose $rows', ({ number, make, refusal }) => {
  const said = `${padded(number)} rollback REFUSED: ${refusal}`

  test('in the runner, which then changes nothing; force passes', () => withDatabase(async ({ db }) => {
    await sql.raw(make).execute(db)
    const [schema, rows] = [await dumpSchema(db), await fingerprint(db)]

    // From the top: what stands above this one is rolled back first, and has to come back with the refusal.
    await expect(rollbackTo(db, below(number))).rejects.toThrow(said)
    expect(await dumpSchema(db)).toBe(schema)
    expect(await fingerprint(db)).toEqual(rows)
    expect(await pendingMigrations(db)).toEqual([])

    expect(await rollbackTo(db, below(number), { force: true })).toContain(fileOf(number).name)
    expect(await pendingMigrations(db)).toContain(fileOf(number).name)
  }))

  test('in a session of psql; only its own setting passes', () => withDatabase(async ({ db, url }) => {
    await rollbackTo(db, number)
    await sql.raw(make).execute(db)
    const [schema, rows] = [await dumpSchema(db), await fingerprint(db)]
    // Prepared, it can only be one statement: after the refusal of the first, psql would go on to the next.
    const rollback = { name: 'rollback', text: readFileSync(fileOf(number).downFile, 'utf8') }

    const session = new pg.Client({ connectionString: url })
    await session.connect()
    try {
      await expect(session.query(rollback)).rejects.toThrow(said)
      for (const setting of [`set iu_core.force_rollback_${padded(number + 1)} = 'true'`, `set iu_core.force_rollback_${padded(number)} = 'false'`]) {
        await session.query(setting)
        await expect(session.query(rollback), setting).rejects.toThrow(said)
      }
      expect(await dumpSchema(db)).toBe(schema)
      expect(await fingerprint(db)).toEqual(rows)

      await session.query(`set iu_core.force_rollback_${padded(number)} = 'true'`)
      await session.query(rollback)
    }
    finally {
      await session.end()
    }
    // One migration brings rows alone.
    expect([await dumpSchema(db), await fingerprint(db)]).not.toEqual([schema, rows])
  }))
})

test('every rollback that drops a table has a guard, and every guard is tried here', () => {
  const guarded = all.filter(({ downFile }) => readFileSync(downFile, 'utf8').includes('rollback REFUSED'))
  const dropping = all.filter(({ downFile }) => /drop table/i.test(readFileSync(downFile, 'utf8')))
  expect(guarded.map(({ number }) => number)).toEqual(expect.arrayContaining(dropping.map(({ number }) => number)))
  expect([...new Set(guards.map(({ number }) => number))]).toEqual(guarded.map(({ number }) => number))
})

test('the demo dataset is refused by the highest guard that it fills, and goes by force', () => seededDatabase(async ({ db }) => {
  const rows = await fingerprint(db)
  await expect(rollbackTo(db, 0)).rejects.toThrow('032 rollback REFUSED')
  expect(await fingerprint(db)).toEqual(rows)

  expect(await rollbackTo(db, 0, { force: true })).toHaveLength(all.length)
  expect(await fingerprint(db)).toEqual({})
}))

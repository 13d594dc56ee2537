import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { inventory, scanConformance } from '../../../server/db/conformance'
import { seededDatabase, withTransaction } from '../../helpers/db'
import { setConfig } from '../fixtures'
import type { DB } from '../../../server/db/types'

const N = inventory.objects.length

/** What is done by hand, and what the scan says of it: class, kind, name. */
const damages: [what: string, statement: string, ...found: [string, string, string]][] = [
  ['a table is dropped', 'drop table public.iu_vector_sync_point', 'table', 'missing', 'public.iu_vector_sync_point'],
  ['a table is new', 'create table public.iu_new_table (id int primary key)', 'table', 'extra', 'public.iu_new_table'],
  ['a column is added', 'alter table public.information_unit add column note text', 'table', 'changed', 'public.information_unit'],
  ['a default is changed', `alter table public.information_unit alter column lifecycle_status set default 'retired'`, 'table', 'changed', 'public.information_unit'],
  ['a constraint is dropped', 'alter table public.iu_manifest drop constraint iu_manifest_is_content_addressed', 'table', 'changed', 'public.iu_manifest'],
  ['a foreign key cascades', `alter table public.iu_lifecycle_log drop constraint iu_lifecycle_log_iu_id_fkey,
    add constraint iu_lifecycle_log_iu_id_fkey foreign key (iu_id) references public.information_unit (id) on delete cascade`, 'table', 'changed', 'public.iu_lifecycle_log'],
  ['an index is dropped', 'drop index public.iu_lifecycle_log_iu_id', 'table', 'changed', 'public.iu_lifecycle_log'],
  ['a view is dropped', 'drop view public.v_iu_event_type', 'view', 'missing', 'public.v_iu_event_type'],
  ['a view is new', 'create view public.v_iu_new as select 1 as n', 'view', 'extra', 'public.v_iu_new'],
  ['a view filters', `create or replace view public.v_iu_event_type as select t.event_type, t.event_domain, t.event_stream,
    t.delivery_lane, t.active, t.description from public.event_type_registry t where t.active`, 'view', 'changed', 'public.v_iu_event_type'],
  ['a view takes another column under the name', `create or replace view public.v_iu_event_type as select t.event_type, t.event_stream as event_domain,
    t.event_domain as event_stream, t.delivery_lane, t.active, t.description from public.event_type_registry t`, 'view', 'changed', 'public.v_iu_event_type'],
  ['a function does something else', `create or replace function public.fn_iu_text_digest(p_text text) returns text language sql immutable strict parallel safe
    set search_path = pg_catalog, pg_temp as 'select md5(p_text)'`, 'function', 'changed', 'public.fn_iu_text_digest(text)'],
  ['a function runs as its caller', 'alter function public.fn_iu_composer_enabled() security invoker', 'function', 'changed', 'public.fn_iu_composer_enabled()'],
  ['a function gets an overload', `create function public.fn_iu_composer_enabled(p_why text) returns boolean language sql as 'select true'`, 'function', 'extra', 'public.fn_iu_composer_enabled(text)'],
  ['a function is dropped', 'drop function public.fn_iu_core_healthcheck()', 'function', 'missing', 'public.fn_iu_core_healthcheck()'],
  ['a trigger is disabled', 'alter table public.dot_config disable trigger dot_config_change_updated', 'trigger', 'changed', 'public.dot_config.dot_config_change_updated'],
  ['a trigger is dropped', 'drop trigger dot_config_change_updated on public.dot_config', 'trigger', 'missing', 'public.dot_config.dot_config_change_updated'],
  ['a trigger is new', `create trigger again after insert on public.dot_config for each row execute function public.fn_iu_config_change_trigger()`, 'trigger', 'extra', 'public.dot_config.again'],
  ['a setting is gone', `delete from public.dot_config where key = 'iu_core.delivery_live_routes'`, 'config', 'missing', 'iu_core.delivery_live_routes'],
  ['a setting is new', `insert into public.dot_config values ('iu_core.unheard_of', 'x')`, 'config', 'extra', 'iu_core.unheard_of'],
  ['a gate opens the other way', `update public.iu_gate set open_value = 'false' where key = 'iu_core.composer_enabled'`, 'config', 'changed', 'iu_core.composer_enabled'],
  ['an event type is gone', `set local session_replication_role = replica; delete from public.event_type_registry where event_type = 'iu.template.instance_auto_composed'`, 'event_type', 'missing', 'iu.template.instance_auto_composed'],
  ['an event type is in another lane', `update public.event_type_registry set delivery_lane = 'live' where event_type = 'iu.piece.revised'`, 'event_type', 'changed', 'iu.piece.revised'],
  ['an event type is new', `insert into public.event_type_registry values ('iu.new', 'iu', 'update', 'delayed')`, 'event_type', 'extra', 'iu.new'],
  ['a route is new', `insert into public.route_registry (route_key, event_type, target) values ('a-route', 'iu.piece.revised', 'somewhere')`, 'route', 'extra', 'a-route'],
]

test('a migrated database conforms, and so does the demo with its rows', async () => {
  const whole = { conforms: true, verdict: `7/7 PASS at ${N} objects`, differences: [] }
  await withTransaction(async db => expect(await scanConformance<DB>(db)).toMatchObject(whole))
  await seededDatabase(async ({ db }) => expect(await scanConformance<DB>(db)).toMatchObject(whole))
})

describe('what was altered by hand is named, with both definitions', () => {
  test.each(damages)('%s', (_what, statement, of, kind, name) => withTransaction(async (db) => {
    await sql.raw(statement).execute(db)
    const report = await scanConformance<DB>(db)
    expect(report.conforms).toBe(false)
    expect(report.verdict).toBe(`6/7 classes pass at ${kind === 'extra' ? N : N - 1} objects`)
    expect(report.classes.filter(row => !row.conforms)).toMatchObject([{ class: of, [kind]: 1 }])
    expect(report.differences).toMatchObject([{ class: of, kind, name }])
    const [{ expected, live, migration }] = report.differences as [typeof report.differences[0]]
    expect([expected !== null, live !== null, migration !== null]).toEqual([kind !== 'extra', kind !== 'missing', kind !== 'extra'])
    expect(expected).not.toBe(live)
  }))

  test('and a route that is missing or leads elsewhere', () => withTransaction(async (db) => {
    await sql`insert into public.route_registry (route_key, event_type, target) values ('a-route', 'iu.piece.revised', 'here')`.execute(db)
    const route = { class: 'route' as const, name: 'a-route', signature: '', migration: '007_event_outbox', hash: 'another', definition: 'iu.piece.revised to there, active' }
    const wanted = { ...inventory, objects: [...inventory.objects, route, { ...route, name: 'b-route' }] }
    expect((await scanConformance<DB>(db, wanted)).differences).toMatchObject([
      { kind: 'changed', name: 'a-route', live: 'iu.piece.revised to here, active' }, { kind: 'missing', name: 'b-route', live: null },
    ])
  }))
})

test('neither an open gate nor what belongs to other systems is a difference', () => withTransaction(async (db) => {
  await setConfig(db, 'iu_core.composer_enabled', 'true')
  await setConfig(db, 'billing.enabled', 'true')
  await sql.raw(`
    create table public.invoice (id int primary key);
    create view public.v_invoice as select id from public.invoice;
    create function public.fn_invoice() returns trigger language plpgsql as 'begin return new; end';
    create trigger invoice_audit before insert on public.event_outbox for each row execute function public.fn_invoice();
    insert into public.event_type_registry values ('billing.paid', 'billing', 'update', 'live');
    insert into public.route_registry (route_key, event_type, target) values ('billing', 'billing.paid', 'ledger')`).execute(db)
  expect(await scanConformance<DB>(db)).toMatchObject({ conforms: true, differences: [] })
}))

test('the search path of the transaction is left as it was', () => withTransaction(async (db) => {
  await sql`set local search_path = console, public`.execute(db)
  await scanConformance<DB>(db)
  const { rows } = await sql`select current_setting('search_path') as path`.execute(db)
  expect(rows).toEqual([{ path: 'console, public' }])
}))

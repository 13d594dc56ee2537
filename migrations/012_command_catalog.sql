-- The catalogue of governed commands: what there is to run, what it calls and which gates stand before it.

create table public.dot_iu_command_catalog (
  command_name text primary key,
  category text not null,
  mutating boolean not null,
  reversible boolean not null,
  target_functions text[] not null,
  gates text[] not null default '{}',
  dry_run_gates text[] not null default '{}',
  description text not null,
  constraint dot_iu_command_catalog_name_governed check (command_name ~ '^dot_iu_[a-z0-9_]+$'),
  constraint dot_iu_command_catalog_has_target check (cardinality(target_functions) > 0),
  constraint dot_iu_command_catalog_dry_run_needs_less check (dry_run_gates <@ gates)
);
comment on table public.dot_iu_command_catalog is
  'Governed commands: what each is for, which functions it calls, and which gates have to be open for it.';
comment on column public.dot_iu_command_catalog.mutating is
  'Whether it can write anything besides the record of its run.';
comment on column public.dot_iu_command_catalog.reversible is
  'Whether another governed command takes its effect back; true where there is no effect.';
comment on column public.dot_iu_command_catalog.target_functions is
  'Names of functions in schema public; a target may come with a later migration.';
comment on column public.dot_iu_command_catalog.gates is
  'Every gate that it needs to be run live, or to be run at all where it knows no dry run.';
comment on column public.dot_iu_command_catalog.dry_run_gates is
  'Those of its gates that a dry run needs too.';

insert into public.dot_iu_command_catalog
  (command_name, category, mutating, reversible, target_functions, gates, description)
values
  ('dot_iu_compose', 'collection', true, true, '{fn_iu_compose}', '{iu_core.composer_enabled}',
   'Compose a collection from pieces that exist.'),
  ('dot_iu_scaleout', 'collection', true, true, '{fn_iu_auto_instantiate_from_event}',
   '{iu_core.auto_instantiate_enabled,iu_core.composer_enabled}',
   'Compose many instances in one transaction.'),
  ('dot_iu_collection_mark_template', 'template', true, false, '{fn_iu_collection_mark_template}', '{}',
   'Mark a collection as a template that instances can be made from.'),
  ('dot_iu_record_template_instance', 'template', true, false, '{fn_iu_collection_record_template_instance}', '{}',
   'Record that a collection descends from a template.'),
  ('dot_iu_register_template_version', 'template', true, false, '{fn_iu_collection_register_template_version}', '{}',
   'Register a template as a version of its family; its predecessor is superseded.'),
  ('dot_iu_retire_template_version', 'template', true, false, '{fn_iu_collection_retire_template_version}', '{}',
   'Retire a version; its row stays.'),
  ('dot_iu_collection_retire', 'lifecycle', true, false, '{fn_iu_collection_retire_by_actor}', '{}',
   'Retire every instance of an actor; the rows stay.'),
  ('dot_iu_piece_create', 'piece', true, true, '{fn_iu_piece_create}', '{iu_core.piece_writes_enabled}',
   'Create a piece.'),
  ('dot_iu_piece_update', 'piece', true, true, '{fn_iu_piece_update}', '{iu_core.piece_writes_enabled}',
   'Change the title or the text of a piece.'),
  ('dot_iu_piece_split', 'piece', true, false, '{fn_iu_piece_split}', '{iu_core.piece_writes_enabled}',
   'Split a piece into several.'),
  ('dot_iu_piece_merge', 'piece', true, false, '{fn_iu_piece_merge}', '{iu_core.piece_writes_enabled}',
   'Merge pieces into one.'),
  ('dot_iu_piece_retire', 'piece', true, false, '{fn_iu_piece_retire}', '{iu_core.piece_writes_enabled}',
   'Put a piece out of use.'),
  ('dot_iu_piece_supersede', 'piece', true, false, '{fn_iu_piece_supersede}', '{iu_core.piece_writes_enabled}',
   'Replace a piece by another.'),
  ('dot_iu_piece_emit_event', 'event', true, false, '{fn_iu_piece_emit_event}',
   '{piece_event_runtime.dry_run_only,piece_event_runtime.emit_enabled}',
   'Emit an event of a piece into the outbox.'),
  ('dot_iu_outbox_deliver', 'event', true, false, '{fn_iu_outbox_deliver}', '{iu_core.delivery_enabled}',
   'Deliver the events that are due along their routes.'),
  ('dot_iu_outbox_requeue', 'event', true, false, '{fn_iu_outbox_requeue}', '{}',
   'Put dead letters back into the queue.'),
  ('dot_iu_route_register', 'event', true, true, '{fn_iu_route_register}', '{}',
   'Register a route for an event type.'),
  ('dot_iu_route_remove', 'event', true, true, '{fn_iu_route_remove}', '{}',
   'Remove a route.'),
  ('dot_iu_three_axis_envelope_refresh', 'envelope', true, true, '{fn_iu_three_axis_envelope_refresh_if_stale}', '{}',
   'Compute the three-axis envelope anew where it is stale.'),
  ('dot_iu_gate_set', 'gate', true, true, '{fn_iu_gate_set}', '{}',
   'Open or close a gate for everybody, until it is set again.'),
  ('dot_iu_healthcheck', 'health', false, true, '{fn_iu_collection_healthcheck}', '{}',
   'Check every health surface of the substrate.'),
  ('dot_iu_invariant_snapshot', 'health', true, false, '{fn_iu_invariant_snapshot}', '{}',
   'Keep a named snapshot of row counts and gate states.'),
  ('dot_iu_retention_check', 'retention', false, true, '{fn_iu_core_retention_cleanup}', '{}',
   'Count the rows that are past their age; nothing is removed.'),
  ('dot_iu_retention_cleanup', 'retention', true, false, '{fn_iu_core_retention_cleanup}', '{iu_core.retention_cleanup_enabled}',
   'Remove the rows that are past their age, in batches.');

update public.dot_iu_command_catalog set dry_run_gates = '{iu_core.composer_enabled}' where command_name = 'dot_iu_scaleout';
update public.dot_iu_command_catalog set dry_run_gates = '{piece_event_runtime.emit_enabled}'
where command_name = 'dot_iu_piece_emit_event';

create view public.v_iu_command_catalog as
select
  c.command_name, c.category, c.mutating, c.reversible, c.description, c.target_functions,
  array(
    select target.name from unnest(c.target_functions) as target (name)
    where not exists (
      select from pg_catalog.pg_proc p
      where p.pronamespace = to_regnamespace('public') and p.proname = target.name)
  ) as missing_functions,
  c.gates,
  array(
    select needed.key from unnest(c.gates) as needed (key)
    left join public.iu_gate g on g.key = needed.key
    left join public.dot_config value on value.key = needed.key
    where value.value is distinct from coalesce(g.open_value, 'true')
  ) as closed_gates,
  last_run.id as last_run_id,
  last_run.started_at as last_run_at,
  last_run.status as last_run_status,
  last_run.refused as last_run_refused,
  last_run.operator as last_run_operator,
  (select count(*) from public.dot_iu_command_run r
   where r.command_name = c.command_name and r.phase = 'run' and r.started_at > now() - interval '1 day')::integer as runs_last_day,
  c.dry_run_gates
from public.dot_iu_command_catalog c
left join lateral (
  select r.id, r.started_at, r.status, r.refused, r.operator
  from public.dot_iu_command_run r
  where r.command_name = c.command_name and r.phase = 'run'
  order by r.started_at desc, r.id desc
  limit 1
) last_run on true;
comment on view public.v_iu_command_catalog is
  'One row per governed command: the targets it lacks, the gates that are closed for it, its last run and how many in a day.';

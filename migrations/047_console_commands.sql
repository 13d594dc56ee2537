-- What the console runs and records beside the governed commands of the catalogue: its own commands.

create schema if not exists console;

create table console.command (
  like public.dot_iu_command_catalog including comments including defaults,
  primary key (command_name),
  constraint command_name_governed check (command_name ~ '^dot_iu_[a-z0-9_]+$'),
  constraint command_has_target check (cardinality(target_functions) > 0),
  constraint command_dry_run_needs_less check (dry_run_gates <@ gates)
);
comment on table console.command is
  'Commands of the console that are not in the catalogue of governed commands: they are checked, previewed and recorded alike.';

insert into console.command (command_name, category, mutating, reversible, target_functions, gates, description)
values
  ('dot_iu_retention_policy_set', 'retention', true, true, '{fn_iu_core_retention_policy_set}', '{}',
   'Say how long the rows of a table are kept.'),
  ('dot_iu_route_set_active', 'event', true, true, '{fn_iu_route_set_active}', '{}',
   'Switch a route on or off.'),
  ('dot_iu_delivery_live_routes_set', 'event', true, true, '{fn_iu_delivery_live_routes_set}', '{}',
   'Say which routes may deliver.'),
  ('dot_iu_event_type_internal_only_set', 'event', true, true, '{fn_iu_event_type_internal_only_set}', '{}',
   'Keep an event type inside, or open it on purpose so that it can have a route.'),
  ('dot_iu_lineage_soft_erase', 'lifecycle', true, false, '{fn_iu_lineage_soft_erase}', '{}',
   'Erase the lineage of what an actor made; the collections stay.'),
  ('dot_iu_collection_import', 'collection', true, true, '{fn_iu_collection_set_pieces,fn_iu_piece_update}',
   '{iu_core.composer_enabled,iu_core.piece_writes_enabled}',
   'Import an edited text file of a collection; on the command line, iu import does it.');

create or replace view public.v_iu_command_catalog as
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
  c.dry_run_gates,
  c.governed
from (
  select *, true as governed from public.dot_iu_command_catalog
  union all
  select *, false as governed from console.command
) c
left join lateral (
  select r.id, r.started_at, r.status, r.refused, r.operator
  from public.dot_iu_command_run r
  where r.command_name = c.command_name and r.phase = 'run'
  order by r.started_at desc, r.id desc
  limit 1
) last_run on true;
comment on view public.v_iu_command_catalog is
  'One row per command, governed or the console''s own: the targets it lacks, the gates that are closed for it, its last run and how many in a day.';

-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_047', true), '') <> 'true'
     and (exists (select from public.dot_iu_command_run r join console.command c using (command_name))
          or exists (
            select from console.command c
            where c.command_name not in (
              'dot_iu_retention_policy_set', 'dot_iu_route_set_active', 'dot_iu_delivery_live_routes_set',
              'dot_iu_event_type_internal_only_set', 'dot_iu_lineage_soft_erase', 'dot_iu_collection_import'))) then
    raise exception '047 rollback REFUSED: dot_iu_command_run holds runs of the console''s own commands, or others were added'
      using hint = 'SET iu_core.force_rollback_047 = ''true'' removes the commands; their runs stay on record.';
  end if;

  drop view public.v_iu_command_catalog;
  drop table console.command;

  -- As 012 has it.
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
end
$rollback$;

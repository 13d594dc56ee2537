-- Health of IU Core as a whole: the eight surfaces of the collections, its triggers, and the internal-only boundary.

create function public.fn_iu_core_healthcheck()
  returns table (surface text, status text, count bigint, ids text[], message text)
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_triggers text[];
  v_time_column text;
  v_faulty boolean := false;
  v_answer jsonb;
  v_boundary text[] := '{}';
begin
  return query select * from public.fn_iu_collection_healthcheck();

  v_triggers := array(
    select found.name from (
      select format('%s.%s', wanted.relname, wanted.tgname) as name
      from (values
        ('iu_piece_collection', 'iu_piece_collection_digest'),
        ('iu_piece_membership', 'iu_piece_membership_digest_insert'),
        ('iu_piece_membership', 'iu_piece_membership_digest_update'),
        ('iu_piece_membership', 'iu_piece_membership_digest_delete'),
        ('iu_piece_membership', 'iu_piece_membership_digest_truncate'),
        ('dot_config', 'dot_config_change_written'),
        ('dot_config', 'dot_config_change_updated')
      ) wanted (relname, tgname)
      where not exists (
        select from pg_trigger t
        where t.tgrelid = to_regclass('public.' || wanted.relname) and t.tgname = wanted.tgname)
      union
      select format('%s.%s', c.relname, t.tgname)
      from pg_trigger t
      join pg_class c on c.oid = t.tgrelid
      join pg_proc p on p.oid = t.tgfoid
      where not t.tgisinternal and t.tgenabled in ('D', 'R')
        and p.pronamespace = 'public'::regnamespace and starts_with(p.proname, 'fn_iu_')
      union
      -- Whatever later migrations add: a trigger function that no trigger calls has lost its trigger.
      select p.oid::regprocedure::text
      from pg_proc p
      where p.prorettype = 'trigger'::regtype
        and p.pronamespace = 'public'::regnamespace and starts_with(p.proname, 'fn_iu_')
        and not exists (select from pg_trigger t where t.tgfoid = p.oid)
    ) found
    order by found.name);
  -- A fault of the envelope's trigger is swallowed, so that it never breaks a run: this is where it is heard.
  if to_regclass('public.iu_three_axis_envelope_trigger_error_log') is not null then
    select a.attname into v_time_column from pg_attribute a
    where a.attrelid = to_regclass('public.iu_three_axis_envelope_trigger_error_log')
      and a.atttypid = 'timestamptz'::regtype and a.attnum > 0 and not a.attisdropped
    order by a.attnum limit 1;
    execute format(
      'select exists (select from public.iu_three_axis_envelope_trigger_error_log e where e.%I > now() - interval ''1 day'')',
      v_time_column) into v_faulty;
    if v_faulty then
      v_triggers := v_triggers || array['iu_three_axis_envelope_trigger_error_log'];
    end if;
  end if;
  return query select * from public.fn_iu_health_surface(
    'triggers', v_triggers,
    'Every trigger is there and enabled, and none of them failed in the last day.',
    'These triggers are missing or disabled, or faults of the last day are in the error log.');

  if to_regprocedure('public.fn_iu_internal_only_assert()') is not null then
    execute 'select public.fn_iu_internal_only_assert()' into v_answer;
    v_boundary := array(
      select distinct found.violation ->> 'event_type'
      from jsonb_array_elements(v_answer -> 'violations') found (violation) order by 1);
  end if;
  return query select * from public.fn_iu_health_surface(
    'internal_only', v_boundary, 'Internal events have no way out.',
    'These internal event types are not registered as such, are in the live lane, or have a route.');
end
$$;
comment on function public.fn_iu_core_healthcheck() is
  'The eight surfaces of the collections, then the triggers and the internal-only boundary, one row each: green or red, the count and the first 20 ids.';

revoke execute on function public.fn_iu_core_healthcheck() from public;

update public.dot_iu_command_catalog set target_functions = '{fn_iu_core_healthcheck}' where command_name = 'dot_iu_healthcheck';

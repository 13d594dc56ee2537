-- Invariants: what there is, counted under a name, to be compared with what there is later.

create table public.iu_invariant_snapshot (
  name text primary key,
  surfaces jsonb not null,
  taken_by text not null,
  taken_at timestamptz not null default now()
);
comment on table public.iu_invariant_snapshot is
  'Invariant snapshots: the row count of every table and the state of every gate at one moment, under a name.';

create function public.fn_iu_invariant_surfaces()
  returns table (surface text, whole text, kind text, value bigint)
  language plpgsql
  -- Stable: every count is of the same moment.
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_part record;
begin
  for surface in
    select c.relname from pg_catalog.pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      -- What others keep beside the factory without a right for its owner is not its business.
      and has_table_privilege(c.oid, 'select')
    order by c.relname
  loop
    whole := null;
    kind := 'table';
    execute format('select count(*) from public.%I', surface) into value;
    return next;
  end loop;

  -- Tables whose parts mean something of their own. A part that has no rows is no surface.
  for v_part in
    select a.attrelid::regclass as relation, c.relname, a.attname
    from (values ('event_outbox', 'event_domain'), ('iu_collection_template_version', 'version_status'),
                 ('iu_three_axis_envelope', 'axis'), ('iu_three_axis_envelope_cache', 'axis'),
                 ('iu_three_axis_envelope', 'axis_key'), ('iu_three_axis_envelope_cache', 'axis_key')) as wanted (relname, attname)
    join pg_catalog.pg_class c on c.relname = wanted.relname and c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = wanted.attname and a.attnum > 0 and not a.attisdropped
    order by c.relname, a.attname
  loop
    whole := v_part.relname;
    kind := v_part.attname;
    for surface, value in execute format(
      'select %L || coalesce(t.%I::text, ''none''), count(*) from public.%I t group by 1 order by 1',
      v_part.relname || ' ', v_part.attname, v_part.relname)
    loop
      return next;
    end loop;
  end loop;

  whole := null;
  kind := 'gates';
  surface := 'open gates';
  select count(*) filter (where g.is_open) into value from public.v_iu_gate g;
  return next;
  whole := 'open gates';
  kind := 'gate';
  for surface, value in
    select 'gate ' || g.key, g.is_open::integer from public.v_iu_gate g order by g.key
  loop
    return next;
  end loop;
end
$$;
comment on function public.fn_iu_invariant_surfaces() is
  'Every surface as it is now: the rows of each table, of each outbox domain, version status and envelope axis, and the gates '
  '(1 is open).';

create function public.fn_iu_invariant_snapshot(p_name text, p_actor text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_surfaces jsonb;
  v_field text;
begin
  v_field := case
    when coalesce(p_name, '') !~ '\S' or length(p_name) > 128 then 'p_name'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  -- Claim the name first: a check-then-insert would race.
  insert into public.iu_invariant_snapshot (name, surfaces, taken_by) values (p_name, '{}', p_actor)
  on conflict (name) do nothing;
  if not found then
    return jsonb_build_object('status', 'snapshot_name_taken', 'field', 'p_name',
                              'reason', format('There is a snapshot %s already.', p_name));
  end if;
  select jsonb_object_agg(s.surface, jsonb_build_object('whole', s.whole, 'kind', s.kind, 'value', s.value)) into v_surfaces
  from public.fn_iu_invariant_surfaces() s;
  update public.iu_invariant_snapshot s set surfaces = v_surfaces where s.name = p_name;
  return jsonb_build_object('status', 'ok', 'name', p_name,
                            'surfaces', (select count(*) from jsonb_object_keys(v_surfaces)));
end
$$;
comment on function public.fn_iu_invariant_snapshot(text, text) is
  'Counts every surface and keeps the counts under a name. Refuses with invalid_input, snapshot_name_taken.';

create function public.fn_iu_invariant_compare(p_from text, p_to text default null, p_expected jsonb default '{}')
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  -- The record of what was done grows with everything that is done, and manifests follow the memberships.
  c_records constant text[] := array[
    'dot_config_change', 'dot_iu_command_run', 'iu_core_retention_log', 'iu_core_retention_policy_change',
    'iu_invariant_snapshot', 'iu_manifest'];
  v_from public.iu_invariant_snapshot;
  v_to public.iu_invariant_snapshot;
  v_unknown text;
  v_surfaces jsonb;
  v_unexpected bigint;
begin
  if p_from is null then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_from');
  elsif p_expected is null or jsonb_typeof(p_expected) <> 'object' then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_expected', 'reason', 'Expected deltas are whole numbers by surface.');
  end if;
  select e.key into v_unknown from jsonb_each(p_expected) e
  where jsonb_typeof(e.value) <> 'number' or e.value #>> '{}' !~ '^-?\d{1,15}$' order by e.key limit 1;
  if found then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_expected',
                              'reason', format('The expected delta of %s is no whole number.', v_unknown));
  end if;

  select s.* into v_from from public.iu_invariant_snapshot s where s.name = p_from;
  if not found then
    return jsonb_build_object('status', 'snapshot_not_found', 'field', 'p_from', 'reason', format('There is no snapshot %s.', p_from));
  end if;
  if p_to is not null then
    select s.* into v_to from public.iu_invariant_snapshot s where s.name = p_to;
    if not found then
      return jsonb_build_object('status', 'snapshot_not_found', 'field', 'p_to', 'reason', format('There is no snapshot %s.', p_to));
    end if;
  else
    v_to.taken_at := now();
    select jsonb_object_agg(s.surface, jsonb_build_object('whole', s.whole, 'kind', s.kind, 'value', s.value))
      into v_to.surfaces from public.fn_iu_invariant_surfaces() s;
  end if;

  select e.key into v_unknown from jsonb_object_keys(p_expected) as e (key)
  where not v_from.surfaces ? e.key and not v_to.surfaces ? e.key order by e.key limit 1;
  if found then
    return jsonb_build_object('status', 'surface_not_found', 'field', 'p_expected', 'reason', format('There is no surface %s.', v_unknown));
  end if;

  with merged as (
    select s.surface,
           coalesce(v_to.surfaces -> s.surface ->> 'kind', v_from.surfaces -> s.surface ->> 'kind') as kind,
           coalesce(v_to.surfaces -> s.surface ->> 'whole', v_from.surfaces -> s.surface ->> 'whole') as whole,
           (v_from.surfaces -> s.surface ->> 'value')::bigint as before,
           (v_to.surfaces -> s.surface ->> 'value')::bigint as after,
           (p_expected ->> s.surface)::bigint as stated
    from (select jsonb_object_keys(v_from.surfaces) union select jsonb_object_keys(v_to.surfaces)) as s (surface)
  ), expecting as (
    select m.*, coalesce(m.after, 0) - coalesce(m.before, 0) as delta,
      case
        when m.stated is not null then m.stated
        -- A whole is expected to do what its parts are expected to do; a record is not judged.
        when m.whole is null and exists (select from merged part where part.whole = m.surface and part.stated is not null)
          then (select sum(part.stated) from merged part where part.whole = m.surface)
        when m.surface = any (c_records) then null
        -- Who states a whole leaves its parts open, but another domain's events stay as they are.
        when m.kind <> 'event_domain' and exists (select from merged w where w.surface = m.whole and w.stated is not null) then null
        else 0
      end as expected
    from merged m
  ), judged as (
    select e.*, case
      when e.after is null and e.whole is null then 'gone'
      when e.expected is null then 'not_judged'
      when e.delta <> e.expected then 'unexpected'
      when e.delta = 0 then 'invariant'
      else 'expected'
    end as verdict
    from expecting e
  )
  select
    jsonb_agg(jsonb_build_object(
      'surface', j.surface, 'kind', j.kind, 'whole', j.whole, 'before', j.before, 'after', j.after, 'delta', j.delta,
      'expected', j.expected, 'stated', j.stated is not null, 'verdict', j.verdict)
      order by j.kind in ('gate', 'gates'), coalesce(j.whole, j.surface), j.whole is not null, j.surface),
    count(*) filter (where j.verdict in ('unexpected', 'gone'))
  into v_surfaces, v_unexpected
  from judged j;

  return jsonb_build_object(
    'status', 'ok', 'from', p_from, 'to', p_to, 'from_at', v_from.taken_at, 'to_at', v_to.taken_at,
    'verdict', case when v_unexpected = 0 then 'green' else 'red' end, 'unexpected', v_unexpected, 'surfaces', v_surfaces);
end
$$;
comment on function public.fn_iu_invariant_compare(text, text, jsonb) is
  'Compares a snapshot with another one, or with now, against expected deltas by surface; what is not stated must not change. '
  'Refuses with invalid_input, snapshot_not_found, surface_not_found.';

create view public.v_iu_invariant_snapshot as
select s.name, s.taken_by, s.taken_at,
       (select count(*) from jsonb_object_keys(s.surfaces))::integer as surfaces,
       (select sum((e.value ->> 'value')::bigint) from jsonb_each(s.surfaces) e where e.value ->> 'kind' = 'table')::bigint as rows,
       (s.surfaces -> 'open gates' ->> 'value')::integer as open_gates
from public.iu_invariant_snapshot s;
comment on view public.v_iu_invariant_snapshot is
  'One row per snapshot: who took it when, how many surfaces it counts, how many rows and open gates there were.';

revoke execute on function
  public.fn_iu_invariant_surfaces(),
  public.fn_iu_invariant_snapshot(text, text),
  public.fn_iu_invariant_compare(text, text, jsonb)
from public;

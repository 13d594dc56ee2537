-- Retention: how long the rows of a table are kept, and the one way in which they are removed.

create table public.iu_core_retention_policy (
  table_name text primary key,
  age_column text not null,
  keep_for interval not null,
  actor_column text,
  active boolean not null default false,
  note text not null default '',
  set_by text not null default session_user,
  set_at timestamptz not null default now(),
  constraint iu_core_retention_policy_keep_for_sane check (keep_for between interval '1 day' and interval '100 years')
);
comment on table public.iu_core_retention_policy is
  'Retention policies: per table how long rows are kept by which column, and the column that names their actor.';

create table public.iu_core_retention_policy_change (
  id bigint generated always as identity primary key,
  table_name text not null,
  old_policy jsonb,
  new_policy jsonb,
  changed_by text not null,
  changed_at timestamptz not null default clock_timestamp(),
  reason text
);
create index iu_core_retention_policy_change_table on public.iu_core_retention_policy_change (table_name, id desc);
comment on table public.iu_core_retention_policy_change is
  'Every change of a retention policy on every way in: who, when, from what, why.';

create table public.iu_core_retention_log (
  id bigint generated always as identity primary key,
  cleanup_id uuid not null,
  table_name text not null,
  prune_actor text,
  batch integer not null,
  rows integer not null,
  oldest_at timestamptz not null,
  newest_at timestamptz not null,
  archive jsonb not null,
  removed_by text not null,
  removed_at timestamptz not null default now(),
  constraint iu_core_retention_log_archive_whole check (jsonb_array_length(archive) = rows)
);
create index iu_core_retention_log_table on public.iu_core_retention_log (table_name, id desc);
create index iu_core_retention_log_cleanup on public.iu_core_retention_log (cleanup_id);
comment on table public.iu_core_retention_log is
  'Retention log: one row per batch of removed rows, with the rows themselves as JSON, who removed them and for which actor.';

create function public.fn_iu_core_retention_policy_fault(p_table text, p_age_column text, p_actor_column text)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_table oid;
  v_type oid;
begin
  select c.oid into v_table from pg_catalog.pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relname = p_table and c.relkind = 'r';
  if not found then
    return jsonb_build_object('status', 'policy_table_not_found', 'field', 'p_table',
                              'reason', format('There is no table %s.', p_table));
  end if;
  -- What the factory is made of, and what retention itself keeps on record.
  if p_table in (
    'information_unit', 'iu_piece_collection', 'iu_piece_membership', 'iu_manifest', 'iu_collection_template_registry',
    'iu_collection_template_version', 'iu_collection_template_instance_lineage', 'iu_vector_sync_point', 'dot_config', 'iu_gate',
    'iu_core_retention_policy', 'iu_core_retention_policy_change', 'iu_core_retention_log')
  then
    return jsonb_build_object('status', 'policy_table_protected', 'field', 'p_table',
                              'reason', format('%s is not a record that grows old.', p_table));
  end if;

  select a.atttypid into v_type from pg_catalog.pg_attribute a
  where a.attrelid = v_table and a.attname = p_age_column and a.attnum > 0 and not a.attisdropped;
  if not found then
    return jsonb_build_object('status', 'policy_column_not_found', 'field', 'p_age_column',
                              'reason', format('There is no column %s in %s.', p_age_column, p_table));
  elsif v_type <> 'timestamptz'::regtype then
    return jsonb_build_object('status', 'policy_column_unsuitable', 'field', 'p_age_column',
                              'reason', format('%s.%s is no point in time, but %s.', p_table, p_age_column, format_type(v_type, null)));
  end if;

  if p_actor_column is null then
    return null;
  end if;
  select a.atttypid into v_type from pg_catalog.pg_attribute a
  where a.attrelid = v_table and a.attname = p_actor_column and a.attnum > 0 and not a.attisdropped;
  if not found then
    return jsonb_build_object('status', 'policy_column_not_found', 'field', 'p_actor_column',
                              'reason', format('There is no column %s in %s.', p_actor_column, p_table));
  elsif v_type not in ('text'::regtype, 'varchar'::regtype) then
    return jsonb_build_object('status', 'policy_column_unsuitable', 'field', 'p_actor_column',
                              'reason', format('%s.%s is no text, but %s.', p_table, p_actor_column, format_type(v_type, null)));
  end if;
  return null;
end
$$;
comment on function public.fn_iu_core_retention_policy_fault(text, text, text) is
  'What is wrong with a retention policy by the catalogue as it is now, naming the table or column; null when it is sound.';

create function public.fn_iu_core_retention_policy_check_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_fault jsonb := public.fn_iu_core_retention_policy_fault(new.table_name, new.age_column, new.actor_column);
begin
  if v_fault is not null then
    raise exception 'retention policy refused: %', v_fault ->> 'reason' using errcode = 'check_violation';
  end if;
  return new;
end
$$;
comment on function public.fn_iu_core_retention_policy_check_trigger() is
  'Trigger: refuses a policy on a table or column that does not exist or is no good for it, on every way in.';

create function public.fn_iu_core_retention_policy_change_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  insert into public.iu_core_retention_policy_change (table_name, old_policy, new_policy, changed_by, reason)
  values (
    case when tg_op = 'DELETE' then old.table_name else new.table_name end,
    case when tg_op <> 'INSERT' then to_jsonb(old) end,
    case when tg_op <> 'DELETE' then to_jsonb(new) end,
    coalesce(nullif(current_setting('iu_core.actor', true), ''), session_user::text),
    nullif(current_setting('iu_core.reason', true), '')
  );
  return null;
end
$$;
comment on function public.fn_iu_core_retention_policy_change_trigger() is
  'Trigger: records each change of a retention policy in iu_core_retention_policy_change.';

create trigger iu_core_retention_policy_checked
  before insert or update on public.iu_core_retention_policy
  for each row execute function public.fn_iu_core_retention_policy_check_trigger();
create trigger iu_core_retention_policy_written
  after insert or update or delete on public.iu_core_retention_policy
  for each row execute function public.fn_iu_core_retention_policy_change_trigger();

create function public.fn_iu_core_retention_policy_set(
  p_table text,
  p_age_column text,
  p_keep_for interval,
  p_actor_column text,
  p_active boolean,
  p_note text,
  p_actor text,
  p_reason text default null
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_was public.iu_core_retention_policy;
  v_field text;
  v_fault jsonb;
begin
  v_field := case
    when coalesce(p_table, '') !~ '\S' then 'p_table'
    when coalesce(p_age_column, '') !~ '\S' then 'p_age_column'
    when p_keep_for is null or p_keep_for not between interval '1 day' and interval '100 years' then 'p_keep_for'
    when p_actor_column !~ '\S' then 'p_actor_column'
    when p_active is null then 'p_active'
    when length(p_note) > 2000 then 'p_note'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when length(p_reason) > 2000 then 'p_reason'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;
  v_fault := public.fn_iu_core_retention_policy_fault(p_table, p_age_column, p_actor_column);
  if v_fault is not null then
    return v_fault;
  end if;

  -- The row may not be there to be locked: two who set the same policy go one after the other, and each records what he found.
  perform pg_advisory_xact_lock(hashtextextended('iu_core retention ' || p_table, 0));
  select p.* into v_was from public.iu_core_retention_policy p where p.table_name = p_table for update;
  if found and (v_was.age_column, v_was.keep_for::text, v_was.active, v_was.note) = (p_age_column, p_keep_for::text, p_active, coalesce(p_note, ''))
     and v_was.actor_column is not distinct from p_actor_column
  then
    return jsonb_build_object('status', 'ok', 'table_name', p_table, 'changed', false);
  end if;

  perform set_config('iu_core.actor', p_actor, true), set_config('iu_core.reason', coalesce(p_reason, ''), true);
  insert into public.iu_core_retention_policy as p
    (table_name, age_column, keep_for, actor_column, active, note, set_by)
  values (p_table, p_age_column, p_keep_for, p_actor_column, p_active, coalesce(p_note, ''), p_actor)
  on conflict (table_name) do update set
    age_column = excluded.age_column, keep_for = excluded.keep_for, actor_column = excluded.actor_column,
    active = excluded.active, note = excluded.note, set_by = excluded.set_by, set_at = excluded.set_at;
  perform set_config('iu_core.actor', '', true), set_config('iu_core.reason', '', true);
  return jsonb_build_object('status', 'ok', 'table_name', p_table, 'changed', true);
end
$$;
comment on function public.fn_iu_core_retention_policy_set(text, text, interval, text, boolean, text, text, text) is
  'Sets the retention policy of a table and records who, when, why and from what. Refuses with invalid_input, '
  'policy_table_not_found, policy_table_protected, policy_column_not_found, policy_column_unsuitable, naming the table or column.';

create function public.fn_iu_core_retention_references(p_table text)
  returns table (referrer text, predicate text)
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  select
    c.conrelid::regclass || '.' || string_agg(child.attname, ', ' order by k.place),
    format('exists (select from %s r where %s)', c.conrelid::regclass,
           string_agg(format('r.%I = t.%I', child.attname, parent.attname), ' and ' order by k.place))
  from pg_catalog.pg_constraint c
  cross join unnest(c.conkey, c.confkey) with ordinality as k (child_column, parent_column, place)
  join pg_catalog.pg_attribute child on child.attrelid = c.conrelid and child.attnum = k.child_column
  join pg_catalog.pg_attribute parent on parent.attrelid = c.confrelid and parent.attnum = k.parent_column
  where c.contype = 'f' and c.conparentid = 0
    and c.confrelid = (select t.oid from pg_catalog.pg_class t
                       where t.relnamespace = 'public'::regnamespace and t.relname = p_table and t.relkind = 'r')
  group by c.oid, c.conrelid
$$;
comment on function public.fn_iu_core_retention_references(text) is
  'The foreign keys that lead to a table, each with the condition under which a row of it is referred to. For retention only.';

create function public.fn_iu_core_retention_judge(
  p_policy public.iu_core_retention_policy,
  p_prune_actor text,
  p_places tid[],
  out candidates bigint,
  out kept_by jsonb,
  out oldest_at timestamptz,
  out rows_digest text,
  out going tid[]
)
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_kept_by text := coalesce(
    (select string_agg(format('case when %s then %L end', f.predicate, f.referrer), ', ' order by f.referrer)
     from public.fn_iu_core_retention_references(p_policy.table_name) f), 'null');
begin
  execute format($judge$
    with judged as (
      select t.ctid as place, t.%1$I as aged_at, md5(t::text) as fingerprint,
             array_remove(array[%2$s]::text[], null) as kept_by
      from only public.%3$I t
      where t.%1$I < now() - $1 %4$s and ($3 is null or t.ctid = any ($3))
    )
    select
      count(*),
      (select coalesce(jsonb_agg(jsonb_build_object('by', k.referrer, 'rows', k.rows) order by k.referrer), '[]'::jsonb)
       from (select referrer, count(*) as rows from judged, unnest(judged.kept_by) referrer group by referrer) k),
      min(aged_at),
      md5(coalesce(string_agg(fingerprint, '' order by fingerprint) filter (where kept_by = '{}'), '')),
      coalesce(array_agg(place order by aged_at, place) filter (where kept_by = '{}'), '{}')
    from judged $judge$,
    p_policy.age_column, v_kept_by, p_policy.table_name,
    case when p_prune_actor is not null then format('and t.%I = $2', p_policy.actor_column) else '' end)
  into candidates, kept_by, oldest_at, rows_digest, going
  using p_policy.keep_for, p_prune_actor, p_places;
end
$$;
comment on function public.fn_iu_core_retention_judge(public.iu_core_retention_policy, text, tid[]) is
  'The rows of a table that are past their age: how many, which may go, and what refers to those that stay. For retention only.';

create function public.fn_iu_core_retention_candidates()
  returns table (
    table_name text, fault text, total_rows bigint, oldest_row_at timestamptz,
    candidates bigint, removable bigint, kept_by jsonb, oldest_candidate_at timestamptz
  )
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_policy public.iu_core_retention_policy;
  v_judged record;
begin
  for v_policy in select p.* from public.iu_core_retention_policy p order by p.table_name loop
    table_name := v_policy.table_name;
    fault := public.fn_iu_core_retention_policy_fault(v_policy.table_name, v_policy.age_column, v_policy.actor_column) ->> 'reason';
    total_rows := null;
    oldest_row_at := null;
    v_judged := row(null::bigint, null::jsonb, null::timestamptz, null::text, null::tid[]);
    candidates := null;
    removable := null;
    kept_by := '[]';
    oldest_candidate_at := null;
    if fault is null then
      execute format('select count(*), min(t.%I) from only public.%I t', v_policy.age_column, v_policy.table_name)
        into total_rows, oldest_row_at;
      select j.* into v_judged from public.fn_iu_core_retention_judge(v_policy, null, null) j;
      candidates := v_judged.candidates;
      removable := cardinality(v_judged.going);
      kept_by := v_judged.kept_by;
      oldest_candidate_at := v_judged.oldest_at;
    end if;
    return next;
  end loop;
end
$$;
comment on function public.fn_iu_core_retention_candidates() is
  'Per retention policy, active or not: how many rows are past their age, how many of them may go and what keeps the others. '
  'Counts only; a policy whose table or column has gone shows its fault.';

create function public.fn_iu_core_retention_cleanup(
  p_table text default null,
  p_dry_run boolean default true,
  p_actor text default null,
  p_batch integer default 1000,
  p_prune_actor text default null
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_policy public.iu_core_retention_policy;
  v_field text;
  v_fault jsonb;
  v_places tid[];
  v_judged record;
  v_all tid[] := '{}';
  v_cleanup_id uuid;
  v_table jsonb;
  v_tables jsonb := '[]';
  v_done jsonb := '[]';
  v_skipped jsonb := '[]';
  v_rows integer;
  v_removed bigint;
  v_batches integer;
  v_at bigint;
begin
  v_field := case
    when p_table !~ '\S' then 'p_table'
    when p_dry_run is null then 'p_dry_run'
    when p_actor !~ '\S' or length(p_actor) > 128 or (p_actor is null and not p_dry_run) then 'p_actor'
    when p_batch is null or p_batch not between 1 and 10000 then 'p_batch'
    when p_prune_actor !~ '\S' or length(p_prune_actor) > 128 then 'p_prune_actor'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;
  if not p_dry_run and not public.fn_iu_gate_is_open('iu_core.retention_cleanup_enabled') then
    return jsonb_build_object('status', 'retention_gate_closed', 'gate', 'iu_core.retention_cleanup_enabled');
  end if;

  if p_table is not null then
    select p.* into v_policy from public.iu_core_retention_policy p where p.table_name = p_table;
    if not found then
      return jsonb_build_object('status', 'policy_not_found', 'field', 'p_table',
                                'reason', format('There is no retention policy for %s.', p_table));
    elsif not v_policy.active then
      return jsonb_build_object('status', 'policy_inactive', 'field', 'p_table',
                                'reason', format('The retention policy for %s is not active.', p_table));
    elsif p_prune_actor is not null and v_policy.actor_column is null then
      return jsonb_build_object('status', 'policy_without_actor_column', 'field', 'p_prune_actor',
                                'reason', format('The retention policy for %s names no actor column.', p_table));
    end if;
    v_fault := public.fn_iu_core_retention_policy_fault(v_policy.table_name, v_policy.age_column, v_policy.actor_column);
    if v_fault is not null then
      return v_fault;
    end if;
  end if;

  if not p_dry_run then
    -- A policy stays as it is until its cleanup has committed.
    perform from public.iu_core_retention_policy p where p_table is null or p.table_name = p_table order by p.table_name for share;
  end if;

  -- Everything is judged before anything goes: what a dry run says is what a live run does.
  for v_policy in
    select p.* from public.iu_core_retention_policy p where p_table is null or p.table_name = p_table order by p.table_name
  loop
    v_fault := public.fn_iu_core_retention_policy_fault(v_policy.table_name, v_policy.age_column, v_policy.actor_column);
    if v_fault is not null or not v_policy.active or (p_prune_actor is not null and v_policy.actor_column is null) then
      v_skipped := v_skipped || jsonb_build_object('table_name', v_policy.table_name, 'reason', case
        when not v_policy.active then 'inactive' when v_fault is not null then v_fault ->> 'reason' else 'no_actor_column' end);
      continue;
    end if;

    v_places := null;
    if not p_dry_run then
      -- Locked first, judged afterwards: whoever makes a row depend on one of these holds a lock on it until then.
      execute format(
        'select coalesce(array_agg(locked.place), ''{}'') from ('
        '  select t.ctid as place from only public.%I t where t.%I < now() - $1 %s order by t.ctid for update) locked',
        v_policy.table_name, v_policy.age_column,
        case when p_prune_actor is not null then format('and t.%I = $2', v_policy.actor_column) else '' end)
        into v_places using v_policy.keep_for, p_prune_actor;
    end if;
    select j.* into v_judged from public.fn_iu_core_retention_judge(v_policy, p_prune_actor, v_places) j;
    v_tables := v_tables || jsonb_build_object(
      'table_name', v_policy.table_name, 'age_column', v_policy.age_column, 'cutoff', now() - v_policy.keep_for,
      'candidates', v_judged.candidates, 'removable', cardinality(v_judged.going),
      'kept', v_judged.candidates - cardinality(v_judged.going), 'kept_by', v_judged.kept_by,
      'oldest_at', v_judged.oldest_at, 'rows_digest', v_judged.rows_digest, 'removed', 0, 'batches', 0);
    v_all := v_all || v_judged.going;
  end loop;

  if not p_dry_run then
    v_cleanup_id := gen_random_uuid();
    v_at := 1;
    begin
      for v_table in select t.value from jsonb_array_elements(v_tables) with ordinality as t (value, place) order by t.place loop
        v_places := v_all[v_at : v_at + (v_table ->> 'removable')::bigint - 1];
        v_at := v_at + (v_table ->> 'removable')::bigint;
        v_removed := 0;
        v_batches := 0;
        while v_batches * p_batch < cardinality(v_places) loop
          v_batches := v_batches + 1;
          execute format($remove$
            with gone as (
              delete from only public.%1$I t where t.ctid = any ($1) returning to_jsonb(t) as removed_row, t.%2$I as aged_at
            )
            insert into public.iu_core_retention_log
              (cleanup_id, table_name, prune_actor, batch, rows, oldest_at, newest_at, archive, removed_by)
            select $2, $3, $4, $5, count(*), min(aged_at), max(aged_at), jsonb_agg(removed_row order by aged_at), $6
            from gone
            having count(*) > 0
            returning rows $remove$, v_table ->> 'table_name', v_table ->> 'age_column')
          into v_rows
          using v_places[(v_batches - 1) * p_batch + 1 : v_batches * p_batch], v_cleanup_id, v_table ->> 'table_name',
                p_prune_actor, v_batches, p_actor;
          v_removed := v_removed + coalesce(v_rows, 0);
        end loop;
        v_done := v_done || (v_table || jsonb_build_object('removed', v_removed, 'batches', v_batches));
      end loop;
    exception when foreign_key_violation or restrict_violation then
      -- A reference that the catalogue did not show: everything stays.
      return jsonb_build_object('status', 'blocked_by_reference', 'reason', sqlerrm);
    end;
    v_tables := v_done;
  end if;

  return jsonb_build_object(
    'status', 'ok', 'dry_run', p_dry_run, 'cleanup_id', v_cleanup_id, 'prune_actor', p_prune_actor,
    'candidates', (select coalesce(sum((t ->> 'candidates')::bigint), 0) from jsonb_array_elements(v_tables) t),
    'removable_rows', (select coalesce(sum((t ->> 'removable')::bigint), 0) from jsonb_array_elements(v_tables) t),
    'kept_rows', (select coalesce(sum((t ->> 'kept')::bigint), 0) from jsonb_array_elements(v_tables) t),
    'removed_rows', (select coalesce(sum((t ->> 'removed')::bigint), 0) from jsonb_array_elements(v_tables) t),
    'tables', v_tables, 'skipped', v_skipped);
end
$$;
comment on function public.fn_iu_core_retention_cleanup(text, boolean, text, integer, text) is
  'Removes rows past their age, of one table or of all with an active policy, of one actor or of all, or only counts them '
  '(dry run, the default). What is removed goes into iu_core_retention_log; what something refers to stays and is counted. '
  'Refuses with invalid_input, retention_gate_closed (live only), policy_not_found, policy_inactive, policy_without_actor_column, '
  'a policy''s own fault, blocked_by_reference.';

create view public.v_iu_core_retention_policy as
select
  p.table_name, p.age_column, p.keep_for::text as keep_for, ceil(extract(epoch from p.keep_for) / 86400)::integer as keep_days,
  p.actor_column, p.active, p.note, p.set_by, p.set_at,
  c.fault, c.total_rows, c.oldest_row_at, c.candidates, c.removable, c.kept_by, c.oldest_candidate_at,
  last_cleanup.removed_at as last_cleanup_at, last_cleanup.removed_by as last_cleanup_by, last_cleanup.rows as last_cleanup_rows
from public.iu_core_retention_policy p
join public.fn_iu_core_retention_candidates() c on c.table_name = p.table_name
left join lateral (
  select l.removed_at, l.removed_by, sum(l.rows)::integer as rows
  from public.iu_core_retention_log l
  where l.table_name = p.table_name
  group by l.cleanup_id, l.removed_at, l.removed_by
  order by l.removed_at desc
  limit 1
) last_cleanup on true;
comment on view public.v_iu_core_retention_policy is
  'One row per retention policy: what it says, what is past its age now, and the last cleanup.';

create view public.v_iu_core_retention_cleanup as
select
  l.cleanup_id, l.table_name, l.prune_actor, l.removed_by, l.removed_at,
  sum(l.rows)::integer as rows, count(*)::integer as batches, min(l.oldest_at) as oldest_at, max(l.newest_at) as newest_at
from public.iu_core_retention_log l
group by l.cleanup_id, l.table_name, l.prune_actor, l.removed_by, l.removed_at;
comment on view public.v_iu_core_retention_cleanup is
  'One row per cleanup and table: how many rows went, how old they were, who removed them.';

create view public.v_iu_core_retention_archive as
select l.cleanup_id, l.table_name, l.batch, removed.removed_row
from public.iu_core_retention_log l
cross join lateral jsonb_array_elements(l.archive) as removed (removed_row);
comment on view public.v_iu_core_retention_archive is
  'One row per row that a cleanup removed, as it was.';

revoke execute on function
  public.fn_iu_core_retention_policy_fault(text, text, text),
  public.fn_iu_core_retention_policy_check_trigger(),
  public.fn_iu_core_retention_policy_change_trigger(),
  public.fn_iu_core_retention_policy_set(text, text, interval, text, boolean, text, text, text),
  public.fn_iu_core_retention_references(text),
  public.fn_iu_core_retention_judge(public.iu_core_retention_policy, text, tid[]),
  public.fn_iu_core_retention_candidates(),
  public.fn_iu_core_retention_cleanup(text, boolean, text, integer, text)
from public;

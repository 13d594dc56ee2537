-- The three-axis envelope: axes are named sets of canonical addresses; the cache holds the pieces that each axis covers
-- and the collections they appear in. Decision 010 tells why an automatic refresh waits for the end of the transaction.

create table public.iu_three_axis (
  axis_key text primary key,
  title text not null,
  address_pattern text not null,
  constraint iu_three_axis_key_not_blank check (btrim(axis_key) <> ''),
  constraint iu_three_axis_pattern_not_blank check (btrim(address_pattern) <> ''),
  -- LIKE stops with an error at an escape that escapes nothing.
  constraint iu_three_axis_pattern_complete check (right(address_pattern, 1) <> '\')
);
comment on table public.iu_three_axis is
  'Axes: named sets of canonical addresses, each told by a LIKE pattern.';
insert into public.iu_three_axis (axis_key, title, address_pattern) values
  ('DIEU-28', 'Article 28', 'law/dieu-28/%'),
  ('DIEU-32', 'Article 32', 'law/dieu-32/%'),
  ('DIEU-35', 'Article 35', 'law/dieu-35/%');

-- No foreign keys: what can be computed anew at any time must not keep a piece or an axis from being deleted.
create table public.iu_three_axis_envelope (
  axis_key text not null,
  iu_id uuid not null,
  collection_ids uuid[] not null,
  primary key (axis_key, iu_id)
);
create index iu_three_axis_envelope_iu_id on public.iu_three_axis_envelope (iu_id);
comment on table public.iu_three_axis_envelope is
  'Three-axis envelope, a cache: one row per axis and active piece that it covers, with the active collections that hold it.';

create table public.iu_three_axis_envelope_refresh_log (
  id bigint generated always as identity primary key,
  trigger_name text not null,
  started_at timestamptz not null,
  duration_ms numeric(12, 1) not null,
  rows_per_axis jsonb not null,
  rows_added integer not null,
  rows_changed integer not null,
  rows_removed integer not null
);
comment on table public.iu_three_axis_envelope_refresh_log is
  'Every refresh of the three-axis envelope: what triggered it, when, how long it took, the rows per axis and what changed.';

create table public.iu_three_axis_envelope_trigger_error_log (
  id bigint generated always as identity primary key,
  trigger_name text not null,
  sqlstate text not null,
  message text not null,
  failed_at timestamptz not null default clock_timestamp()
);
comment on table public.iu_three_axis_envelope_trigger_error_log is
  'Faults of automatic refreshes: the transaction that triggered one went on without it.';

-- One row a transaction: a request is made once, however many rows that transaction writes.
create table public.iu_three_axis_envelope_request (
  requested_in xid8 primary key default pg_current_xact_id(),
  trigger_name text not null
);
comment on table public.iu_three_axis_envelope_request is
  'Automatic refreshes that are still due: one row per transaction that asked for one, gone once it is done.';

create function public.fn_iu_three_axis_envelope_wanted()
  returns table (axis_key text, iu_id uuid, collection_ids uuid[])
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  select a.axis_key, u.id, array(
    select c.id
    from public.iu_piece_membership m
    join public.iu_piece_collection c on c.id = m.collection_id and c.collection_status = 'active'
    where m.iu_id = u.id and m.membership_status = 'active'
    order by c.id)
  from public.iu_three_axis a
  join public.information_unit u on u.canonical_address like a.address_pattern and u.lifecycle_status = 'active'
$$;
comment on function public.fn_iu_three_axis_envelope_wanted() is
  'What the three-axis envelope has to hold as of now.';

create function public.fn_iu_three_axis_envelope_refresh(p_trigger text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_started timestamptz;
  v_added integer;
  v_changed integer;
  v_removed integer;
  v_rows_per_axis jsonb;
begin
  if coalesce(p_trigger, '') !~ '\S' or length(p_trigger) > 128 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_trigger');
  end if;
  -- One at a time: two that compute side by side would each write what the other one had not seen.
  perform pg_advisory_xact_lock(hashtextextended('iu_core three-axis envelope', 0));
  v_started := clock_timestamp();

  -- Before the computation, in a statement of its own: what a deleted request stands for is in the next snapshot.
  delete from public.iu_three_axis_envelope_request;

  -- Only differences are written: a refresh of what is right already writes nothing but its log row.
  with wanted as materialized (
    select w.axis_key, w.iu_id, w.collection_ids from public.fn_iu_three_axis_envelope_wanted() w
  ), removed as (
    delete from public.iu_three_axis_envelope e
    where not exists (select from wanted w where w.axis_key = e.axis_key and w.iu_id = e.iu_id)
    returning 1
  ), changed as (
    update public.iu_three_axis_envelope e set collection_ids = w.collection_ids
    from wanted w
    where w.axis_key = e.axis_key and w.iu_id = e.iu_id and w.collection_ids <> e.collection_ids
    returning 1
  ), added as (
    insert into public.iu_three_axis_envelope (axis_key, iu_id, collection_ids)
    select w.axis_key, w.iu_id, w.collection_ids from wanted w
    where not exists (
      select from public.iu_three_axis_envelope e where e.axis_key = w.axis_key and e.iu_id = w.iu_id)
    returning 1
  )
  select (select count(*) from added), (select count(*) from changed), (select count(*) from removed)
    into v_added, v_changed, v_removed;

  select coalesce(jsonb_object_agg(a.axis_key, (
           select count(*) from public.iu_three_axis_envelope e where e.axis_key = a.axis_key)), '{}')
    into v_rows_per_axis
  from public.iu_three_axis a;
  insert into public.iu_three_axis_envelope_refresh_log
    (trigger_name, started_at, duration_ms, rows_per_axis, rows_added, rows_changed, rows_removed)
  values (p_trigger, v_started, extract(epoch from clock_timestamp() - v_started) * 1000,
          v_rows_per_axis, v_added, v_changed, v_removed);
  return jsonb_build_object('status', 'ok', 'refreshed', true, 'rows_per_axis', v_rows_per_axis,
                            'rows_added', v_added, 'rows_changed', v_changed, 'rows_removed', v_removed);
end
$$;
comment on function public.fn_iu_three_axis_envelope_refresh(text) is
  'Brings the three-axis envelope up to date and logs it under the name of what triggered it. Refuses with invalid_input.';

create function public.fn_iu_three_axis_envelope_is_stale()
  returns boolean
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  select exists (select from public.iu_three_axis_envelope_request)
    or exists (
      select
      from public.fn_iu_three_axis_envelope_wanted() w
      full join public.iu_three_axis_envelope e on e.axis_key = w.axis_key and e.iu_id = w.iu_id
      where w.collection_ids is distinct from e.collection_ids)
$$;
comment on function public.fn_iu_three_axis_envelope_is_stale() is
  'Whether the three-axis envelope differs from what it has to hold, or a refresh was asked for and is still due.';

create function public.fn_iu_three_axis_envelope_refresh_if_stale(p_trigger text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(p_trigger, '') !~ '\S' or length(p_trigger) > 128 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_trigger');
  end if;
  -- The lock comes first: who waited here for another one's refresh finds it done.
  perform pg_advisory_xact_lock(hashtextextended('iu_core three-axis envelope', 0));
  if not public.fn_iu_three_axis_envelope_is_stale() then
    return jsonb_build_object('status', 'ok', 'refreshed', false);
  end if;
  return public.fn_iu_three_axis_envelope_refresh(p_trigger);
end
$$;
comment on function public.fn_iu_three_axis_envelope_refresh_if_stale(text) is
  'Refreshes the three-axis envelope when it is stale; otherwise writes nothing. Refuses with invalid_input.';

create function public.fn_iu_three_axis_auto_refresh_enabled()
  returns boolean
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_key constant text := 'iu_core.three_axis_auto_refresh_enabled';
  v_open_value text;
  v_value text;
begin
  select g.open_value into v_open_value from public.iu_gate g where g.key = v_key;
  select c.value into v_value from public.dot_config c where c.key = v_key;
  if not coalesce(v_value = v_open_value, false) then
    return false;
  end if;

  -- As fn_iu_gate_is_open, but without ever waiting: a composer asks this late, while it holds a template and an
  -- instance, and whoever is busy with the gate's row is about to close it or has opened it for himself alone.
  if not exists (select from public.dot_config c where c.key = v_key and c.xmin = pg_current_xact_id()::xid)
     and not pg_try_advisory_xact_lock_shared(hashtextextended('iu_core gate ' || v_key, 0)) then
    return false;
  end if;
  select c.value into v_value from public.dot_config c where c.key = v_key for share skip locked;
  return found and coalesce(v_value = v_open_value, false);
end
$$;
comment on function public.fn_iu_three_axis_auto_refresh_enabled() is
  'Whether the gate for automatic refreshes is open; if so it is held until the end of the transaction. Never waits.';

create function public.fn_iu_three_axis_envelope_request(p_trigger text)
  returns void
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  if public.fn_iu_three_axis_auto_refresh_enabled() then
    insert into public.iu_three_axis_envelope_request (trigger_name) values (p_trigger)
    on conflict (requested_in) do nothing;
  end if;
exception when others then
  insert into public.iu_three_axis_envelope_trigger_error_log (trigger_name, sqlstate, message)
  values (p_trigger, sqlstate, sqlerrm);
end
$$;
comment on function public.fn_iu_three_axis_envelope_request(text) is
  'Asks for a refresh at the end of the transaction, once, while the gate for it is open. A fault goes to the error log.';

create function public.fn_iu_three_axis_envelope_request_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
  -- Somebody else's refresh, in a transaction that stays open, must not hold up this one for long.
  set lock_timeout = '3s'
as $$
begin
  perform public.fn_iu_three_axis_envelope_refresh_if_stale(new.trigger_name);
  return null;
exception when others then
  -- The request stays: the next refresh makes up for this one.
  insert into public.iu_three_axis_envelope_trigger_error_log (trigger_name, sqlstate, message)
  values (new.trigger_name, sqlstate, sqlerrm);
  return null;
end
$$;
comment on function public.fn_iu_three_axis_envelope_request_trigger() is
  'Trigger, at the end of the transaction: does the refresh that was asked for. A fault goes to the error log and nowhere else.';

create constraint trigger iu_three_axis_envelope_request_made
  after insert on public.iu_three_axis_envelope_request
  deferrable initially deferred
  for each row execute function public.fn_iu_three_axis_envelope_request_trigger();

create function public.fn_iu_three_axis_envelope_piece_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_name constant text := 'iu_piece_lifecycle_trigger';
  v_concerned boolean;
begin
  -- First, so that a load of many pieces is not searched for those of an axis while nobody asks for them.
  if not public.fn_iu_three_axis_auto_refresh_enabled() then
    return null;
  end if;
  -- Branches, not one expression: each event has only its own transition tables.
  if tg_op = 'INSERT' then
    v_concerned := exists (
      select from new_rows n join public.iu_three_axis a on n.canonical_address like a.address_pattern);
  elsif tg_op = 'DELETE' then
    v_concerned := exists (
      select from old_rows o join public.iu_three_axis a on o.canonical_address like a.address_pattern);
  else
    v_concerned := exists (
      select from old_rows o
      join new_rows n on n.id = o.id
        and (n.lifecycle_status, n.canonical_address) is distinct from (o.lifecycle_status, o.canonical_address)
      join public.iu_three_axis a
        on o.canonical_address like a.address_pattern or n.canonical_address like a.address_pattern);
  end if;
  if v_concerned then
    perform public.fn_iu_three_axis_envelope_request(v_name);
  end if;
  return null;
exception when others then
  insert into public.iu_three_axis_envelope_trigger_error_log (trigger_name, sqlstate, message)
  values (v_name, sqlstate, sqlerrm);
  return null;
end
$$;
comment on function public.fn_iu_three_axis_envelope_piece_trigger() is
  'Trigger: asks for a refresh when a piece of an axis comes, goes, or changes its life or address.';

create trigger iu_three_axis_envelope_piece_added
  after insert on public.information_unit
  referencing new table as new_rows
  for each statement execute function public.fn_iu_three_axis_envelope_piece_trigger();
create trigger iu_three_axis_envelope_piece_changed
  after update on public.information_unit
  referencing old table as old_rows new table as new_rows
  for each statement execute function public.fn_iu_three_axis_envelope_piece_trigger();
create trigger iu_three_axis_envelope_piece_deleted
  after delete on public.information_unit
  referencing old table as old_rows
  for each statement execute function public.fn_iu_three_axis_envelope_piece_trigger();

create view public.v_iu_three_axis_envelope as
select
  e.axis_key,
  a.title as axis_title,
  e.iu_id,
  u.canonical_address,
  u.title,
  u.lifecycle_status,
  e.collection_ids,
  array(
    select c.collection_key from public.iu_piece_collection c where c.id = any (e.collection_ids) order by c.collection_key
  ) as collection_keys
from public.iu_three_axis_envelope e
left join public.iu_three_axis a on a.axis_key = e.axis_key
left join public.information_unit u on u.id = e.iu_id;
comment on view public.v_iu_three_axis_envelope is
  'One row per axis and piece that it covered at the last refresh, with the collections that held the piece.';

revoke execute on function
  public.fn_iu_three_axis_envelope_wanted(),
  public.fn_iu_three_axis_envelope_refresh(text),
  public.fn_iu_three_axis_envelope_is_stale(),
  public.fn_iu_three_axis_envelope_refresh_if_stale(text),
  public.fn_iu_three_axis_auto_refresh_enabled(),
  public.fn_iu_three_axis_envelope_request(text),
  public.fn_iu_three_axis_envelope_request_trigger(),
  public.fn_iu_three_axis_envelope_piece_trigger()
from public;

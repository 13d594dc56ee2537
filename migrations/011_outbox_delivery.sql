-- Delivery of outbox events along their routes: what is under way, every attempt, and who changed a route.

create table public.event_outbox_delivery (
  event_id uuid not null references public.event_outbox (id) on delete restrict,
  -- No foreign key: what was delivered stays on record when its route is removed.
  route_key text not null,
  status text not null default 'pending',
  attempts integer not null default 0,
  dead_after integer not null default 10,
  next_attempt_at timestamptz not null,
  last_error text,
  enlisted_at timestamptz not null default now(),
  delivered_at timestamptz,
  requeued_at timestamptz,
  requeued_by text,
  primary key (event_id, route_key),
  constraint event_outbox_delivery_status_known check (status in ('pending', 'delivered', 'dead')),
  constraint event_outbox_delivery_delivered_at check ((status = 'delivered') = (delivered_at is not null))
);
create index event_outbox_delivery_due on public.event_outbox_delivery (next_attempt_at) where status = 'pending';
create index event_outbox_delivery_route on public.event_outbox_delivery (route_key, status);
comment on table public.event_outbox_delivery is
  'Deliveries: one row per event and route, from the first step that took it up: how often it was tried and what came of it.';
comment on column public.event_outbox_delivery.dead_after is
  'The attempt after which it is a dead letter; putting it back in line grants ten more.';

create table public.event_outbox_delivery_log (
  id bigint generated always as identity primary key,
  event_id uuid not null,
  route_key text not null,
  attempt integer not null,
  outcome text not null,
  at timestamptz not null default clock_timestamp(),
  worker text not null,
  error text,
  constraint event_outbox_delivery_log_attempt unique (event_id, route_key, attempt),
  constraint event_outbox_delivery_log_outcome_known check (outcome in ('delivered', 'failed')),
  constraint event_outbox_delivery_log_error check ((outcome = 'failed') = (error is not null))
);
comment on table public.event_outbox_delivery_log is
  'Delivery log: one row per attempt, added and never changed. The target "log" ends here.';

create table public.route_registry_change (
  id bigint generated always as identity primary key,
  route_key text,
  event_type text not null,
  change text not null,
  changed_by text not null,
  changed_at timestamptz not null default clock_timestamp(),
  reason text
);
create index route_registry_change_route_key on public.route_registry_change (route_key, id desc);
comment on table public.route_registry_change is
  'Every change of a route on every way in: who, when, why.';

-- Oldest first per type: what a delivery step looks for.
create index event_outbox_type on public.event_outbox (event_type, created_at, id);

create function public.fn_iu_outbox_append_only_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '% is append-only: an attempt that was made is not changed', tg_table_name;
end
$$;
comment on function public.fn_iu_outbox_append_only_trigger() is
  'Trigger: refuses to change a row of the delivery log.';
create trigger event_outbox_delivery_log_append_only
  before update on public.event_outbox_delivery_log
  for each row execute function public.fn_iu_outbox_append_only_trigger();

create function public.fn_iu_route_change_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  insert into public.route_registry_change (route_key, event_type, change, changed_by, reason)
  values (
    case when tg_op = 'DELETE' then old.route_key else new.route_key end,
    case when tg_op = 'DELETE' then old.event_type else new.event_type end,
    case
      when tg_op = 'INSERT' then 'registered'
      when tg_op = 'DELETE' then 'removed'
      when (old.route_key, old.event_type, old.target) is distinct from (new.route_key, new.event_type, new.target) then 'changed'
      when new.active then 'switched_on'
      else 'switched_off'
    end,
    -- Set by the route functions; a hand in psql is known by its login.
    coalesce(nullif(current_setting('iu_core.actor', true), ''), session_user::text),
    nullif(current_setting('iu_core.reason', true), '')
  );
  return null;
end
$$;
comment on function public.fn_iu_route_change_trigger() is
  'Trigger: records each change of a route in route_registry_change.';
create trigger route_registry_written
  after insert or delete on public.route_registry
  for each row execute function public.fn_iu_route_change_trigger();
create trigger route_registry_updated
  after update on public.route_registry
  for each row when (old is distinct from new)
  execute function public.fn_iu_route_change_trigger();

create function public.fn_iu_delivery_live_routes()
  returns text[]
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct btrim(named.route_key) order by btrim(named.route_key)), '{}')
  from public.dot_config c
  cross join lateral string_to_table(c.value, ',') as named (route_key)
  where c.key = 'iu_core.delivery_live_routes' and named.route_key ~ '\S'
$$;
comment on function public.fn_iu_delivery_live_routes() is
  'The keys of the routes that may deliver, as iu_core.delivery_live_routes lists them; missing or empty: none.';

create function public.fn_iu_delivery_barrier()
  returns void
  language sql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  -- The lock that every step shares through its gate: this waits for those under way and lets no new one start.
  select pg_advisory_xact_lock(hashtextextended('iu_core gate iu_core.delivery_enabled', 0))
$$;
comment on function public.fn_iu_delivery_barrier() is
  'Waits until no delivery step is under way and keeps new ones out until the end of the transaction.';

create function public.fn_iu_delivery_target_is_known(p_target text)
  returns boolean
  language sql
  immutable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  select coalesce(split_part(p_target, ':', 1) = 'log', false)
$$;
comment on function public.fn_iu_delivery_target_is_known(text) is
  'Whether events can be delivered to a target: its kind, the part before a colon, has to be "log".';

create function public.fn_iu_delivery_backoff(p_attempt integer)
  returns interval
  language sql
  immutable
  strict
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  -- The exponent is capped too: 2 ^ 1000 is no interval.
  select least(interval '30 seconds' * 2 ^ least(greatest(p_attempt, 1) - 1, 20), interval '1 hour')
$$;
comment on function public.fn_iu_delivery_backoff(integer) is
  'How long to wait after the nth failed attempt: 30 seconds, doubled each time, an hour at most.';

create view public.v_iu_outbox_due as
select
  e.id as event_id, e.event_type, r.route_key, r.target,
  coalesce(d.attempts, 0) as attempts,
  d.event_id is not null as is_enlisted,
  coalesce(d.next_attempt_at, e.created_at) as due_at,
  r.route_key = any (public.fn_iu_delivery_live_routes()) as is_live
from public.route_registry r
join public.event_type_registry t on t.event_type = r.event_type
join public.event_outbox e on e.event_type = r.event_type
left join public.event_outbox_delivery d on d.event_id = e.id and d.route_key = r.route_key
where r.active and t.active
  and (d.event_id is null or (d.status = 'pending' and d.next_attempt_at <= now()));
comment on view public.v_iu_outbox_due is
  'One row per event and active route that is due: never tried, or to be tried again by now. Moved only where the route is live.';

create function public.fn_iu_outbox_deliver(
  p_limit integer default 100,
  p_worker text default 'iu-delivery',
  p_dry_run boolean default true
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_live text[];
  v_field text;
  v_deliveries jsonb;
  v_gate_is_open boolean;
begin
  v_field := case
    when p_limit is null or p_limit not between 1 and 1000 then 'p_limit'
    when coalesce(p_worker, '') !~ '\S' or length(p_worker) > 128 then 'p_worker'
    when p_dry_run is null then 'p_dry_run'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  if p_dry_run then
    v_live := public.fn_iu_delivery_live_routes();
    select coalesce(jsonb_agg(
      jsonb_build_object('event_id', due.event_id, 'event_type', due.event_type, 'route_key', due.route_key,
                         'target', due.target, 'attempt', due.attempts + 1, 'outcome', 'due')
      order by due.due_at, due.event_id, due.route_key), '[]')
      into v_deliveries
    from (
      select d.* from public.v_iu_outbox_due d where d.is_live order by d.due_at, d.event_id, d.route_key limit p_limit
    ) due;
    select g.open_value = c.value into v_gate_is_open
    from public.iu_gate g join public.dot_config c using (key) where g.key = 'iu_core.delivery_enabled';
  else
    if not public.fn_iu_gate_is_open('iu_core.delivery_enabled') then
      return jsonb_build_object('status', 'delivery_gate_closed', 'gate', 'iu_core.delivery_enabled');
    end if;
    v_gate_is_open := true;
    -- Held, so that a route that was taken back delivers nothing after that has committed.
    perform from public.dot_config c where c.key = 'iu_core.delivery_live_routes' for share;
    v_live := public.fn_iu_delivery_live_routes();
    perform from public.route_registry r join public.event_type_registry t on t.event_type = r.event_type
    where r.route_key = any (v_live) order by r.route_key for share of r, t;

    -- Another worker's events are skipped, not waited for. What it has just enlisted is a conflict, and not ours.
    with fresh as (
      select due.event_id, due.route_key, due.due_at
      from public.v_iu_outbox_due due
      join public.event_outbox e on e.id = due.event_id
      where not due.is_enlisted and due.is_live
      order by due.due_at, due.event_id, due.route_key
      limit p_limit
      for no key update of e skip locked
    )
    insert into public.event_outbox_delivery (event_id, route_key, next_attempt_at)
    select fresh.event_id, fresh.route_key, least(fresh.due_at, now()) from fresh
    on conflict do nothing;

    with taken as (
      select d.event_id, d.route_key, d.attempts + 1 as attempt, d.dead_after, due.event_type, due.target, due.due_at,
             case when not public.fn_iu_delivery_target_is_known(due.target)
               then format('unknown target kind "%s"', split_part(due.target, ':', 1))
             end as error
      from public.event_outbox_delivery d
      join public.v_iu_outbox_due due on due.event_id = d.event_id and due.route_key = d.route_key
      -- Said of the locked row itself: another worker may have moved it since it was read.
      where due.is_live and d.status = 'pending' and d.next_attempt_at <= now()
      order by d.next_attempt_at, d.event_id, d.route_key
      limit p_limit
      for no key update of d skip locked
    ), logged as (
      insert into public.event_outbox_delivery_log (event_id, route_key, attempt, outcome, worker, error)
      select t.event_id, t.route_key, t.attempt, case when t.error is null then 'delivered' else 'failed' end, p_worker, t.error
      from taken t
      order by t.due_at, t.event_id, t.route_key
    ), moved as (
      update public.event_outbox_delivery d
      set attempts = t.attempt,
          status = case when t.error is null then 'delivered' when t.attempt >= t.dead_after then 'dead' else 'pending' end,
          delivered_at = case when t.error is null then clock_timestamp() end,
          next_attempt_at = now() + public.fn_iu_delivery_backoff(t.attempt - t.dead_after + 10),
          last_error = t.error
      from taken t
      where d.event_id = t.event_id and d.route_key = t.route_key
      returning d.event_id, t.event_type, d.route_key, t.target, t.attempt, t.error, d.status, t.due_at,
                case when d.status = 'pending' then d.next_attempt_at end as next_attempt_at
    )
    select coalesce(jsonb_agg(
      jsonb_build_object('event_id', moved.event_id, 'event_type', moved.event_type, 'route_key', moved.route_key,
                         'target', moved.target, 'attempt', moved.attempt,
                         'outcome', case moved.status when 'pending' then 'failed' else moved.status end,
                         'error', moved.error, 'next_attempt_at', moved.next_attempt_at)
      order by moved.due_at, moved.event_id, moved.route_key), '[]')
      into v_deliveries
    from moved;
  end if;

  return jsonb_build_object(
    'status', 'ok', 'dry_run', p_dry_run, 'worker', p_worker, 'gate_is_open', coalesce(v_gate_is_open, false),
    'live_routes', to_jsonb(v_live),
    'attempted', jsonb_array_length(v_deliveries),
    'delivered', jsonb_array_length(jsonb_path_query_array(v_deliveries, '$[*] ? (@.outcome == "delivered")')),
    'failed', jsonb_array_length(jsonb_path_query_array(v_deliveries, '$[*] ? (@.outcome == "failed")')),
    'dead', jsonb_array_length(jsonb_path_query_array(v_deliveries, '$[*] ? (@.outcome == "dead")')),
    'still_due', (select count(*) from public.v_iu_outbox_due due where due.is_live)
                 - case when p_dry_run then jsonb_array_length(v_deliveries) else 0 end,
    'due_on_other_routes', (select count(*) from public.v_iu_outbox_due due where not due.is_live),
    'deliveries', v_deliveries);
end
$$;
comment on function public.fn_iu_outbox_deliver(integer, text, boolean) is
  'One delivery step: tries up to p_limit due events along live routes, oldest first, or only lists them (dry run, the '
  'default). A failure is tried again later, ten times at most. Any number of workers may step at once. '
  'Refuses with invalid_input, delivery_gate_closed (live only).';

create function public.fn_iu_outbox_requeue(p_event_id uuid, p_route_key text, p_actor text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_delivery public.event_outbox_delivery;
  v_field text;
begin
  v_field := case
    when p_event_id is null then 'p_event_id'
    when coalesce(p_route_key, '') !~ '\S' then 'p_route_key'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  select d.* into v_delivery from public.event_outbox_delivery d
  where d.event_id = p_event_id and d.route_key = p_route_key for update;
  if not found then
    return jsonb_build_object('status', 'delivery_not_found', 'field', 'p_event_id');
  end if;
  if v_delivery.status <> 'dead' then
    return jsonb_build_object('status', 'delivery_not_dead', 'delivery_status', v_delivery.status, 'attempts', v_delivery.attempts);
  end if;
  perform from public.route_registry r where r.route_key = p_route_key for share;
  if not found then
    return jsonb_build_object('status', 'route_not_found', 'field', 'p_route_key');
  end if;

  update public.event_outbox_delivery d
  set status = 'pending', dead_after = d.attempts + 10, next_attempt_at = now(), requeued_at = clock_timestamp(), requeued_by = p_actor
  where d.event_id = p_event_id and d.route_key = p_route_key;
  return jsonb_build_object('status', 'ok', 'event_id', p_event_id, 'route_key', p_route_key, 'attempts', v_delivery.attempts);
end
$$;
comment on function public.fn_iu_outbox_requeue(uuid, text, text) is
  'Puts a dead letter back in line, due at once and for ten more attempts. '
  'Refuses with invalid_input, delivery_not_found, delivery_not_dead, route_not_found.';

create function public.fn_iu_route_refusal(p_event_type text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  perform from public.event_type_registry t where t.event_type = p_event_type for share;
  if not found then
    return jsonb_build_object('status', 'event_type_not_found', 'field', 'p_event_type');
  end if;
  return null;
end
$$;
comment on function public.fn_iu_route_refusal(text) is
  'Why a type may not have a route, or null; the type stays as it is until the end of the transaction.';

create function public.fn_iu_route_register(p_route_key text, p_event_type text, p_target text, p_actor text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb;
  v_registered boolean;
  v_field text;
begin
  v_field := case
    -- No comma and no blank: the live routes are a list with commas.
    when coalesce(p_route_key, '') !~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$' then 'p_route_key'
    when coalesce(p_event_type, '') !~ '\S' or length(p_event_type) > 200 then 'p_event_type'
    when coalesce(p_target, '') !~ '\S' or length(p_target) > 400 then 'p_target'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;
  v_refusal := public.fn_iu_route_refusal(p_event_type);
  if v_refusal is not null then
    return v_refusal;
  end if;

  perform set_config('iu_core.actor', p_actor, true), set_config('iu_core.reason', '', true);
  insert into public.route_registry (route_key, event_type, target) values (p_route_key, p_event_type, p_target)
  on conflict (route_key) do nothing;
  v_registered := found;
  -- What the same transaction changes by hand afterwards is not signed with this name.
  perform set_config('iu_core.actor', '', true);

  if not v_registered and not exists (
    select from public.route_registry r
    where r.route_key = p_route_key and r.event_type = p_event_type and r.target = p_target
  ) then
    return jsonb_build_object('status', 'route_key_conflict', 'field', 'p_route_key');
  end if;
  return jsonb_build_object('status', 'ok', 'route_key', p_route_key, 'event_type', p_event_type, 'target', p_target,
                            'target_is_known', public.fn_iu_delivery_target_is_known(p_target), 'changed', v_registered);
end
$$;
comment on function public.fn_iu_route_register(text, text, text, text) is
  'Registers a route for an event type; it delivers once it is among the live routes. The same again is ok. '
  'Refuses with invalid_input, event_type_not_found, route_key_conflict.';

create function public.fn_iu_delivery_live_routes_set(p_routes text[], p_actor text, p_reason text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_was text;
  v_value text;
  v_unknown text[];
  v_field text;
begin
  v_field := case
    when p_routes is null or array_position(p_routes, null) is not null then 'p_routes'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when coalesce(p_reason, '') !~ '\S' or length(p_reason) > 2000 then 'p_reason'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  perform public.fn_iu_delivery_barrier();
  perform from public.route_registry r where r.route_key = any (p_routes) order by r.route_key for share;
  v_unknown := array(
    select distinct given.route_key from unnest(p_routes) as given (route_key)
    where given.route_key ~ ',' or not exists (select from public.route_registry r where r.route_key = given.route_key)
    order by given.route_key);
  if cardinality(v_unknown) > 0 then
    return jsonb_build_object('status', 'route_not_found', 'field', 'p_routes', 'route_keys', to_jsonb(v_unknown));
  end if;

  select c.value into v_was from public.dot_config c where c.key = 'iu_core.delivery_live_routes' for update;
  v_value := coalesce((select string_agg(distinct given.route_key, ',' order by given.route_key) from unnest(p_routes) as given (route_key)), '');
  perform public.fn_iu_config_write('iu_core.delivery_live_routes', v_value, p_actor, p_reason);
  return jsonb_build_object('status', 'ok', 'was', v_was, 'value', v_value, 'changed', v_was is distinct from v_value);
end
$$;
comment on function public.fn_iu_delivery_live_routes_set(text[], text, text) is
  'Says which routes may deliver while the delivery gate is open; none: an empty list. Who, when, why and the value before '
  'are recorded. Refuses with invalid_input, route_not_found. Waits for the delivery steps under way.';

create function public.fn_iu_route_set_active(p_route_key text, p_active boolean, p_actor text, p_reason text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_was boolean;
  v_field text;
begin
  v_field := case
    when coalesce(p_route_key, '') !~ '\S' then 'p_route_key'
    when p_active is null then 'p_active'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when coalesce(p_reason, '') !~ '\S' or length(p_reason) > 2000 then 'p_reason'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  perform public.fn_iu_delivery_barrier();
  select r.active into v_was from public.route_registry r where r.route_key = p_route_key for no key update;
  if not found then
    return jsonb_build_object('status', 'route_not_found', 'field', 'p_route_key');
  end if;
  perform set_config('iu_core.actor', p_actor, true), set_config('iu_core.reason', p_reason, true);
  update public.route_registry r set active = p_active where r.route_key = p_route_key;
  perform set_config('iu_core.actor', '', true), set_config('iu_core.reason', '', true);
  return jsonb_build_object('status', 'ok', 'route_key', p_route_key, 'active', p_active, 'changed', v_was <> p_active);
end
$$;
comment on function public.fn_iu_route_set_active(text, boolean, text, text) is
  'Switches a route on or off; what is due along it waits meanwhile. Refuses with invalid_input, route_not_found.';

create function public.fn_iu_route_remove(p_route_key text, p_actor text, p_reason text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_live text[];
  v_field text;
begin
  v_field := case
    when coalesce(p_route_key, '') !~ '\S' then 'p_route_key'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when coalesce(p_reason, '') !~ '\S' or length(p_reason) > 2000 then 'p_reason'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  perform public.fn_iu_delivery_barrier();
  perform from public.route_registry r where r.route_key = p_route_key for update;
  if not found then
    return jsonb_build_object('status', 'route_not_found', 'field', 'p_route_key');
  end if;
  -- Out of the live routes too: whoever takes the key again starts with a route that delivers nothing.
  perform from public.dot_config c where c.key = 'iu_core.delivery_live_routes' for update;
  v_live := public.fn_iu_delivery_live_routes();
  if p_route_key = any (v_live) then
    perform public.fn_iu_config_write(
      'iu_core.delivery_live_routes', array_to_string(array_remove(v_live, p_route_key), ','), p_actor, p_reason);
  end if;
  perform set_config('iu_core.actor', p_actor, true), set_config('iu_core.reason', p_reason, true);
  delete from public.route_registry r where r.route_key = p_route_key;
  perform set_config('iu_core.actor', '', true), set_config('iu_core.reason', '', true);
  return jsonb_build_object('status', 'ok', 'route_key', p_route_key, 'was_live', p_route_key = any (v_live));
end
$$;
comment on function public.fn_iu_route_remove(text, text, text) is
  'Removes a route, also from the live routes: the way back from one that was registered by accident. What was delivered '
  'stays on record. Refuses with invalid_input, route_not_found.';

create view public.v_iu_outbox as
select
  e.id, e.event_domain, e.event_type, e.canonical_address, e.subject_ref, e.actor, e.safe_payload, e.created_at,
  coalesce(e.canonical_address, e.safe_payload ->> 'collection_key') as subject,
  case
    when exists (
      select from public.event_outbox_delivery d join public.route_registry r on r.route_key = d.route_key
      where d.event_id = e.id and d.status = 'dead') then 'dead'
    when exists (
      select from public.route_registry r
      join public.event_type_registry t on t.event_type = r.event_type
      left join public.event_outbox_delivery d on d.event_id = e.id and d.route_key = r.route_key
      where r.event_type = e.event_type and r.active and t.active and coalesce(d.status, 'pending') = 'pending') then 'pending'
    when exists (
      select from public.event_outbox_delivery d where d.event_id = e.id and d.status = 'delivered') then 'delivered'
    else 'not_routed'
  end as delivery_state
from public.event_outbox e;
comment on view public.v_iu_outbox is
  'One row per event of the outbox, and how far it has been delivered: not routed, pending, delivered, or a dead letter.';

create view public.v_iu_outbox_summary as
select
  e.event_domain, e.event_type,
  count(*)::integer as events,
  count(distinct e.actor)::integer as actors,
  count(*) filter (where e.created_at > now() - interval '1 hour')::integer as events_last_hour,
  count(*) filter (where e.created_at > now() - interval '1 day')::integer as events_last_day,
  min(e.created_at) as first_at,
  max(e.created_at) as last_at,
  exists (select from public.event_type_registry t where t.event_type = e.event_type) as is_registered
from public.event_outbox e
group by e.event_domain, e.event_type;
comment on view public.v_iu_outbox_summary is
  'One row per domain and type of the outbox: events, actors, first and last.';

create view public.v_iu_outbox_delivery as
select
  d.event_id, d.route_key, r.target, r.route_key is not null as route_exists,
  d.status, d.attempts, d.dead_after,
  case when d.status = 'pending' then d.next_attempt_at end as next_attempt_at,
  d.last_error, d.enlisted_at, d.delivered_at, d.requeued_at, d.requeued_by
from public.event_outbox_delivery d
left join public.route_registry r on r.route_key = d.route_key;
comment on view public.v_iu_outbox_delivery is
  'One row per event and route that was tried: where it stands.';

create view public.v_iu_outbox_delivery_attempt as
select l.id, l.event_id, l.route_key, l.attempt, l.outcome, l.at, l.worker, l.error
from public.event_outbox_delivery_log l;
comment on view public.v_iu_outbox_delivery_attempt is
  'One row per attempt to deliver an event along a route.';

create view public.v_iu_route as
select
  r.route_key, r.event_type, r.target, r.active,
  public.fn_iu_delivery_target_is_known(r.target) as target_is_known,
  r.route_key = any (public.fn_iu_delivery_live_routes()) as is_live,
  t.active as type_active,
  (select count(*)::integer from public.v_iu_outbox_due due where due.route_key = r.route_key) as due,
  counted.pending, counted.delivered, counted.dead,
  last_change.changed_by, last_change.changed_at, last_change.change, last_change.reason
from public.route_registry r
join public.event_type_registry t on t.event_type = r.event_type
cross join lateral (
  select count(*) filter (where d.status = 'pending')::integer as pending,
         count(*) filter (where d.status = 'delivered')::integer as delivered,
         count(*) filter (where d.status = 'dead')::integer as dead
  from public.event_outbox_delivery d
  where d.route_key = r.route_key
) counted
left join lateral (
  select h.changed_by, h.changed_at, h.change, h.reason
  from public.route_registry_change h
  where h.route_key = r.route_key
  order by h.id desc
  limit 1
) last_change on true;
comment on view public.v_iu_route is
  'One row per route: whether it is on and live, what is due along it, what it delivered, and who changed it last.';

create view public.v_iu_route_change as
select h.id, h.route_key, h.event_type, h.change, h.changed_by, h.changed_at, h.reason
from public.route_registry_change h;
comment on view public.v_iu_route_change is
  'One row per recorded change of a route or of a type''s boundary.';

revoke execute on function
  public.fn_iu_outbox_append_only_trigger(),
  public.fn_iu_route_change_trigger(),
  public.fn_iu_delivery_live_routes(),
  public.fn_iu_delivery_barrier(),
  public.fn_iu_delivery_target_is_known(text),
  public.fn_iu_delivery_backoff(integer),
  public.fn_iu_outbox_deliver(integer, text, boolean),
  public.fn_iu_outbox_requeue(uuid, text, text),
  public.fn_iu_route_refusal(text),
  public.fn_iu_route_register(text, text, text, text),
  public.fn_iu_delivery_live_routes_set(text[], text, text),
  public.fn_iu_route_set_active(text, boolean, text, text),
  public.fn_iu_route_remove(text, text, text)
from public;

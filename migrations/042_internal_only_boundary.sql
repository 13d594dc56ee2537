-- Internal-only event types: no route leads out of them, and that can be proven.

alter table public.event_type_registry add column internal_only boolean not null default false;
comment on column public.event_type_registry.internal_only is
  'The type stays inside: it can have no route.';

update public.event_type_registry set internal_only = true where event_type = 'iu.template.instance_auto_composed';

create function public.fn_iu_internal_only_route_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  -- Locked: the type cannot become internal while a route for it is on its way.
  perform from public.event_type_registry t where t.event_type = new.event_type and t.internal_only for share;
  if found then
    raise exception 'event type % is internal-only: it can have no route', new.event_type
      using errcode = 'check_violation',
            hint = 'fn_iu_event_type_internal_only_set opens the type, with an actor and a reason.';
  end if;
  return new;
end
$$;
comment on function public.fn_iu_internal_only_route_trigger() is
  'Trigger: refuses a route for an internal-only event type, on every way in.';
create trigger route_registry_internal_only
  before insert or update on public.route_registry
  for each row execute function public.fn_iu_internal_only_route_trigger();

create function public.fn_iu_internal_only_type_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  if new.internal_only and exists (select from public.route_registry r where r.event_type = new.event_type) then
    raise exception 'event type % has a route and cannot be internal-only', new.event_type
      using errcode = 'check_violation', hint = 'fn_iu_route_remove takes the route back.';
  end if;
  if new.internal_only <> old.internal_only then
    insert into public.route_registry_change (event_type, change, changed_by, reason)
    values (
      new.event_type,
      case when new.internal_only then 'made_internal' else 'opened' end,
      coalesce(nullif(current_setting('iu_core.actor', true), ''), session_user::text),
      nullif(current_setting('iu_core.reason', true), '')
    );
  end if;
  return null;
end
$$;
comment on function public.fn_iu_internal_only_type_trigger() is
  'Trigger: keeps a type with a route from being called internal-only, and records who moved the boundary.';
create trigger event_type_registry_internal_only
  after update of internal_only on public.event_type_registry
  for each row execute function public.fn_iu_internal_only_type_trigger();

create or replace function public.fn_iu_route_refusal(p_event_type text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_internal_only boolean;
begin
  select t.internal_only into v_internal_only from public.event_type_registry t where t.event_type = p_event_type for share;
  if not found then
    return jsonb_build_object('status', 'event_type_not_found', 'field', 'p_event_type');
  elsif v_internal_only then
    return jsonb_build_object('status', 'internal_only_refused', 'field', 'p_event_type');
  end if;
  return null;
end
$$;

create function public.fn_iu_event_type_internal_only_set(
  p_event_type text,
  p_internal_only boolean,
  p_actor text,
  p_reason text
)
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
    when coalesce(p_event_type, '') !~ '\S' then 'p_event_type'
    when p_internal_only is null then 'p_internal_only'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when coalesce(p_reason, '') !~ '\S' or length(p_reason) > 2000 then 'p_reason'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  perform public.fn_iu_delivery_barrier();
  select t.internal_only into v_was from public.event_type_registry t where t.event_type = p_event_type for no key update;
  if not found then
    return jsonb_build_object('status', 'event_type_not_found', 'field', 'p_event_type');
  end if;
  if p_internal_only and exists (select from public.route_registry r where r.event_type = p_event_type) then
    return jsonb_build_object('status', 'type_has_routes', 'field', 'p_event_type');
  end if;

  perform set_config('iu_core.actor', p_actor, true), set_config('iu_core.reason', p_reason, true);
  update public.event_type_registry t set internal_only = p_internal_only where t.event_type = p_event_type;
  perform set_config('iu_core.actor', '', true), set_config('iu_core.reason', '', true);
  return jsonb_build_object('status', 'ok', 'event_type', p_event_type, 'internal_only', p_internal_only,
                            'changed', v_was <> p_internal_only);
end
$$;
comment on function public.fn_iu_event_type_internal_only_set(text, boolean, text, text) is
  'Opens an internal-only event type on purpose, so that it can have a route, or makes a type internal. Recorded. '
  'Refuses with invalid_input, event_type_not_found, type_has_routes.';

create function public.fn_iu_internal_only_assert()
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_violations jsonb;
  v_types jsonb;
begin
  with boundary as (
    -- Named, so that it is missed when its row is gone or was opened.
    select 'iu.template.instance_auto_composed' as event_type
    union
    select t.event_type from public.event_type_registry t where t.internal_only
  ), judged as (
    select b.event_type, found.violation
    from boundary b
    left join public.event_type_registry t on t.event_type = b.event_type
    cross join lateral (values
      (t.event_type is null, 'not_registered'),
      (not t.internal_only, 'not_internal_only'),
      (t.delivery_lane = 'live', 'live_lane'),
      (exists (select from public.route_registry r where r.event_type = b.event_type), 'has_route')
    ) as found (is_so, violation)
    where found.is_so
  )
  select (select coalesce(jsonb_agg(jsonb_build_object('event_type', j.event_type, 'violation', j.violation)
                                    order by j.event_type, j.violation), '[]') from judged j),
         (select jsonb_agg(b.event_type order by b.event_type) from boundary b)
    into v_violations, v_types;

  return jsonb_build_object(
    'status', case when v_violations = '[]' then 'green' else 'red' end,
    'count', jsonb_array_length(v_violations),
    'event_types', v_types,
    'violations', v_violations,
    'delivery_enabled', coalesce((
      select c.value = g.open_value from public.iu_gate g join public.dot_config c using (key)
      where g.key = 'iu_core.delivery_enabled'), false),
    'delivery_live_routes', to_jsonb(public.fn_iu_delivery_live_routes()));
end
$$;
comment on function public.fn_iu_internal_only_assert() is
  'Proves the internal-only boundary: each internal type is registered, not in the live lane and without a route. Green, or '
  'red with the types to look at; the delivery gate and the live routes are reported, not judged.';

create view public.v_iu_outbox_type as
select
  t.event_type, t.event_domain, t.event_stream, t.delivery_lane, t.active, t.description, t.internal_only,
  (select count(*)::integer from public.route_registry r where r.event_type = t.event_type) as routes,
  (select count(*)::integer from public.event_outbox e where e.event_type = t.event_type) as events
from public.event_type_registry t;
comment on view public.v_iu_outbox_type is
  'One row per registered event type: stream, lane, whether it stays inside, its routes and its events.';

create view public.v_iu_internal_only as
select a.answer from (select public.fn_iu_internal_only_assert() as answer) a;
comment on view public.v_iu_internal_only is
  'One row: what fn_iu_internal_only_assert answers now.';

revoke execute on function
  public.fn_iu_internal_only_route_trigger(),
  public.fn_iu_internal_only_type_trigger(),
  public.fn_iu_event_type_internal_only_set(text, boolean, text, text),
  public.fn_iu_internal_only_assert()
from public;

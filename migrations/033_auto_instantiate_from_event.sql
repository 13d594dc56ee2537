-- Auto-instantiate from event: the orchestrator, its log, its gate and its way back.

create table public.iu_auto_instantiate_event_log (
  instance_collection_id uuid primary key
    references public.iu_collection_template_instance_lineage (instance_collection_id) on delete cascade,
  template_collection_id uuid not null references public.iu_piece_collection (id),
  event_id uuid not null,
  event_type text not null,
  idempotency_key text not null,
  emit_mode text not null check (emit_mode in ('dry_run', 'live')),
  triggered_by text not null,
  created_at timestamptz not null default now(),
  unique (idempotency_key)
);
create index iu_auto_instantiate_event_log_event_id on public.iu_auto_instantiate_event_log (event_id);
create index iu_auto_instantiate_event_log_triggered_by on public.iu_auto_instantiate_event_log (triggered_by);
create index iu_auto_instantiate_event_log_template on public.iu_auto_instantiate_event_log (template_collection_id);
comment on table public.iu_auto_instantiate_event_log is
  'Auto-instantiate log: one row per instance that an event made; instances composed by hand have none.';

select set_config('iu_core.actor', 'migration 033', true);
insert into public.dot_config (key, value) values ('iu_core.auto_instantiate_enabled', 'false');
select set_config('iu_core.actor', '', true);
insert into public.iu_gate (key, open_value, protects) values
  ('iu_core.auto_instantiate_enabled', 'true', 'Live auto-instantiation; a dry run needs only the composer gate.');

insert into public.event_type_registry (event_type, event_domain, event_stream, delivery_lane, active, description) values
  ('iu.template.instance_auto_composed', 'iu', 'update', 'delayed', true,
   'An instance was composed from an event. Internal: it has no route.');

create function public.fn_iu_auto_instantiate_from_event(
  p_event_id uuid,
  p_event_type text,
  p_template_collection_id uuid,
  p_instance_key_suffix text,
  p_emit_mode text,
  p_actor text,
  p_note text
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_template public.iu_piece_collection;
  v_idempotency_key text;
  v_instance_key text;
  v_instance_id uuid;
  v_replay jsonb;
  v_pieces jsonb;
  v_composed jsonb;
  v_recorded jsonb;
  v_field text;
begin
  v_field := case
    when p_event_id is null then 'p_event_id'
    when coalesce(p_event_type, '') !~ '\S' or length(p_event_type) > 200 then 'p_event_type'
    when p_template_collection_id is null then 'p_template_collection_id'
    when coalesce(p_instance_key_suffix, '') !~ '\S' or length(p_instance_key_suffix) > 200 then 'p_instance_key_suffix'
    when p_emit_mode is null then 'p_emit_mode'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when p_note !~ '\S' or length(p_note) > 2000 then 'p_note'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;
  if p_emit_mode not in ('dry_run', 'live') then
    return jsonb_build_object('status', 'invalid_emit_mode', 'field', 'p_emit_mode');
  end if;

  if p_emit_mode = 'live' and not public.fn_iu_gate_is_open('iu_core.auto_instantiate_enabled') then
    return jsonb_build_object('status', 'live_gate_closed', 'gate', 'iu_core.auto_instantiate_enabled');
  end if;
  if not public.fn_iu_composer_enabled() then
    return jsonb_build_object('status', 'composer_gate_closed', 'gate', 'iu_core.composer_enabled');
  end if;

  -- The share lock keeps the template's members as they are until the commit.
  select c.* into v_template from public.iu_piece_collection c where c.id = p_template_collection_id for share;
  if not found then
    return jsonb_build_object('status', 'template_collection_not_found', 'field', 'p_template_collection_id');
  end if;
  if not exists (
    select from public.iu_collection_template_registry r
    where r.collection_id = p_template_collection_id and r.is_template
  ) then
    return jsonb_build_object('status', 'template_not_marked', 'field', 'p_template_collection_id');
  end if;

  v_idempotency_key := md5(p_event_id::text || ':' || p_template_collection_id::text || ':' || p_instance_key_suffix);
  v_instance_key := 'tpl-inst:auto:' || p_instance_key_suffix;

  loop
    -- One query: between two, a rollback by actor could take the instance away.
    select jsonb_build_object(
      'status', 'idempotent_replay', 'instance_collection_id', instance.id, 'instance_key', instance.collection_key,
      'pieces_attached', m.piece_count,
      'digest_matches_template', instance.manifest_digest = v_template.manifest_digest,
      'idempotency_key', v_idempotency_key)
      into v_replay
    from public.iu_auto_instantiate_event_log l
    join public.iu_piece_collection instance on instance.id = l.instance_collection_id
    join public.iu_manifest m on m.manifest_digest = instance.manifest_digest
    where l.idempotency_key = v_idempotency_key;
    if found then
      return v_replay;
    end if;

    select jsonb_agg(jsonb_build_object('role', m.role, 'iu_id', m.iu_id) order by m.piece_order, m.iu_id) into v_pieces
    from public.iu_piece_membership m
    where m.collection_id = p_template_collection_id and m.membership_status = 'active';

    -- Composing claims the instance key: a second caller waits in there until the first has committed or gone.
    v_composed := public.fn_iu_compose(
      v_instance_key, v_template.collection_kind, v_template.title,
      'Composed from ' || v_template.collection_key || ' by event ' || p_event_id::text,
      coalesce(v_pieces, '[]'::jsonb), p_actor);
    exit when v_composed ->> 'status' <> 'collection_key_conflict';

    -- The key is taken. By the same request (then the log says so now), by another one, or by one just rolled back.
    if not exists (
      select from public.iu_auto_instantiate_event_log l where l.idempotency_key = v_idempotency_key
    ) then
      select c.id into v_instance_id from public.iu_piece_collection c where c.collection_key = v_instance_key;
      if found then
        return jsonb_build_object('status', 'instance_key_conflict', 'field', 'p_instance_key_suffix',
                                  'instance_key', v_instance_key, 'instance_collection_id', v_instance_id);
      end if;
    end if;
  end loop;

  if v_composed ->> 'status' <> 'ok' then
    -- What the template is made of, not what was asked for, is in the way: no piece, or one that is not active.
    return v_composed || jsonb_build_object('field', 'p_template_collection_id');
  end if;

  v_instance_id := (v_composed ->> 'collection_id')::uuid;
  v_recorded := public.fn_iu_collection_record_template_instance(v_instance_id, p_template_collection_id, p_actor, p_note);
  if v_recorded ->> 'status' <> 'ok' then
    raise exception 'lineage of a new instance was refused: %', v_recorded;
  end if;

  insert into public.iu_auto_instantiate_event_log
    (instance_collection_id, template_collection_id, event_id, event_type, idempotency_key, emit_mode, triggered_by)
  values
    (v_instance_id, p_template_collection_id, p_event_id, p_event_type, v_idempotency_key, p_emit_mode, p_actor);

  return jsonb_build_object(
    'status', 'ok', 'instance_collection_id', v_instance_id, 'instance_key', v_instance_key,
    'pieces_attached', (v_composed ->> 'pieces_attached')::integer,
    'digest_matches_template', v_composed ->> 'manifest_digest' = v_template.manifest_digest,
    'idempotency_key', v_idempotency_key);
end
$$;
comment on function public.fn_iu_auto_instantiate_from_event(uuid, text, uuid, text, text, text, text) is
  'Composes the instance tpl-inst:auto:<suffix> from a template for an event, once: the same event, template and suffix '
  'again is idempotent_replay. Refuses with invalid_input, invalid_emit_mode, live_gate_closed, composer_gate_closed, '
  'template_collection_not_found, template_not_marked, instance_key_conflict, and as fn_iu_compose does.';

create function public.fn_iu_auto_instantiate_rollback_by_actor(p_actor text, p_dry_run boolean default true)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
  v_going uuid[];
  v_instances jsonb;
  v_log_rows bigint;
  v_lineage_rows bigint;
  v_collection_rows bigint;
  v_membership_rows bigint;
begin
  if coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_actor');
  elsif p_dry_run is null then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_dry_run');
  end if;

  -- A plan kept from when the tables were small reads them from end to end, once for each instance.
  discard plans;
  v_ids := array(
    select l.instance_collection_id from public.iu_auto_instantiate_event_log l
    where l.triggered_by = p_actor order by l.instance_collection_id);
  if not p_dry_run then
    -- Locked first, judged afterwards: whoever makes an instance depend on another holds a lock on it until then.
    -- A rollback of the same actor at the same time leaves nothing here to lock.
    perform from public.iu_piece_collection c where c.id = any (v_ids) order by c.id for update;
  end if;

  with mine as (
    select l.instance_collection_id as id, c.collection_key, c.manifest_digest
    from public.iu_auto_instantiate_event_log l
    join public.iu_piece_collection c on c.id = l.instance_collection_id
    where l.instance_collection_id = any (v_ids)
  ), judged as (
    select mine.id, mine.collection_key, mine.manifest_digest,
      (select count(*) from public.iu_piece_membership m where m.collection_id = mine.id) as membership_rows,
      case
        when exists (select from public.iu_collection_template_registry r where r.collection_id = mine.id)
          then 'marked_as_template'
        when exists (
          select from public.iu_collection_template_version v
          where v.collection_id = mine.id or v.previous_collection_id = mine.id)
          then 'in_version_chain'
        -- Not exists: most instances have none, and the planner would look through the whole lineage for each of them.
        when mine.id in (
          select l.template_collection_id from public.iu_collection_template_instance_lineage l
          where l.template_collection_id = any (v_ids))
          then 'has_instances'
      end as blocked_reason
    from mine
  )
  select
    count(*) filter (where judged.blocked_reason is null),
    coalesce(sum(judged.membership_rows) filter (where judged.blocked_reason is null), 0),
    coalesce(array_agg(judged.id) filter (where judged.blocked_reason is null), '{}'),
    coalesce(jsonb_agg(
      jsonb_build_object('instance_collection_id', judged.id, 'instance_key', judged.collection_key,
                         'instance_digest', judged.manifest_digest, 'membership_rows', judged.membership_rows,
                         'blocked_reason', judged.blocked_reason)
      order by judged.collection_key, judged.id), '[]')
    into v_collection_rows, v_membership_rows, v_going, v_instances
  from judged;
  v_log_rows := v_collection_rows;
  v_lineage_rows := v_collection_rows;

  if not p_dry_run then
    begin
      delete from public.iu_auto_instantiate_event_log l where l.instance_collection_id = any (v_going);
      get diagnostics v_log_rows = row_count;
      delete from public.iu_collection_template_instance_lineage l where l.instance_collection_id = any (v_going);
      get diagnostics v_lineage_rows = row_count;
      delete from public.iu_piece_membership m where m.collection_id = any (v_going);
      get diagnostics v_membership_rows = row_count;
      delete from public.iu_piece_collection c where c.id = any (v_going);
      get diagnostics v_collection_rows = row_count;
    exception when foreign_key_violation or restrict_violation then
      -- A table that this function does not know refers to an instance: everything stays.
      return jsonb_build_object('status', 'blocked_by_reference', 'dry_run', p_dry_run, 'actor', p_actor, 'reason', sqlerrm);
    end;
  end if;

  return jsonb_build_object(
    'status', 'ok', 'dry_run', p_dry_run, 'actor', p_actor,
    'log_rows', v_log_rows, 'lineage_rows', v_lineage_rows,
    'collection_rows', v_collection_rows, 'membership_rows', v_membership_rows,
    'blocked_rows', jsonb_array_length(v_instances) - cardinality(v_going),
    'instances', v_instances);
end
$$;
comment on function public.fn_iu_auto_instantiate_rollback_by_actor(text, boolean) is
  'Takes back every instance that an actor''s events made: log, lineage, membership and collection rows, or only counts '
  'them (dry run, the default). An instance that others depend on stays whole and is listed with the reason. '
  'Refuses with invalid_input; blocked_by_reference when a row elsewhere refers to an instance.';

create view public.v_iu_auto_instantiate_event_log as
select
  l.instance_collection_id,
  instance.collection_key as instance_key,
  instance.title as instance_title,
  l.template_collection_id,
  template.collection_key as template_key,
  template.title as template_title,
  l.event_id,
  l.event_type,
  l.idempotency_key,
  l.emit_mode,
  l.triggered_by,
  l.created_at,
  instance.manifest_digest as instance_digest,
  template.manifest_digest as template_digest,
  instance.manifest_digest = template.manifest_digest as digest_matches_template
from public.iu_auto_instantiate_event_log l
join public.iu_piece_collection instance on instance.id = l.instance_collection_id
join public.iu_piece_collection template on template.id = l.template_collection_id;
comment on view public.v_iu_auto_instantiate_event_log is
  'One row per instance that an event made, with both digests and whether they match.';

create view public.v_iu_auto_instantiate_event_summary as
select
  l.template_collection_id,
  l.template_key,
  l.template_title,
  l.emit_mode,
  count(*)::integer as instance_count,
  count(distinct l.event_id)::integer as event_count,
  count(distinct l.triggered_by)::integer as actor_count,
  count(*) filter (where l.digest_matches_template)::integer as digest_matching_instances,
  count(*) filter (where not l.digest_matches_template)::integer as digest_diverged_instances,
  min(l.created_at) as first_at,
  max(l.created_at) as last_at,
  count(*) filter (where l.created_at > now() - interval '1 hour')::integer as instances_last_hour,
  count(*) filter (where l.created_at > now() - interval '1 day')::integer as instances_last_day
from public.v_iu_auto_instantiate_event_log l
group by l.template_collection_id, l.template_key, l.template_title, l.emit_mode;
comment on view public.v_iu_auto_instantiate_event_summary is
  'Per template and mode: how many instances, events and actors, how many match, first and last time, and the last hour and day.';

revoke execute on function
  public.fn_iu_auto_instantiate_from_event(uuid, text, uuid, text, text, text, text),
  public.fn_iu_auto_instantiate_rollback_by_actor(text, boolean)
from public;

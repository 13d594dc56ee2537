-- Bulk: many instances in one call, retiring what an actor made, erasing an actor's lineage, and who shares which pieces.

create function public.fn_iu_scaleout_items(p_plan jsonb)
  returns table (
    place integer,
    plan_row integer,
    suffix text,
    template_collection_id uuid,
    event_id uuid,
    event_type text
  )
  language sql
  immutable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  select (row_number() over (order by item.suffix collate "C"))::integer,
         item.plan_row::integer, item.suffix, item.template_collection_id,
         -- Made from the suffix, so that the same plan again is for the same events.
         coalesce(item.event_id, md5('iu scale-out ' || item.suffix)::uuid),
         coalesce(item.event_type, 'iu.template.instance_auto_composed')
  from (
    select
      given.ordinality as plan_row,
      -- The width does not depend on the count: a plan that grows keeps the suffixes it had.
      given.entry ->> 'suffix_prefix' || lpad(n::text, greatest(3, length(n::text)), '0') as suffix,
      (given.entry ->> 'template_collection_id')::uuid as template_collection_id,
      (given.entry -> 'event_ids' ->> (n - 1))::uuid as event_id,
      given.entry ->> 'event_type' as event_type
    from jsonb_array_elements(p_plan) with ordinality as given (entry, ordinality)
    cross join lateral generate_series(1, (given.entry ->> 'count')::integer) as n
  ) item
  order by 1
$$;
comment on function public.fn_iu_scaleout_items(jsonb) is
  'The instances a scale-out plan asks for, in the order in which their keys are claimed: suffix_prefix and a number of at '
  'least three digits. The plan has to be valid.';

create function public.fn_iu_scaleout_plan_fault(p_plan jsonb)
  returns jsonb
  language plpgsql
  immutable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_uuid constant text := '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
  v_limit constant integer := 10000;
  v_given record;
  v_part text;
  v_total integer := 0;
  v_suffix text;
begin
  if coalesce(jsonb_typeof(p_plan), '') <> 'array' or jsonb_array_length(p_plan) = 0 then
    return '{}';
  end if;
  for v_given in
    select p.entry, p.ordinality as plan_row from jsonb_array_elements(p_plan) with ordinality as p (entry, ordinality)
  loop
    if jsonb_typeof(v_given.entry) <> 'object' then
      return jsonb_build_object('plan_row', v_given.plan_row);
    end if;
    -- In order, because a later line relies on an earlier one.
    v_part := case
      when coalesce(lower(v_given.entry ->> 'template_collection_id') !~ v_uuid, true) then 'template_collection_id'
      when jsonb_typeof(v_given.entry -> 'count') is distinct from 'number'
        or v_given.entry ->> 'count' !~ '^[1-9][0-9]{0,4}$' then 'count'
      when jsonb_typeof(v_given.entry -> 'suffix_prefix') is distinct from 'string'
        or v_given.entry ->> 'suffix_prefix' !~ '\S'
        or length(v_given.entry ->> 'suffix_prefix') + greatest(3, length(v_given.entry ->> 'count')) > 200 then 'suffix_prefix'
      when jsonb_typeof(v_given.entry -> 'event_type') not in ('string', 'null')
        or v_given.entry ->> 'event_type' !~ '\S' or length(v_given.entry ->> 'event_type') > 200 then 'event_type'
      when jsonb_typeof(v_given.entry -> 'event_ids') not in ('array', 'null') then 'event_ids'
      when jsonb_typeof(v_given.entry -> 'event_ids') = 'array' and (
        jsonb_array_length(v_given.entry -> 'event_ids') <> (v_given.entry ->> 'count')::integer
        or exists (
          select from jsonb_array_elements_text(v_given.entry -> 'event_ids') as e (id)
          where coalesce(lower(e.id) !~ v_uuid, true))) then 'event_ids'
      else (
        select k.name from jsonb_object_keys(v_given.entry) as k (name)
        where k.name not in ('template_collection_id', 'count', 'suffix_prefix', 'event_type', 'event_ids')
        order by k.name limit 1)
    end;
    if v_part is not null then
      return jsonb_build_object('plan_row', v_given.plan_row, 'part', v_part);
    end if;
    v_total := v_total + (v_given.entry ->> 'count')::integer;
    if v_total > v_limit then
      return jsonb_build_object('reason', 'too_many_instances');
    end if;
  end loop;

  select i.suffix into v_suffix
  from public.fn_iu_scaleout_items(p_plan) i
  group by i.suffix having count(*) > 1
  order by i.suffix collate "C" limit 1;
  if found then
    return jsonb_build_object('reason', 'duplicate_suffix', 'suffix', v_suffix);
  end if;
  return null;
end
$$;
comment on function public.fn_iu_scaleout_plan_fault(jsonb) is
  'What is wrong with a scale-out plan: the row and the part of it, or a reason; NULL when it is valid.';

create function public.fn_iu_auto_instantiate_scaleout(
  p_plan jsonb,
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
  v_undo constant text := 'IU043';
  v_step constant integer := 1000;
  v_fault jsonb;
  v_field text;
  v_refusal jsonb;
  v_suffixes text[];
  v_keys text[];
  v_templates uuid[];
  v_events uuid[];
  v_types text[];
  v_idempotency_keys text[];
  v_uncomposable uuid[];
  v_total integer;
  v_to integer;
  v_place integer;
  v_claimed uuid[];
  v_composed uuid[] := '{}';
  v_outcome jsonb;
  v_rows jsonb;
begin
  v_fault := public.fn_iu_scaleout_plan_fault(p_plan);
  v_field := case
    when v_fault is not null then 'p_plan'
    when p_emit_mode is null then 'p_emit_mode'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when p_note !~ '\S' or length(p_note) > 2000 then 'p_note'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field) || coalesce(v_fault, '{}');
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

  select array_agg(i.suffix order by i.place), array_agg('tpl-inst:auto:' || i.suffix order by i.place),
         array_agg(i.template_collection_id order by i.place), array_agg(i.event_id order by i.place),
         array_agg(i.event_type order by i.place),
         array_agg(md5(i.event_id::text || ':' || i.template_collection_id::text || ':' || i.suffix) order by i.place)
    into v_suffixes, v_keys, v_templates, v_events, v_types, v_idempotency_keys
  from public.fn_iu_scaleout_items(p_plan) i;
  v_total := cardinality(v_keys);

  -- All of them first and by id: plans that share templates or pieces wait for nobody crosswise.
  perform from public.iu_piece_collection c where c.id = any (v_templates) order by c.id for share;
  select jsonb_build_object(
    'status', case when c.id is null then 'template_collection_not_found' else 'template_not_marked' end,
    'field', 'p_plan', 'suffix', item.suffix, 'template_collection_id', item.template_id)
    into v_refusal
  from unnest(v_suffixes, v_templates) with ordinality as item (suffix, template_id, place)
  left join public.iu_piece_collection c on c.id = item.template_id
  left join public.iu_collection_template_registry r on r.collection_id = item.template_id and r.is_template
  where r.collection_id is null
  order by item.place limit 1;
  if found then
    return v_refusal;
  end if;
  perform from public.information_unit u
  where u.id in (
    select m.iu_id from public.iu_piece_membership m
    where m.collection_id = any (v_templates) and m.membership_status = 'active')
  order by u.id for share;

  -- Whatever fn_iu_compose might not take goes one by one below, where it says so itself.
  v_uncomposable := array(
    select c.id from public.iu_piece_collection c
    where c.id = any (v_templates)
      and (c.title !~ '\S' or length(c.title) > 400 or c.collection_kind !~ '\S' or length(c.collection_kind) > 64
           or length(c.collection_key) > 9000
           or not exists (
             select from public.iu_piece_membership m where m.collection_id = c.id and m.membership_status = 'active')
           or exists (
             select from public.iu_piece_membership m
             join public.information_unit u on u.id = m.iu_id
             where m.collection_id = c.id and m.membership_status = 'active'
               and (u.lifecycle_status <> 'active' or m.role !~ '\S' or length(m.role) > 200))));

  begin
    for v_from in 1 .. v_total by v_step loop
      v_to := least(v_from + v_step - 1, v_total);
      -- A plan kept from when the tables were small reads them from end to end, once for each row that is written.
      discard plans;
      -- The one thing that others see of a transaction under way: how far it is.
      perform set_config('application_name', format('iu scale-out %s/%s', v_from - 1, v_total), true);

      -- Claimed in the order of the keys: of two plans that overlap, one waits for the other.
      with claimed as (
        insert into public.iu_piece_collection (collection_key, collection_kind, title, description, created_by)
        select item.instance_key, c.collection_kind, c.title,
               'Composed from ' || c.collection_key || ' by event ' || item.event_id::text, p_actor
        from unnest(v_keys[v_from:v_to], v_templates[v_from:v_to], v_events[v_from:v_to]) with ordinality
          as item (instance_key, template_id, event_id, place)
        join public.iu_piece_collection c on c.id = item.template_id
        order by item.place
        on conflict (collection_key) do nothing
        returning id, collection_key
      )
      select coalesce(array_agg(claimed.id), '{}') into v_claimed from claimed;

      -- Each is new or made before by this very request; anything else is told one by one below.
      if exists (
        select from unnest(v_keys[v_from:v_to], v_templates[v_from:v_to], v_idempotency_keys[v_from:v_to])
          as item (instance_key, template_id, idempotency_key)
        left join public.iu_piece_collection c on c.collection_key = item.instance_key and c.id = any (v_claimed)
        where (c.id is null) <> exists (
            select from public.iu_auto_instantiate_event_log l where l.idempotency_key = item.idempotency_key)
          or c.id is not null and item.template_id = any (v_uncomposable)
      ) then
        raise exception using errcode = v_undo, message = 'not all of them are new';
      end if;

      with piece as (
        select m.collection_id, m.iu_id, m.role,
               row_number() over (partition by m.collection_id order by m.piece_order, m.iu_id) as position
        from public.iu_piece_membership m
        where m.collection_id = any (v_templates) and m.membership_status = 'active'
      )
      insert into public.iu_piece_membership (collection_id, iu_id, piece_order, role)
      select c.id, piece.iu_id, piece.position, piece.role
      from unnest(v_keys[v_from:v_to], v_templates[v_from:v_to]) as item (instance_key, template_id)
      join public.iu_piece_collection c on c.collection_key = item.instance_key and c.id = any (v_claimed)
      join piece on piece.collection_id = item.template_id
      order by c.id, piece.position;

      insert into public.event_outbox (event_domain, event_type, subject_ref, actor, safe_payload)
      select 'iu', 'iu.collection.composed', c.id, p_actor,
             jsonb_build_object('collection_key', c.collection_key, 'manifest_digest', c.manifest_digest)
      from public.iu_piece_collection c
      where c.id = any (v_claimed);
      insert into public.event_outbox (event_domain, event_type, canonical_address, subject_ref, actor, safe_payload)
      select 'iu', 'iu.collection.piece_attached', u.canonical_address, u.id, p_actor,
             jsonb_build_object('collection_id', m.collection_id, 'role', m.role, 'position', m.piece_order)
      from public.iu_piece_membership m
      join public.information_unit u on u.id = m.iu_id
      where m.collection_id = any (v_claimed);

      insert into public.iu_collection_template_instance_lineage
        (instance_collection_id, template_collection_id, base_manifest_digest, instantiated_by, note)
      select c.id, item.template_id, template.manifest_digest, p_actor, p_note
      from unnest(v_keys[v_from:v_to], v_templates[v_from:v_to]) as item (instance_key, template_id)
      join public.iu_piece_collection c on c.collection_key = item.instance_key and c.id = any (v_claimed)
      join public.iu_piece_collection template on template.id = item.template_id;
      insert into public.iu_auto_instantiate_event_log
        (instance_collection_id, template_collection_id, event_id, event_type, idempotency_key, emit_mode, triggered_by)
      select c.id, item.template_id, item.event_id, item.event_type, item.idempotency_key, p_emit_mode, p_actor
      from unnest(v_keys[v_from:v_to], v_templates[v_from:v_to], v_events[v_from:v_to], v_types[v_from:v_to],
                  v_idempotency_keys[v_from:v_to]) as item (instance_key, template_id, event_id, event_type, idempotency_key)
      join public.iu_piece_collection c on c.collection_key = item.instance_key and c.id = any (v_claimed);
      v_composed := v_composed || v_claimed;
    end loop;
  exception when sqlstate 'IU043' then
    v_composed := '{}';
    begin
      -- One by one: the orchestrator itself says what is in the way, or finds that it is gone.
      for v_index in 1 .. v_total loop
        v_place := v_index;
        v_outcome := public.fn_iu_auto_instantiate_from_event(
          v_events[v_index], v_types[v_index], v_templates[v_index], v_suffixes[v_index], p_emit_mode, p_actor, p_note);
        if v_outcome ->> 'status' = 'ok' then
          v_composed := v_composed || (v_outcome ->> 'instance_collection_id')::uuid;
        elsif v_outcome ->> 'status' <> 'idempotent_replay' then
          raise exception using errcode = v_undo, message = 'one was refused';
        end if;
      end loop;
    exception when sqlstate 'IU043' then
      return v_outcome || jsonb_build_object('field', 'p_plan', 'suffix', v_suffixes[v_place],
                                             'template_collection_id', v_templates[v_place]);
    end;
  end;

  select jsonb_agg(
    jsonb_build_object(
      'plan_row', made.plan_row, 'template_collection_id', template.id, 'template_key', template.collection_key,
      'template_title', template.title, 'template_digest', template.manifest_digest,
      'instances', made.instances, 'composed', made.composed, 'replayed', made.instances - made.composed,
      'digest_matching', made.digest_matching, 'pieces', made.pieces,
      'first_key', 'tpl-inst:auto:' || made.first_suffix, 'last_key', 'tpl-inst:auto:' || made.last_suffix)
    order by made.plan_row)
    into v_rows
  from (
    select i.plan_row, i.template_collection_id, count(*) as instances,
           count(fresh.id) as composed,
           count(*) filter (where c.manifest_digest = t.manifest_digest) as digest_matching,
           coalesce(sum(m.piece_count), 0) as pieces,
           (array_agg(i.suffix order by length(i.suffix), i.suffix collate "C"))[1] as first_suffix,
           (array_agg(i.suffix order by length(i.suffix) desc, i.suffix collate "C" desc))[1] as last_suffix
    from public.fn_iu_scaleout_items(p_plan) i
    join public.iu_auto_instantiate_event_log l on l.idempotency_key = v_idempotency_keys[i.place]
    join public.iu_piece_collection c on c.id = l.instance_collection_id
    join public.iu_manifest m on m.manifest_digest = c.manifest_digest
    join public.iu_piece_collection t on t.id = i.template_collection_id
    left join unnest(v_composed) as fresh (id) on fresh.id = c.id
    group by i.plan_row, i.template_collection_id
  ) made
  join public.iu_piece_collection template on template.id = made.template_collection_id;

  return jsonb_build_object(
    'status', case when cardinality(v_composed) = 0 then 'idempotent_replay' else 'ok' end,
    'emit_mode', p_emit_mode, 'actor', p_actor,
    'instances', v_total, 'composed', cardinality(v_composed), 'replayed', v_total - cardinality(v_composed),
    'digest_matching', (select sum((r.made ->> 'digest_matching')::integer) from jsonb_array_elements(v_rows) as r (made)),
    'templates', v_rows);
end
$$;
comment on function public.fn_iu_auto_instantiate_scaleout(jsonb, text, text, text) is
  'Composes 1 to 10,000 instances in one call, all or none: p_plan is [{"template_collection_id", "count", "suffix_prefix", '
  '"event_type"?, "event_ids"?}, …]. The same plan again is idempotent_replay. Refuses as '
  'fn_iu_auto_instantiate_from_event does, with the suffix that is in the way.';

alter table public.iu_piece_collection
  add column retired_at timestamptz,
  add column retire_reason text;
comment on column public.iu_piece_collection.retired_at is
  'When the collection was retired; null while it is in use, and when it was retired by hand.';

create view public.v_iu_retired_collection as
select c.id as collection_id, c.collection_key, c.retired_at, c.retire_reason
from public.iu_piece_collection c
where c.collection_status = 'retired';
comment on view public.v_iu_retired_collection is
  'One row per retired collection: when and why it was retired.';

create function public.fn_iu_collection_retire_by_actor(
  p_actor text,
  p_dry_run boolean default true,
  p_reason text default null
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
  v_retiring uuid[];
  v_instances jsonb;
  v_already bigint;
  v_field text;
begin
  v_field := case
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when p_dry_run is null then 'p_dry_run'
    when p_reason !~ '\S' or length(p_reason) > 2000 then 'p_reason'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  v_ids := array(
    select l.instance_collection_id from public.iu_collection_template_instance_lineage l where l.instantiated_by = p_actor
    union
    select e.instance_collection_id from public.iu_auto_instantiate_event_log e where e.triggered_by = p_actor
    order by 1);
  if not p_dry_run then
    -- Locked first, judged afterwards: whoever marks an instance as a template holds a lock on it until then.
    perform from public.iu_piece_collection c where c.id = any (v_ids) order by c.id for update;
  end if;

  with judged as (
    select c.id, c.collection_key, c.manifest_digest, c.collection_status,
      case
        when exists (select from public.iu_collection_template_registry r where r.collection_id = c.id and r.is_template)
          then 'marked_as_template'
        when exists (select from public.iu_collection_template_version v where v.collection_id = c.id)
          then 'in_version_chain'
      end as blocked_reason
    from public.iu_piece_collection c
    where c.id = any (v_ids)
  )
  select
    coalesce(array_agg(judged.id) filter (where judged.blocked_reason is null and judged.collection_status <> 'retired'), '{}'),
    count(*) filter (where judged.collection_status = 'retired'),
    coalesce(jsonb_agg(
      jsonb_build_object('instance_collection_id', judged.id, 'instance_key', judged.collection_key,
                         'instance_digest', judged.manifest_digest, 'was', judged.collection_status,
                         'blocked_reason', case when judged.collection_status <> 'retired' then judged.blocked_reason end)
      order by judged.collection_key, judged.id), '[]')
    into v_retiring, v_already, v_instances
  from judged;

  if not p_dry_run then
    update public.iu_piece_collection c
    set collection_status = 'retired', retired_at = now(), retire_reason = p_reason, updated_at = now()
    where c.id = any (v_retiring);
  end if;
  return jsonb_build_object(
    'status', 'ok', 'dry_run', p_dry_run, 'actor', p_actor,
    'retired_rows', cardinality(v_retiring), 'already_retired_rows', v_already,
    'blocked_rows', jsonb_array_length(v_instances) - cardinality(v_retiring) - v_already,
    'instances', v_instances);
end
$$;
comment on function public.fn_iu_collection_retire_by_actor(text, boolean, text) is
  'Retires every instance that an actor made, by hand or by event, or only counts them (dry run, the default). No row goes. '
  'One that is a template itself stays as it is and is listed with the reason. Again changes nothing. Refuses with invalid_input.';

create function public.fn_iu_lineage_soft_erase(p_actor text, p_dry_run boolean default true)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
  v_lineage_rows bigint;
  v_log_rows bigint;
  v_instances jsonb;
begin
  if coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_actor');
  elsif p_dry_run is null then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_dry_run');
  end if;

  -- A plan kept from when the tables were small reads them from end to end, once for each instance.
  discard plans;
  v_ids := array(
    select l.instance_collection_id from public.iu_collection_template_instance_lineage l
    where l.instantiated_by = p_actor order by 1);
  if not p_dry_run then
    perform from public.iu_piece_collection c where c.id = any (v_ids) order by c.id for update;
  end if;

  select coalesce(jsonb_agg(
           jsonb_build_object('instance_collection_id', c.id, 'instance_key', c.collection_key,
                              'instance_digest', c.manifest_digest, 'has_log_row', e.instance_collection_id is not null)
           order by c.collection_key, c.id), '[]'),
         count(*), count(e.instance_collection_id)
    into v_instances, v_lineage_rows, v_log_rows
  from public.iu_collection_template_instance_lineage l
  join public.iu_piece_collection c on c.id = l.instance_collection_id
  left join public.iu_auto_instantiate_event_log e on e.instance_collection_id = l.instance_collection_id
  where l.instantiated_by = p_actor and l.instance_collection_id = any (v_ids);

  if not p_dry_run then
    -- The event log's rows go with them: ON DELETE CASCADE.
    delete from public.iu_collection_template_instance_lineage l
    where l.instantiated_by = p_actor and l.instance_collection_id = any (v_ids);
    get diagnostics v_lineage_rows = row_count;
  end if;
  return jsonb_build_object(
    'status', 'ok', 'dry_run', p_dry_run, 'actor', p_actor,
    'lineage_rows', v_lineage_rows, 'log_rows', v_log_rows, 'collection_rows', 0,
    'instances', v_instances);
end
$$;
comment on function public.fn_iu_lineage_soft_erase(text, boolean) is
  'Erases the lineage of what an actor made, and the event log''s rows with it, or only counts them (dry run, the default). '
  'The collections stay and are instances of nothing; a rollback by actor does not reach them any more. Refuses with invalid_input.';

create view public.v_iu_shared_piece as
with held as (
  select t.collection_id, t.collection_key, t.template_family, t.version_label, m.iu_id, m.role,
         count(*) over (partition by m.iu_id)::integer as holders
  from (
    select r.collection_id, c.collection_key, v.template_family, v.version_label
    from public.iu_collection_template_registry r
    join public.iu_piece_collection c on c.id = r.collection_id
    left join public.iu_collection_template_version v on v.collection_id = r.collection_id
    where r.is_template
    union
    select v.collection_id, c.collection_key, v.template_family, v.version_label
    from public.iu_collection_template_version v
    join public.iu_piece_collection c on c.id = v.collection_id
  ) t
  join public.iu_piece_membership m on m.collection_id = t.collection_id and m.membership_status = 'active'
)
select held.iu_id, u.canonical_address, u.title, u.lifecycle_status, held.holders,
       held.collection_id, held.collection_key, held.template_family, held.version_label, held.role
from held
join public.information_unit u on u.id = held.iu_id
where held.holders > 1;
comment on view public.v_iu_shared_piece is
  'One row per template or version that holds a piece which another one holds too.';

create view public.v_iu_piece_sharing as
select
  mine.collection_id, mine.collection_key, mine.template_family, mine.version_label,
  theirs.collection_id as other_collection_id, theirs.collection_key as other_collection_key,
  theirs.template_family as other_template_family, theirs.version_label as other_version_label,
  coalesce(mine.template_family = theirs.template_family, false) as same_family,
  count(*)::integer as shared_pieces
from public.v_iu_shared_piece mine
join public.v_iu_shared_piece theirs on theirs.iu_id = mine.iu_id and theirs.collection_id <> mine.collection_id
group by 1, 2, 3, 4, 5, 6, 7, 8;
comment on view public.v_iu_piece_sharing is
  'One row per template and other template that hold the same pieces: how many. Each pair stands in both directions.';

revoke execute on function
  public.fn_iu_scaleout_items(jsonb),
  public.fn_iu_scaleout_plan_fault(jsonb),
  public.fn_iu_auto_instantiate_scaleout(jsonb, text, text, text),
  public.fn_iu_collection_retire_by_actor(text, boolean, text),
  public.fn_iu_lineage_soft_erase(text, boolean)
from public;

update public.dot_iu_command_catalog set target_functions = '{fn_iu_auto_instantiate_scaleout}' where command_name = 'dot_iu_scaleout';

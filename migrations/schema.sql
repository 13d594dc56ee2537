-- The schema as the migrations make it, without rows. Written by npm run db:dump, not by hand.
set check_function_bodies = off;

create schema if not exists public;
create schema if not exists console;

create table public.dot_config (
  key text not null,
  value text,
  constraint dot_config_pkey PRIMARY KEY (key)
);

create table public.dot_config_change (
  id bigint generated always as identity not null,
  key text not null,
  old_value text,
  new_value text,
  changed_by text not null,
  changed_at timestamp with time zone default clock_timestamp() not null,
  reason text,
  constraint dot_config_change_pkey PRIMARY KEY (id)
);

create table public.dot_iu_command_run (
  id uuid default gen_random_uuid() not null,
  command_name text not null,
  phase text not null,
  operator text not null,
  actor text,
  reason text,
  parameters jsonb not null,
  dry_run boolean not null,
  status text not null,
  refused boolean not null,
  result jsonb not null,
  effects jsonb,
  preview_id uuid,
  started_at timestamp with time zone not null,
  duration_ms numeric(12,1) not null,
  constraint dot_iu_command_run_pkey PRIMARY KEY (id),
  constraint dot_iu_command_run_phase_known CHECK ((phase = ANY (ARRAY['preview'::text, 'run'::text]))),
  constraint dot_iu_command_run_preview_of_run CHECK (((preview_id IS NULL) OR (phase = 'run'::text)))
);

create table public.event_outbox (
  id uuid default gen_random_uuid() not null,
  event_domain text not null,
  event_type text not null,
  canonical_address text,
  subject_ref uuid,
  actor text,
  safe_payload jsonb default '{}'::jsonb not null,
  created_at timestamp with time zone default now() not null,
  constraint event_outbox_pkey PRIMARY KEY (id)
);

create table public.event_type_registry (
  event_type text not null,
  event_domain text not null,
  event_stream text not null,
  delivery_lane text not null,
  active boolean default true not null,
  description text default ''::text not null,
  constraint event_type_registry_pkey PRIMARY KEY (event_type)
);

create table public.iu_auto_instantiate_event_log (
  instance_collection_id uuid not null,
  template_collection_id uuid not null,
  event_id uuid not null,
  event_type text not null,
  idempotency_key text not null,
  emit_mode text not null,
  triggered_by text not null,
  created_at timestamp with time zone default now() not null,
  constraint iu_auto_instantiate_event_log_pkey PRIMARY KEY (instance_collection_id),
  constraint iu_auto_instantiate_event_log_idempotency_key_key UNIQUE (idempotency_key),
  constraint iu_auto_instantiate_event_log_emit_mode_check CHECK ((emit_mode = ANY (ARRAY['dry_run'::text, 'live'::text])))
);

create table public.iu_collection_template_instance_lineage (
  instance_collection_id uuid not null,
  template_collection_id uuid not null,
  base_manifest_digest text not null,
  instantiated_by text not null,
  instantiated_at timestamp with time zone default now() not null,
  note text,
  constraint iu_collection_template_instance_lineage_pkey PRIMARY KEY (instance_collection_id),
  constraint iu_collection_template_instance_lineage_not_self CHECK ((instance_collection_id <> template_collection_id))
);

create table public.iu_collection_template_registry (
  collection_id uuid not null,
  is_template boolean default true not null,
  marked_by text not null,
  marked_at timestamp with time zone default now() not null,
  note text,
  constraint iu_collection_template_registry_pkey PRIMARY KEY (collection_id)
);

create table public.iu_collection_template_version (
  collection_id uuid not null,
  template_family text not null,
  version_label text not null,
  version_seq integer not null,
  version_status text default 'current'::text not null,
  previous_collection_id uuid,
  registered_by text not null,
  registered_at timestamp with time zone default now() not null,
  retired_by text,
  retired_at timestamp with time zone,
  retire_reason text,
  constraint iu_collection_template_version_pkey PRIMARY KEY (collection_id),
  constraint iu_collection_template_version_template_family_version_seq_key UNIQUE (template_family, version_seq),
  constraint iu_collection_template_version_family_not_blank CHECK ((btrim(template_family) <> ''::text)),
  constraint iu_collection_template_version_label_not_blank CHECK ((btrim(version_label) <> ''::text)),
  constraint iu_collection_template_version_not_self CHECK ((previous_collection_id <> collection_id)),
  constraint iu_collection_template_version_seq_positive CHECK ((version_seq >= 1)),
  constraint iu_collection_template_version_status_known CHECK ((version_status = ANY (ARRAY['current'::text, 'superseded'::text, 'retired'::text])))
);

create table public.iu_gate (
  key text not null,
  open_value text default 'true'::text not null,
  protects text not null,
  constraint iu_gate_pkey PRIMARY KEY (key),
  constraint iu_gate_open_value_boolean CHECK ((open_value = ANY (ARRAY['true'::text, 'false'::text])))
);

create table public.iu_lifecycle_log (
  id bigint generated always as identity not null,
  iu_id uuid not null,
  change text not null,
  from_status text,
  to_status text not null,
  actor text not null,
  reason text,
  created_at timestamp with time zone default now() not null,
  constraint iu_lifecycle_log_pkey PRIMARY KEY (id)
);

create table public.iu_piece_collection (
  id uuid default gen_random_uuid() not null,
  collection_key text not null,
  collection_kind text not null,
  title text not null,
  description text,
  collection_status text default 'active'::text not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  manifest_digest text not null,
  constraint iu_piece_collection_pkey PRIMARY KEY (id),
  constraint iu_piece_collection_collection_key_key UNIQUE (collection_key),
  constraint iu_piece_collection_key_not_blank CHECK ((btrim(collection_key) <> ''::text)),
  constraint iu_piece_collection_kind_not_blank CHECK ((btrim(collection_kind) <> ''::text)),
  constraint iu_piece_collection_status_known CHECK ((collection_status = ANY (ARRAY['active'::text, 'retired'::text])))
);

create table public.iu_piece_membership (
  id uuid default gen_random_uuid() not null,
  collection_id uuid not null,
  iu_id uuid not null,
  piece_order integer not null,
  role text default 'body'::text not null,
  membership_status text default 'active'::text not null,
  created_at timestamp with time zone default now() not null,
  constraint iu_piece_membership_pkey PRIMARY KEY (id),
  constraint iu_piece_membership_role_not_blank CHECK ((btrim(role) <> ''::text)),
  constraint iu_piece_membership_status_known CHECK ((membership_status = ANY (ARRAY['active'::text, 'removed'::text])))
);

create table public.iu_vector_sync_point (
  id uuid default gen_random_uuid() not null,
  iu_id uuid not null,
  vector_collection text not null,
  content_digest text not null,
  synced_at timestamp with time zone default now() not null,
  constraint iu_vector_sync_point_pkey PRIMARY KEY (id),
  constraint iu_vector_sync_point_iu_id_vector_collection_key UNIQUE (iu_id, vector_collection)
);

create table public.route_registry (
  route_key text not null,
  event_type text not null,
  target text not null,
  active boolean default true not null,
  constraint route_registry_pkey PRIMARY KEY (route_key)
);

CREATE OR REPLACE FUNCTION public.fn_iu_auto_instantiate_from_event(p_event_id uuid, p_event_type text, p_template_collection_id uuid, p_instance_key_suffix text, p_emit_mode text, p_actor text, p_note text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_auto_instantiate_rollback_by_actor(p_actor text, p_dry_run boolean DEFAULT true)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
    exception when foreign_key_violation then
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_collection_digest_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- A row trigger runs after the row is locked, so this reads what a concurrent edit has committed meanwhile.
  v_pieces jsonb := public.fn_iu_manifest_pieces(new.id);
begin
  new.manifest_digest := public.fn_iu_text_digest(v_pieces::text);
  insert into public.iu_manifest (manifest_digest, pieces)
  values (new.manifest_digest, v_pieces)
  on conflict (manifest_digest) do nothing;
  if tg_op = 'UPDATE' and new.manifest_digest is distinct from old.manifest_digest then
    new.updated_at := now();
  end if;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_collection_mark_template(p_collection_id uuid, p_actor text, p_note text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if p_collection_id is null then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_collection_id');
  elsif coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_actor');
  elsif length(p_note) > 2000 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_note');
  elsif not exists (select from public.iu_piece_collection c where c.id = p_collection_id) then
    return jsonb_build_object('status', 'collection_not_found', 'field', 'p_collection_id');
  end if;

  insert into public.iu_collection_template_registry as r (collection_id, marked_by, note)
  values (p_collection_id, p_actor, p_note)
  on conflict (collection_id) do update
    set is_template = true, marked_by = excluded.marked_by, marked_at = now(), note = excluded.note
    where not r.is_template;
  return jsonb_build_object('status', 'ok', 'collection_id', p_collection_id, 'changed', found);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_collection_record_template_instance(p_instance uuid, p_template uuid, p_actor text, p_note text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_base_digest text;
  v_recorded_template uuid;
  v_field text;
begin
  v_field := case
    when p_instance is null then 'p_instance'
    when p_template is null then 'p_template'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when length(p_note) > 2000 then 'p_note'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  if not exists (select from public.iu_piece_collection c where c.id = p_instance) then
    return jsonb_build_object('status', 'collection_not_found', 'field', 'p_instance');
  end if;
  -- The share lock keeps the template's members as they are until the commit: the base is what it is then.
  select c.manifest_digest into v_base_digest from public.iu_piece_collection c where c.id = p_template for share;
  if not found then
    return jsonb_build_object('status', 'collection_not_found', 'field', 'p_template');
  end if;

  if not exists (
    select from public.iu_collection_template_registry r where r.collection_id = p_template and r.is_template
  ) then
    return jsonb_build_object('status', 'template_not_marked', 'field', 'p_template');
  end if;
  if p_instance = p_template then
    return jsonb_build_object('status', 'self_instance_refused', 'field', 'p_instance');
  end if;

  insert into public.iu_collection_template_instance_lineage
    (instance_collection_id, template_collection_id, base_manifest_digest, instantiated_by, note)
  values (p_instance, p_template, v_base_digest, p_actor, p_note)
  on conflict (instance_collection_id) do nothing;
  if found then
    return jsonb_build_object('status', 'ok', 'instance_collection_id', p_instance,
                              'template_collection_id', p_template, 'already_recorded', false);
  end if;

  select l.template_collection_id into v_recorded_template
  from public.iu_collection_template_instance_lineage l
  where l.instance_collection_id = p_instance;
  if v_recorded_template is distinct from p_template then
    return jsonb_build_object('status', 'lineage_conflict', 'field', 'p_instance',
                              'recorded_template_collection_id', v_recorded_template);
  end if;
  return jsonb_build_object('status', 'ok', 'instance_collection_id', p_instance,
                            'template_collection_id', p_template, 'already_recorded', true);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_collection_register_template_version(p_collection_id uuid, p_template_family text, p_version_label text, p_version_seq integer, p_previous_collection_id uuid, p_actor text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_own public.iu_collection_template_version;
  v_previous_family text;
  v_owner uuid;
  v_superseded integer;
  v_field text;
begin
  v_field := case
    when p_collection_id is null then 'p_collection_id'
    when coalesce(p_template_family, '') !~ '\S' or length(p_template_family) > 200 then 'p_template_family'
    when coalesce(p_version_label, '') !~ '\S' or length(p_version_label) > 64 then 'p_version_label'
    when p_version_seq is null or p_version_seq < 1 then 'p_version_seq'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;
  if p_collection_id = p_previous_collection_id then
    return jsonb_build_object('status', 'self_predecessor_refused', 'field', 'p_previous_collection_id');
  end if;

  if not exists (select from public.iu_piece_collection c where c.id = p_collection_id) then
    return jsonb_build_object('status', 'collection_not_found', 'field', 'p_collection_id');
  end if;
  if not exists (
    select from public.iu_collection_template_registry r where r.collection_id = p_collection_id and r.is_template
  ) then
    return jsonb_build_object('status', 'template_not_marked', 'field', 'p_collection_id');
  end if;

  if p_previous_collection_id is not null then
    if not exists (select from public.iu_piece_collection c where c.id = p_previous_collection_id) then
      return jsonb_build_object('status', 'previous_not_found', 'field', 'p_previous_collection_id');
    end if;
    if not exists (
      select from public.iu_collection_template_registry r where r.collection_id = p_previous_collection_id and r.is_template
    ) then
      return jsonb_build_object('status', 'previous_not_marked', 'field', 'p_previous_collection_id');
    end if;
    -- A version never supersedes one of another family.
    select v.template_family into v_previous_family
    from public.iu_collection_template_version v where v.collection_id = p_previous_collection_id;
    if v_previous_family <> p_template_family then
      return jsonb_build_object('status', 'invalid_input', 'field', 'p_previous_collection_id',
                                'reason', 'previous_of_another_family', 'template_family', v_previous_family);
    end if;
  end if;

  insert into public.iu_collection_template_version
    (collection_id, template_family, version_label, version_seq, previous_collection_id, registered_by)
  values (p_collection_id, p_template_family, p_version_label, p_version_seq, p_previous_collection_id, p_actor)
  on conflict do nothing;

  if not found then
    select v.collection_id into v_owner
    from public.iu_collection_template_version v
    where v.template_family = p_template_family and v.version_seq = p_version_seq;
    if v_owner <> p_collection_id then
      return jsonb_build_object('status', 'family_seq_collision', 'field', 'p_version_seq', 'collection_id', v_owner);
    end if;

    select v.* into v_own from public.iu_collection_template_version v where v.collection_id = p_collection_id;
    if v_own.template_family <> p_template_family or v_own.version_seq <> p_version_seq
       or v_own.version_label <> p_version_label
       or v_own.previous_collection_id is distinct from p_previous_collection_id then
      return jsonb_build_object('status', 'invalid_input', 'field', 'p_collection_id', 'reason', 'registered_otherwise',
                                'template_family', v_own.template_family, 'version_label', v_own.version_label,
                                'version_seq', v_own.version_seq);
    end if;
    return jsonb_build_object('status', 'ok', 'collection_id', p_collection_id, 'template_family', p_template_family,
                              'version_seq', p_version_seq, 'version_status', v_own.version_status,
                              'already_registered', true, 'superseded_previous', false);
  end if;

  update public.iu_collection_template_version v
  set version_status = 'superseded'
  where v.collection_id = p_previous_collection_id and v.version_status = 'current';
  get diagnostics v_superseded = row_count;

  return jsonb_build_object('status', 'ok', 'collection_id', p_collection_id, 'template_family', p_template_family,
                            'version_seq', p_version_seq, 'version_status', 'current',
                            'already_registered', false, 'superseded_previous', v_superseded > 0);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_collection_retire_template_version(p_collection_id uuid, p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_was text;
begin
  if p_collection_id is null then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_collection_id');
  elsif coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_actor');
  elsif length(p_reason) > 2000 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_reason');
  end if;

  select v.version_status into v_was
  from public.iu_collection_template_version v where v.collection_id = p_collection_id for update;
  if not found then
    return jsonb_build_object('status', 'version_not_found', 'field', 'p_collection_id');
  end if;

  -- Who retired it first stays on record.
  update public.iu_collection_template_version v
  set version_status = 'retired', retired_by = p_actor, retired_at = now(), retire_reason = p_reason
  where v.collection_id = p_collection_id and v.version_status <> 'retired';
  return jsonb_build_object('status', 'ok', 'collection_id', p_collection_id,
                            'was', v_was, 'already_retired', v_was = 'retired');
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_command_run_record(p_run jsonb)
 RETURNS uuid
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into public.dot_iu_command_run (
    command_name, phase, operator, actor, reason, parameters, dry_run,
    status, refused, result, effects, preview_id, started_at, duration_ms)
  select r.command_name, r.phase, r.operator, r.actor, r.reason, r.parameters, r.dry_run,
         r.status, r.refused, r.result, r.effects, r.preview_id, r.started_at, r.duration_ms
  from jsonb_to_record(p_run) as r (
    command_name text, phase text, operator text, actor text, reason text, parameters jsonb, dry_run boolean,
    status text, refused boolean, result jsonb, effects jsonb, preview_id uuid, started_at timestamptz, duration_ms numeric)
  returning id
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_compose(p_collection_key text, p_collection_kind text, p_title text, p_description text, p_pieces jsonb, p_actor text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_uuid constant text := '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
  v_iu_ids uuid[];
  v_roles text[];
  v_offending uuid[];
  v_collection_id uuid;
  v_digest text;
  v_field text;
begin
  if not public.fn_iu_composer_enabled() then
    return jsonb_build_object('status', 'composer_gate_closed', 'gate', 'iu_core.composer_enabled');
  end if;

  v_field := case
    when coalesce(p_collection_key, '') !~ '\S' or length(p_collection_key) > 400 then 'p_collection_key'
    when coalesce(p_collection_kind, '') !~ '\S' or length(p_collection_kind) > 64 then 'p_collection_kind'
    when coalesce(p_title, '') !~ '\S' or length(p_title) > 400 then 'p_title'
    when length(p_description) > 10000 then 'p_description'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when coalesce(jsonb_typeof(p_pieces), '') <> 'array' then 'p_pieces'
    when jsonb_array_length(p_pieces) = 0 then 'p_pieces'
    when exists (
      select from jsonb_array_elements(p_pieces) as e (piece)
      where jsonb_typeof(e.piece) <> 'object'
        or coalesce(lower(e.piece ->> 'iu_id') !~ v_uuid, true)
        or jsonb_typeof(e.piece -> 'role') not in ('string', 'null')
        or coalesce(e.piece ->> 'role', 'body') !~ '\S'
    ) then 'p_pieces'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  select array_agg((e.piece ->> 'iu_id')::uuid order by e.place),
         array_agg(coalesce(e.piece ->> 'role', 'body') order by e.place)
    into v_iu_ids, v_roles
  from jsonb_array_elements(p_pieces) with ordinality as e (piece, place);

  -- One piece stands at one place of a collection.
  if (select count(distinct given.iu_id) < count(*) from unnest(v_iu_ids) as given (iu_id)) then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_pieces', 'reason', 'duplicate_piece');
  end if;

  -- Held until the end of the transaction, so that no piece retires between this check and the commit.
  perform from public.information_unit u where u.id = any (v_iu_ids) order by u.id for share;

  v_offending := array(
    select given.iu_id from unnest(v_iu_ids) with ordinality as given (iu_id, place)
    where not exists (select from public.information_unit u where u.id = given.iu_id)
    order by given.place);
  if cardinality(v_offending) > 0 then
    return jsonb_build_object('status', 'piece_not_found', 'iu_ids', to_jsonb(v_offending));
  end if;

  v_offending := array(
    select u.id from public.information_unit u
    where u.id = any (v_iu_ids) and u.lifecycle_status <> 'active'
    order by u.id);
  if cardinality(v_offending) > 0 then
    return jsonb_build_object('status', 'piece_not_active', 'iu_ids', to_jsonb(v_offending));
  end if;

  -- The unique key is the claim: a second composer of the same key waits here, then finds it taken.
  insert into public.iu_piece_collection (collection_key, collection_kind, title, description, created_by)
  values (p_collection_key, p_collection_kind, p_title, p_description, p_actor)
  on conflict (collection_key) do nothing
  returning id into v_collection_id;
  if v_collection_id is null then
    return jsonb_build_object('status', 'collection_key_conflict', 'collection_key', p_collection_key);
  end if;

  insert into public.iu_piece_membership (collection_id, iu_id, piece_order, role)
  select v_collection_id, given.iu_id, given.place, given.role
  from unnest(v_iu_ids, v_roles) with ordinality as given (iu_id, role, place);

  select c.manifest_digest into v_digest from public.iu_piece_collection c where c.id = v_collection_id;

  insert into public.event_outbox (event_domain, event_type, subject_ref, actor, safe_payload)
  values ('iu', 'iu.collection.composed', v_collection_id, p_actor,
          jsonb_build_object('collection_key', p_collection_key, 'manifest_digest', v_digest));
  insert into public.event_outbox (event_domain, event_type, canonical_address, subject_ref, actor, safe_payload)
  select 'iu', 'iu.collection.piece_attached', u.canonical_address, u.id, p_actor,
         jsonb_build_object('collection_id', v_collection_id, 'role', given.role, 'position', given.place)
  from unnest(v_iu_ids, v_roles) with ordinality as given (iu_id, role, place)
  join public.information_unit u on u.id = given.iu_id
  order by given.place;

  return jsonb_build_object('status', 'ok', 'collection_id', v_collection_id, 'collection_key', p_collection_key,
                            'pieces_attached', cardinality(v_iu_ids), 'manifest_digest', v_digest);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_composer_enabled()
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select public.fn_iu_gate_is_open('iu_core.composer_enabled')
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_config_change_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into public.dot_config_change (key, old_value, new_value, changed_by, reason)
  values (
    case when tg_op = 'DELETE' then old.key else new.key end,
    case when tg_op <> 'INSERT' then old.value end,
    case when tg_op <> 'DELETE' then new.value end,
    -- Set by the gate functions; a hand in psql is known by its login.
    coalesce(nullif(current_setting('iu_core.actor', true), ''), session_user::text),
    nullif(current_setting('iu_core.reason', true), '')
  );
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_config_write(p_key text, p_value text, p_actor text, p_reason text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform set_config('iu_core.actor', p_actor, true), set_config('iu_core.reason', coalesce(p_reason, ''), true);
  insert into public.dot_config as c (key, value) values (p_key, p_value)
  on conflict (key) do update set value = excluded.value;
  -- What the same transaction changes by hand afterwards is not signed with this name.
  perform set_config('iu_core.actor', '', true), set_config('iu_core.reason', '', true);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_gate_is_open(p_key text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_value text;
  v_open_value text;
begin
  select g.open_value into v_open_value from public.iu_gate g where g.key = p_key;
  if current_setting('transaction_read_only')::boolean then
    select c.value into v_value from public.dot_config c where c.key = p_key;
  else
    -- Row locks are not queued: composers that never pause would share the row past a waiting close for ever. This lock is;
    -- whoever has written the row himself holds it already and must not stand in line behind those who wait for him.
    if not exists (select from public.dot_config c where c.key = p_key and c.xmin = pg_current_xact_id()::xid) then
      perform pg_advisory_xact_lock_shared(hashtextextended('iu_core gate ' || p_key, 0));
    end if;
    -- The share lock makes closing a barrier: a close waits for all that went through, and nothing goes through after it.
    select c.value into v_value from public.dot_config c where c.key = p_key for share;
  end if;
  return coalesce(v_value = v_open_value, false);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_gate_set(p_key text, p_open boolean, p_actor text, p_reason text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_open_value text;
  v_was text;
  v_value text;
begin
  if p_open is null then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_open');
  elsif coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_actor');
  elsif length(p_reason) > 2000 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_reason');
  end if;

  perform pg_advisory_xact_lock(hashtextextended('iu_core gate ' || p_key, 0));
  -- The gate's own row serialises setters, also where dot_config has no row to lock yet.
  select g.open_value into v_open_value from public.iu_gate g where g.key = p_key for no key update;
  if not found then
    return jsonb_build_object('status', 'gate_not_found', 'field', 'p_key');
  end if;

  select c.value into v_was from public.dot_config c where c.key = p_key for update;
  v_value := case when p_open = v_open_value::boolean then 'true' else 'false' end;
  perform public.fn_iu_config_write(p_key, v_value, p_actor, p_reason);
  return jsonb_build_object('status', 'ok', 'key', p_key, 'was', v_was, 'value', v_value, 'is_open', p_open,
                            'changed', v_was is distinct from v_value);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_gates_open(p_keys text[], p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_gate record;
  v_was text;
  v_existed boolean;
  v_opened jsonb := '[]';
begin
  for v_gate in
    -- By key: everybody who opens several gates locks them in the same order.
    select g.key, g.open_value from public.iu_gate g where g.key = any (p_keys) order by g.key
  loop
    -- A gate that is open is held as every run holds it, so that runs through it do not queue.
    continue when case
      when exists (select from public.dot_config c where c.key = v_gate.key and c.value = v_gate.open_value)
        then public.fn_iu_gate_is_open(v_gate.key)
      else false
    end;
    perform pg_advisory_xact_lock(hashtextextended('iu_core gate ' || v_gate.key, 0));
    perform from public.iu_gate g where g.key = v_gate.key for no key update;
    select c.value into v_was from public.dot_config c where c.key = v_gate.key for update;
    v_existed := found;
    continue when v_was = v_gate.open_value;
    perform public.fn_iu_config_write(v_gate.key, v_gate.open_value, p_actor, p_reason);
    v_opened := v_opened || jsonb_build_object('key', v_gate.key, 'was', v_was, 'existed', v_existed);
  end loop;
  return v_opened;
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_gates_put_back(p_opened jsonb, p_actor text, p_reason text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_gate record;
begin
  for v_gate in
    select o.key, o.was, o.existed
    from jsonb_to_recordset(p_opened) as o (key text, was text, existed boolean)
    order by o.key
  loop
    if v_gate.existed then
      perform public.fn_iu_config_write(v_gate.key, v_gate.was, p_actor, p_reason);
    else
      perform set_config('iu_core.actor', p_actor, true), set_config('iu_core.reason', coalesce(p_reason, ''), true);
      delete from public.dot_config c where c.key = v_gate.key;
      perform set_config('iu_core.actor', '', true), set_config('iu_core.reason', '', true);
    end if;
  end loop;
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_longest_increasing(p_values integer[])
 RETURNS integer[]
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- Patience sorting: v_ends[n] is the index of the smallest value that ends an increasing run of n.
  v_ends integer[] := '{}';
  v_before integer[] := '{}';
  v_low integer;
  v_high integer;
  v_middle integer;
  v_run integer[] := '{}';
  v_index integer;
begin
  for v_index in 1 .. cardinality(p_values) loop
    v_low := 1;
    v_high := cardinality(v_ends) + 1;
    while v_low < v_high loop
      v_middle := (v_low + v_high) / 2;
      if p_values[v_ends[v_middle]] < p_values[v_index] then
        v_low := v_middle + 1;
      else
        v_high := v_middle;
      end if;
    end loop;
    v_before[v_index] := v_ends[v_low - 1];
    v_ends[v_low] := v_index;
  end loop;

  v_index := v_ends[cardinality(v_ends)];
  while v_index is not null loop
    v_run := p_values[v_index] || v_run;
    v_index := v_before[v_index];
  end loop;
  return v_run;
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_manifest_difference(p_from_digest text, p_to_digest text)
 RETURNS TABLE(change text, from_iu_id uuid, from_position integer, from_role text, from_title text, from_address text, to_iu_id uuid, to_position integer, to_role text, to_title text, to_address text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with before as (
    select m.position, m.role, m.iu_id from public.fn_iu_manifest_members(p_from_digest) m
  ), after as (
    select m.position, m.role, m.iu_id from public.fn_iu_manifest_members(p_to_digest) m
  ), kept_order as (
    -- An insertion shifts everything below it; only what left the common order has moved.
    select unnest(public.fn_iu_longest_increasing(array_agg(before.position order by after.position))) as from_position
    from before join after using (iu_id)
  ), anchor as (
    select kept_order.from_position, after.position as to_position
    from kept_order
    join before on before.position = kept_order.from_position
    join after using (iu_id)
  ), gone as (
    select before.*, row_number() over (partition by before.gap order by before.position) as place
    from (
      select b.*, (select count(*) from anchor where anchor.from_position < b.position) as gap
      from before b
      where not exists (select from after where after.iu_id = b.iu_id)
    ) before
  ), come as (
    select after.*, row_number() over (partition by after.gap order by after.position) as place
    from (
      select a.*, (select count(*) from anchor where anchor.to_position < a.position) as gap
      from after a
      where not exists (select from before where before.iu_id = a.iu_id)
    ) after
  ), difference as (
    select
      case
        when anchor.from_position is null then 'moved'
        when before.role <> after.role then 'role_changed'
        else 'same'
      end as change,
      before.iu_id as from_iu_id, before.position as from_position, before.role as from_role,
      after.iu_id as to_iu_id, after.position as to_position, after.role as to_role,
      (select count(*) from anchor a where a.to_position < after.position) as gap,
      anchor.from_position is not null as is_anchor
    from before
    join after using (iu_id)
    left join anchor on anchor.from_position = before.position
    union all
    -- What went and what came in the same gap between kept pieces replaced each other.
    select
      case when come.iu_id is null then 'removed' when gone.iu_id is null then 'added' else 'replaced' end,
      gone.iu_id, gone.position, gone.role, come.iu_id, come.position, come.role,
      coalesce(come.gap, gone.gap), false
    from gone
    full join come on come.gap = gone.gap and come.place = gone.place
  )
  select d.change,
         d.from_iu_id, d.from_position, d.from_role, was.title, was.canonical_address,
         d.to_iu_id, d.to_position, d.to_role, now_is.title, now_is.canonical_address
  from difference d
  left join public.information_unit was on was.id = d.from_iu_id
  left join public.information_unit now_is on now_is.id = d.to_iu_id
  order by d.gap, d.is_anchor, d.to_position nulls last, d.from_position
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_manifest_members(p_digest text)
 RETURNS TABLE("position" integer, role text, iu_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select member.position, member.role, member.iu_id
  from public.iu_manifest m
  cross join lateral jsonb_to_recordset(m.pieces) as member (position integer, role text, iu_id uuid)
  where m.manifest_digest = p_digest
  order by member.position
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_manifest_pieces(p_collection_id uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(
    jsonb_agg(jsonb_build_object('position', member.position, 'role', member.role, 'iu_id', member.iu_id)
              order by member.position),
    '[]'::jsonb)
  from (
    select row_number() over (order by m.piece_order, m.iu_id) as position, m.role, m.iu_id
    from public.iu_piece_membership m
    where m.collection_id = p_collection_id
      and m.membership_status = 'active'
  ) member
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_membership_digest_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_collection_ids uuid[];
begin
  -- Branches, not one expression: each event has only its own transition tables.
  if tg_op = 'INSERT' then
    v_collection_ids := array(select distinct n.collection_id from new_rows n);
  elsif tg_op = 'DELETE' then
    v_collection_ids := array(select distinct o.collection_id from old_rows o);
  elsif tg_op = 'UPDATE' then
    v_collection_ids := array(select n.collection_id from new_rows n union select o.collection_id from old_rows o);
  else
    v_collection_ids := array(select c.id from public.iu_piece_collection c);
  end if;
  -- One order for everybody, so that two edits of the same collections wait instead of deadlocking.
  perform from public.iu_piece_collection c where c.id = any (v_collection_ids) order by c.id for no key update;
  update public.iu_piece_collection c set manifest_digest = c.manifest_digest where c.id = any (v_collection_ids);
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_text_digest(p_text text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select encode(sha256(convert_to(p_text, 'UTF8')), 'hex')
$function$;

create table public.information_unit (
  id uuid default gen_random_uuid() not null,
  canonical_address text not null,
  title text not null,
  body text not null,
  lifecycle_status text default 'active'::text not null,
  content_digest text generated always as (public.fn_iu_text_digest(body)) stored not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint information_unit_pkey PRIMARY KEY (id),
  constraint information_unit_canonical_address_key UNIQUE (canonical_address),
  constraint information_unit_address_not_blank CHECK ((btrim(canonical_address) <> ''::text)),
  constraint information_unit_status_known CHECK ((lifecycle_status = ANY (ARRAY['active'::text, 'superseded'::text, 'retired'::text])))
);

create table public.iu_manifest (
  manifest_digest text not null,
  pieces jsonb not null,
  piece_count integer generated always as (jsonb_array_length(pieces)) stored not null,
  first_seen_at timestamp with time zone default now() not null,
  constraint iu_manifest_pkey PRIMARY KEY (manifest_digest),
  constraint iu_manifest_is_content_addressed CHECK ((manifest_digest = public.fn_iu_text_digest((pieces)::text)))
);

create view public.v_iu_auto_instantiate_actor as
 SELECT triggered_by AS actor,
    (count(*))::integer AS instances,
    max(created_at) AS last_at
   FROM public.iu_auto_instantiate_event_log l
  GROUP BY triggered_by;

create view public.v_iu_auto_instantiate_event_log as
 SELECT l.instance_collection_id,
    instance.collection_key AS instance_key,
    instance.title AS instance_title,
    l.template_collection_id,
    template.collection_key AS template_key,
    template.title AS template_title,
    l.event_id,
    l.event_type,
    l.idempotency_key,
    l.emit_mode,
    l.triggered_by,
    l.created_at,
    instance.manifest_digest AS instance_digest,
    template.manifest_digest AS template_digest,
    (instance.manifest_digest = template.manifest_digest) AS digest_matches_template
   FROM ((public.iu_auto_instantiate_event_log l
     JOIN public.iu_piece_collection instance ON ((instance.id = l.instance_collection_id)))
     JOIN public.iu_piece_collection template ON ((template.id = l.template_collection_id)));

create view public.v_iu_auto_instantiate_event_summary as
 SELECT template_collection_id,
    template_key,
    template_title,
    emit_mode,
    (count(*))::integer AS instance_count,
    (count(DISTINCT event_id))::integer AS event_count,
    (count(DISTINCT triggered_by))::integer AS actor_count,
    (count(*) FILTER (WHERE digest_matches_template))::integer AS digest_matching_instances,
    (count(*) FILTER (WHERE (NOT digest_matches_template)))::integer AS digest_diverged_instances,
    min(created_at) AS first_at,
    max(created_at) AS last_at,
    (count(*) FILTER (WHERE (created_at > (now() - '01:00:00'::interval))))::integer AS instances_last_hour,
    (count(*) FILTER (WHERE (created_at > (now() - '1 day'::interval))))::integer AS instances_last_day
   FROM public.v_iu_auto_instantiate_event_log l
  GROUP BY template_collection_id, template_key, template_title, emit_mode;

create view public.v_iu_collection as
 SELECT c.id AS collection_id,
    c.collection_key,
    c.collection_kind,
    c.title,
    c.description,
    c.collection_status,
    c.manifest_digest,
    c.created_by,
    c.created_at,
    c.updated_at,
    r.marked_by,
    r.marked_at,
        CASE
            WHEN ((r.collection_id IS NOT NULL) OR (v.collection_id IS NOT NULL)) THEN 'template'::text
            WHEN (l.instance_collection_id IS NOT NULL) THEN 'instance'::text
            ELSE 'collection'::text
        END AS shown_as
   FROM (((public.iu_piece_collection c
     LEFT JOIN public.iu_collection_template_registry r ON (((r.collection_id = c.id) AND r.is_template)))
     LEFT JOIN public.iu_collection_template_version v ON ((v.collection_id = c.id)))
     LEFT JOIN public.iu_collection_template_instance_lineage l ON ((l.instance_collection_id = c.id)));

create view public.v_iu_collection_piece as
 SELECT m.collection_id,
    (row_number() OVER (PARTITION BY m.collection_id ORDER BY m.piece_order, m.iu_id))::integer AS "position",
    m.role,
    m.iu_id,
    u.canonical_address,
    u.title,
    u.body,
    u.lifecycle_status,
    u.content_digest
   FROM (public.iu_piece_membership m
     JOIN public.information_unit u ON ((u.id = m.iu_id)))
  WHERE (m.membership_status = 'active'::text);

create view public.v_iu_command_run as
 SELECT id,
    command_name,
    phase,
    operator,
    actor,
    reason,
    parameters,
    dry_run,
    status,
    refused,
    result,
    effects,
    preview_id,
    started_at,
    (duration_ms)::double precision AS duration_ms
   FROM public.dot_iu_command_run r;

create view public.v_iu_config_change as
 SELECT id,
    key,
    old_value,
    new_value,
    changed_by,
    changed_at,
    reason
   FROM public.dot_config_change h
  WHERE (key ~ '^(iu_core|piece_event_runtime)\.'::text);

create view public.v_iu_config_setting as
 SELECT key,
    value
   FROM public.dot_config c
  WHERE ((NOT (EXISTS ( SELECT
           FROM public.iu_gate g
          WHERE (g.key = c.key)))) AND (key ~ '^(iu_core|piece_event_runtime)\.'::text));

create view public.v_iu_event_type as
 SELECT event_type,
    event_domain,
    event_stream,
    delivery_lane,
    active,
    description
   FROM public.event_type_registry t;

create view public.v_iu_gate as
 SELECT g.key,
    g.protects,
    g.open_value,
    c.value,
    COALESCE((c.value = g.open_value), false) AS is_open,
    COALESCE((c.value = ANY (ARRAY['true'::text, 'false'::text])), false) AS is_readable,
    last_change.changed_at,
    last_change.changed_by,
    last_change.old_value AS changed_from,
    last_change.reason AS change_reason
   FROM ((public.iu_gate g
     LEFT JOIN public.dot_config c ON ((c.key = g.key)))
     LEFT JOIN LATERAL ( SELECT h.changed_at,
            h.changed_by,
            h.old_value,
            h.reason
           FROM public.dot_config_change h
          WHERE (h.key = g.key)
          ORDER BY h.id DESC
         LIMIT 1) last_change ON (true));

create view public.v_iu_outbox_event as
 SELECT id,
    event_domain,
    event_type,
    actor,
    created_at,
    COALESCE(canonical_address, (safe_payload ->> 'collection_key'::text)) AS subject
   FROM public.event_outbox e;

create view public.v_iu_piece as
 SELECT id,
    canonical_address,
    title,
    body,
    lifecycle_status,
    content_digest,
    created_by,
    created_at,
    updated_at
   FROM public.information_unit u;

create view public.v_iu_piece_place as
 SELECT iu_id,
    collection_id,
    role,
    (( SELECT count(*) AS count
           FROM public.iu_piece_membership above
          WHERE ((above.collection_id = m.collection_id) AND (above.membership_status = 'active'::text) AND (ROW(above.piece_order, above.iu_id) <= ROW(m.piece_order, m.iu_id)))))::integer AS "position"
   FROM public.iu_piece_membership m
  WHERE (membership_status = 'active'::text);

create view public.v_iu_template_family as
 SELECT v.template_family,
    (array_agg(c.title ORDER BY v.version_seq DESC))[1] AS title,
    (array_agg(c.collection_kind ORDER BY v.version_seq DESC))[1] AS collection_kind,
    (count(*))::integer AS versions,
    (array_agg(v.version_label ORDER BY v.version_seq DESC) FILTER (WHERE (v.version_status = 'current'::text)))[1] AS current_label,
    (array_agg(v.collection_id ORDER BY v.version_seq DESC) FILTER (WHERE (v.version_status = 'current'::text)))[1] AS current_collection_id,
    (sum(made.instances))::integer AS instances,
    (sum(made.diverged))::integer AS diverged
   FROM ((public.iu_collection_template_version v
     JOIN public.iu_piece_collection c ON ((c.id = v.collection_id)))
     CROSS JOIN LATERAL ( SELECT count(*) AS instances,
            count(*) FILTER (WHERE (instance.manifest_digest <> c.manifest_digest)) AS diverged
           FROM (public.iu_collection_template_instance_lineage l
             JOIN public.iu_piece_collection instance ON ((instance.id = l.instance_collection_id)))
          WHERE (l.template_collection_id = v.collection_id)) made)
  GROUP BY v.template_family;

create view public.v_iu_template_instance as
 SELECT l.instance_collection_id,
    instance.collection_key AS instance_key,
    instance.title AS instance_title,
    instance.description,
    instance.collection_kind,
    l.template_collection_id,
    template.collection_key AS template_key,
    template.title AS template_title,
    v.template_family,
    v.version_label,
    l.instantiated_by,
    l.instantiated_at,
    l.note,
    l.base_manifest_digest AS base_digest,
    template.manifest_digest AS template_digest,
    instance.manifest_digest AS instance_digest,
    (instance.manifest_digest = template.manifest_digest) AS digest_matches_template,
        CASE
            WHEN (instance.manifest_digest = template.manifest_digest) THEN 'in_sync'::text
            WHEN (template.manifest_digest = l.base_manifest_digest) THEN 'instance_edited'::text
            WHEN (instance.manifest_digest = l.base_manifest_digest) THEN 'template_moved'::text
            ELSE 'both_changed'::text
        END AS drift_state,
    log.event_id,
    log.event_type,
    log.emit_mode,
    log.idempotency_key,
    log.triggered_by,
    log.created_at AS event_logged_at
   FROM ((((public.iu_collection_template_instance_lineage l
     JOIN public.iu_piece_collection instance ON ((instance.id = l.instance_collection_id)))
     JOIN public.iu_piece_collection template ON ((template.id = l.template_collection_id)))
     LEFT JOIN public.iu_collection_template_version v ON ((v.collection_id = l.template_collection_id)))
     LEFT JOIN public.iu_auto_instantiate_event_log log ON ((log.instance_collection_id = l.instance_collection_id)));

create view public.v_iu_template_observability as
 SELECT c.id AS collection_id,
    c.collection_key,
    c.collection_kind,
    c.title,
    v.template_family,
    v.version_label,
    v.version_seq,
    v.version_status,
    (made.instance_count)::integer AS instance_count,
    (made.digest_matching_instances)::integer AS digest_matching_instances,
    ((made.instance_count - made.digest_matching_instances))::integer AS digest_diverged_instances,
    manifest.piece_count AS active_piece_count,
    c.manifest_digest,
    (v.collection_id IS NULL) AS template_without_version,
    (r.collection_id IS NULL) AS version_without_template_marker,
    made.last_instance_at,
    (chain.family_chain_length)::integer AS family_chain_length
   FROM ((((((( SELECT registered.collection_id
           FROM public.iu_collection_template_registry registered
          WHERE registered.is_template
        UNION
         SELECT versioned.collection_id
           FROM public.iu_collection_template_version versioned) template
     JOIN public.iu_piece_collection c ON ((c.id = template.collection_id)))
     JOIN public.iu_manifest manifest ON ((manifest.manifest_digest = c.manifest_digest)))
     LEFT JOIN public.iu_collection_template_registry r ON (((r.collection_id = template.collection_id) AND r.is_template)))
     LEFT JOIN public.iu_collection_template_version v ON ((v.collection_id = template.collection_id)))
     LEFT JOIN LATERAL ( SELECT count(*) AS family_chain_length
           FROM public.iu_collection_template_version family
          WHERE (family.template_family = v.template_family)) chain ON (true))
     LEFT JOIN LATERAL ( SELECT count(*) AS instance_count,
            count(*) FILTER (WHERE (instance.manifest_digest = c.manifest_digest)) AS digest_matching_instances,
            max(l.instantiated_at) AS last_instance_at
           FROM (public.iu_collection_template_instance_lineage l
             JOIN public.iu_piece_collection instance ON ((instance.id = l.instance_collection_id)))
          WHERE (l.template_collection_id = template.collection_id)) made ON (true));

create view public.v_iu_template_version_chain as
 SELECT v.template_family,
    v.version_seq,
    v.version_label,
    v.version_status,
    v.collection_id,
    c.collection_key,
    c.collection_kind,
    c.title,
    v.previous_collection_id,
    c.manifest_digest,
    previous.manifest_digest AS previous_manifest_digest,
    (c.manifest_digest <> previous.manifest_digest) AS digest_drift_from_previous,
    (count(*) OVER (PARTITION BY v.template_family))::integer AS family_chain_length,
    pieces.active_piece_count,
        CASE
            WHEN (previous.id IS NOT NULL) THEN pieces.shared
            ELSE NULL::integer
        END AS pieces_shared,
        CASE
            WHEN (previous.id IS NOT NULL) THEN (pieces.active_piece_count - pieces.shared)
            ELSE NULL::integer
        END AS pieces_added,
        CASE
            WHEN (previous.id IS NOT NULL) THEN (previous_pieces.active_piece_count - pieces.shared)
            ELSE NULL::integer
        END AS pieces_dropped,
    v.registered_by,
    v.registered_at,
    v.retired_by,
    v.retired_at,
    v.retire_reason
   FROM ((((public.iu_collection_template_version v
     JOIN public.iu_piece_collection c ON ((c.id = v.collection_id)))
     LEFT JOIN public.iu_piece_collection previous ON ((previous.id = v.previous_collection_id)))
     CROSS JOIN LATERAL ( SELECT (count(*))::integer AS active_piece_count,
            (count(*) FILTER (WHERE (EXISTS ( SELECT
                   FROM public.iu_piece_membership before
                  WHERE ((before.collection_id = v.previous_collection_id) AND (before.iu_id = m.iu_id) AND (before.membership_status = 'active'::text))))))::integer AS shared
           FROM public.iu_piece_membership m
          WHERE ((m.collection_id = v.collection_id) AND (m.membership_status = 'active'::text))) pieces)
     CROSS JOIN LATERAL ( SELECT (count(*))::integer AS active_piece_count
           FROM public.iu_piece_membership m
          WHERE ((m.collection_id = v.previous_collection_id) AND (m.membership_status = 'active'::text))) previous_pieces);

alter table public.dot_iu_command_run
  add constraint dot_iu_command_run_preview_id_fkey FOREIGN KEY (preview_id) REFERENCES public.dot_iu_command_run(id) ON DELETE RESTRICT;

alter table public.iu_auto_instantiate_event_log
  add constraint iu_auto_instantiate_event_log_instance_collection_id_fkey FOREIGN KEY (instance_collection_id) REFERENCES public.iu_collection_template_instance_lineage(instance_collection_id) ON DELETE CASCADE;

alter table public.iu_auto_instantiate_event_log
  add constraint iu_auto_instantiate_event_log_template_collection_id_fkey FOREIGN KEY (template_collection_id) REFERENCES public.iu_piece_collection(id);

alter table public.iu_collection_template_instance_lineage
  add constraint iu_collection_template_instance_lin_instance_collection_id_fkey FOREIGN KEY (instance_collection_id) REFERENCES public.iu_piece_collection(id) ON DELETE RESTRICT;

alter table public.iu_collection_template_instance_lineage
  add constraint iu_collection_template_instance_lin_template_collection_id_fkey FOREIGN KEY (template_collection_id) REFERENCES public.iu_piece_collection(id) ON DELETE RESTRICT;

alter table public.iu_collection_template_instance_lineage
  add constraint iu_collection_template_instance_linea_base_manifest_digest_fkey FOREIGN KEY (base_manifest_digest) REFERENCES public.iu_manifest(manifest_digest) ON DELETE RESTRICT;

alter table public.iu_collection_template_registry
  add constraint iu_collection_template_registry_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES public.iu_piece_collection(id) ON DELETE RESTRICT;

alter table public.iu_collection_template_version
  add constraint iu_collection_template_version_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES public.iu_piece_collection(id) ON DELETE RESTRICT;

alter table public.iu_collection_template_version
  add constraint iu_collection_template_version_previous_collection_id_fkey FOREIGN KEY (previous_collection_id) REFERENCES public.iu_piece_collection(id) ON DELETE RESTRICT;

alter table public.iu_lifecycle_log
  add constraint iu_lifecycle_log_iu_id_fkey FOREIGN KEY (iu_id) REFERENCES public.information_unit(id) ON DELETE RESTRICT;

alter table public.iu_piece_collection
  add constraint iu_piece_collection_manifest_digest_fkey FOREIGN KEY (manifest_digest) REFERENCES public.iu_manifest(manifest_digest) ON DELETE RESTRICT;

alter table public.iu_piece_membership
  add constraint iu_piece_membership_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES public.iu_piece_collection(id) ON DELETE RESTRICT;

alter table public.iu_piece_membership
  add constraint iu_piece_membership_iu_id_fkey FOREIGN KEY (iu_id) REFERENCES public.information_unit(id) ON DELETE RESTRICT;

alter table public.iu_vector_sync_point
  add constraint iu_vector_sync_point_iu_id_fkey FOREIGN KEY (iu_id) REFERENCES public.information_unit(id) ON DELETE RESTRICT;

alter table public.route_registry
  add constraint route_registry_event_type_fkey FOREIGN KEY (event_type) REFERENCES public.event_type_registry(event_type) ON DELETE RESTRICT;

CREATE INDEX dot_config_change_key ON public.dot_config_change USING btree (key, id DESC);

CREATE INDEX dot_iu_command_run_command_name ON public.dot_iu_command_run USING btree (command_name, started_at DESC);

CREATE INDEX dot_iu_command_run_newest ON public.dot_iu_command_run USING btree (started_at DESC, id DESC);

CREATE INDEX dot_iu_command_run_preview_id ON public.dot_iu_command_run USING btree (preview_id);

CREATE INDEX event_outbox_domain ON public.event_outbox USING btree (event_domain, created_at DESC, id DESC);

CREATE INDEX event_outbox_newest ON public.event_outbox USING btree (created_at DESC, id DESC);

CREATE INDEX event_outbox_subject_ref ON public.event_outbox USING btree (subject_ref);

CREATE INDEX iu_auto_instantiate_event_log_event_id ON public.iu_auto_instantiate_event_log USING btree (event_id);

CREATE INDEX iu_auto_instantiate_event_log_newest ON public.iu_auto_instantiate_event_log USING btree (created_at DESC, instance_collection_id DESC);

CREATE INDEX iu_auto_instantiate_event_log_template ON public.iu_auto_instantiate_event_log USING btree (template_collection_id);

CREATE INDEX iu_auto_instantiate_event_log_triggered_by ON public.iu_auto_instantiate_event_log USING btree (triggered_by);

CREATE INDEX iu_collection_template_instance_lineage_base ON public.iu_collection_template_instance_lineage USING btree (base_manifest_digest);

CREATE INDEX iu_collection_template_instance_lineage_instantiated_by ON public.iu_collection_template_instance_lineage USING btree (instantiated_by);

CREATE INDEX iu_collection_template_instance_lineage_template ON public.iu_collection_template_instance_lineage USING btree (template_collection_id, instantiated_at DESC);

CREATE INDEX iu_collection_template_version_previous ON public.iu_collection_template_version USING btree (previous_collection_id);

CREATE INDEX iu_lifecycle_log_iu_id ON public.iu_lifecycle_log USING btree (iu_id, id);

CREATE INDEX iu_piece_collection_manifest_digest ON public.iu_piece_collection USING btree (manifest_digest);

CREATE INDEX iu_piece_membership_collection_id ON public.iu_piece_membership USING btree (collection_id);

CREATE INDEX iu_piece_membership_iu_id ON public.iu_piece_membership USING btree (iu_id);

CREATE UNIQUE INDEX iu_piece_membership_one_active_place ON public.iu_piece_membership USING btree (collection_id, iu_id) WHERE (membership_status = 'active'::text);

CREATE INDEX iu_piece_membership_places_of_piece ON public.iu_piece_membership USING btree (iu_id, collection_id) WHERE (membership_status = 'active'::text);

CREATE INDEX iu_piece_membership_reading_order ON public.iu_piece_membership USING btree (collection_id, piece_order, iu_id) WHERE (membership_status = 'active'::text);

CREATE INDEX route_registry_event_type ON public.route_registry USING btree (event_type);

CREATE TRIGGER dot_config_change_updated AFTER UPDATE ON public.dot_config FOR EACH ROW WHEN (((old.key <> new.key) OR (old.value IS DISTINCT FROM new.value))) EXECUTE FUNCTION public.fn_iu_config_change_trigger();

CREATE TRIGGER dot_config_change_written AFTER INSERT OR DELETE ON public.dot_config FOR EACH ROW EXECUTE FUNCTION public.fn_iu_config_change_trigger();

CREATE TRIGGER iu_piece_collection_digest BEFORE INSERT OR UPDATE OF manifest_digest ON public.iu_piece_collection FOR EACH ROW EXECUTE FUNCTION public.fn_iu_collection_digest_trigger();

CREATE TRIGGER iu_piece_membership_digest_delete AFTER DELETE ON public.iu_piece_membership REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_membership_digest_trigger();

CREATE TRIGGER iu_piece_membership_digest_insert AFTER INSERT ON public.iu_piece_membership REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_membership_digest_trigger();

CREATE TRIGGER iu_piece_membership_digest_truncate AFTER TRUNCATE ON public.iu_piece_membership FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_membership_digest_trigger();

CREATE TRIGGER iu_piece_membership_digest_update AFTER UPDATE ON public.iu_piece_membership REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_membership_digest_trigger();

comment on column public.dot_iu_command_run.operator is 'The person at the console or the command line; actor is the tag that the rows were written under.';

comment on column public.information_unit.canonical_address is 'The one address of the piece, such as file/status-report/highlights.';

comment on column public.information_unit.content_digest is 'SHA-256 of the text in lower-case hex, kept by the database itself.';

comment on column public.iu_collection_template_instance_lineage.base_manifest_digest is 'The template''s digest when the instance was composed: the base against which drift of either side is told.';

comment on column public.iu_manifest.pieces is 'Array of {position, role, iu_id} in order of position, which counts from 1.';

comment on column public.iu_piece_collection.manifest_digest is 'Fingerprint of the ordered active members: position, role, piece id; not of key, title or text.';

comment on column public.iu_piece_membership.piece_order is 'Sorts the pieces of a collection; gaps do not matter, the position is the rank.';

comment on function public.fn_iu_auto_instantiate_from_event(p_event_id uuid, p_event_type text, p_template_collection_id uuid, p_instance_key_suffix text, p_emit_mode text, p_actor text, p_note text) is 'Composes the instance tpl-inst:auto:<suffix> from a template for an event, once: the same event, template and suffix again is idempotent_replay. Refuses with invalid_input, invalid_emit_mode, live_gate_closed, composer_gate_closed, template_collection_not_found, template_not_marked, instance_key_conflict, and as fn_iu_compose does.';

comment on function public.fn_iu_auto_instantiate_rollback_by_actor(p_actor text, p_dry_run boolean) is 'Takes back every instance that an actor''s events made: log, lineage, membership and collection rows, or only counts them (dry run, the default). An instance that others depend on stays whole and is listed with the reason. Refuses with invalid_input; blocked_by_reference when a row elsewhere refers to an instance.';

comment on function public.fn_iu_collection_digest_trigger() is 'Trigger: computes a collection''s manifest digest from its members; a digest written by hand is overruled.';

comment on function public.fn_iu_collection_mark_template(p_collection_id uuid, p_actor text, p_note text) is 'Marks a collection as a template; marking it again changes nothing. Refuses with invalid_input, collection_not_found.';

comment on function public.fn_iu_collection_record_template_instance(p_instance uuid, p_template uuid, p_actor text, p_note text) is 'Records that a collection is an instance of a template; the same pair again is ok. Refuses with invalid_input, collection_not_found, template_not_marked, self_instance_refused, lineage_conflict.';

comment on function public.fn_iu_collection_register_template_version(p_collection_id uuid, p_template_family text, p_version_label text, p_version_seq integer, p_previous_collection_id uuid, p_actor text) is 'Registers a template as a version of a family and supersedes its predecessor (NULL: root of the chain). Refuses with invalid_input, self_predecessor_refused, collection_not_found, template_not_marked, previous_not_found, previous_not_marked, family_seq_collision. The same registration again is ok and changes nothing.';

comment on function public.fn_iu_collection_retire_template_version(p_collection_id uuid, p_actor text, p_reason text) is 'Retires a version; its row, family and label stay. Retiring it again changes nothing. Refuses with invalid_input, version_not_found.';

comment on function public.fn_iu_command_run_record(p_run jsonb) is 'Adds one row to dot_iu_command_run from an object with the columns as keys; returns its id.';

comment on function public.fn_iu_compose(p_collection_key text, p_collection_kind text, p_title text, p_description text, p_pieces jsonb, p_actor text) is 'Composes a collection from active pieces: p_pieces is [{"role": …, "iu_id": …}, …] in order. Refuses with composer_gate_closed, invalid_input, piece_not_found, piece_not_active, collection_key_conflict.';

comment on function public.fn_iu_composer_enabled() is 'Whether the composer gate is open; held until the end of the transaction.';

comment on function public.fn_iu_config_change_trigger() is 'Trigger: records each change of a configuration value in dot_config_change.';

comment on function public.fn_iu_config_write(p_key text, p_value text, p_actor text, p_reason text) is 'Writes one configuration value and signs the change with an actor and a reason. For the gate functions only.';

comment on function public.fn_iu_gate_is_open(p_key text) is 'Whether a gate is open, and keeps it so until the end of the transaction. Missing, null or unreadable: closed.';

comment on function public.fn_iu_gate_set(p_key text, p_open boolean, p_actor text, p_reason text) is 'Opens or closes a gate for good; who, when, why and the value before are recorded. Refuses with invalid_input, gate_not_found. Closing waits for the transactions that went through it.';

comment on function public.fn_iu_gates_open(p_keys text[], p_actor text, p_reason text) is 'Opens those of the gates that are closed and returns [{key, was, existed}] for fn_iu_gates_put_back. For use inside one transaction: nobody else ever sees them open.';

comment on function public.fn_iu_gates_put_back(p_opened jsonb, p_actor text, p_reason text) is 'Gives the gates that fn_iu_gates_open opened the value they had, even where that was none or unreadable.';

comment on function public.fn_iu_longest_increasing(p_values integer[]) is 'The longest increasing run of distinct numbers in the order given: what kept its order. Fredman (1975), patience sorting.';

comment on function public.fn_iu_manifest_difference(p_from_digest text, p_to_digest text) is 'What became of each piece from one manifest to another, in reading order: same, added, removed, moved, replaced, role_changed.';

comment on function public.fn_iu_manifest_members(p_digest text) is 'The members that a manifest lists, in order; none for an unknown digest.';

comment on function public.fn_iu_manifest_pieces(p_collection_id uuid) is 'The active members of a collection as its manifest lists them: position (rank by piece_order), role, piece id.';

comment on function public.fn_iu_membership_digest_trigger() is 'Trigger: has the digest of every collection computed anew whose members a statement touched.';

comment on function public.fn_iu_text_digest(p_text text) is 'SHA-256 of a text''s UTF-8 bytes in lower-case hex.';

comment on table public.dot_config is 'Configuration: one text value per key. Keys listed in iu_gate are gates.';

comment on table public.dot_config_change is 'Every change of dot_config on every way in: who, when, from what value, why. Inside one transaction, too.';

comment on table public.dot_iu_command_run is 'Runs of governed commands, previews and refusals too: who, for which actor, with what, and what it changed.';

comment on table public.event_outbox is 'Outbox: what happened, in the transaction in which it happened.';

comment on table public.event_type_registry is 'Event types: domain, stream, delivery lane, and whether the type is in use.';

comment on table public.information_unit is 'Pieces: one row per addressable piece of text; collections hold pieces by reference.';

comment on table public.iu_auto_instantiate_event_log is 'Auto-instantiate log: one row per instance that an event made; instances composed by hand have none.';

comment on table public.iu_collection_template_instance_lineage is 'Lineage: which template each instance was composed from, by whom and when.';

comment on table public.iu_collection_template_registry is 'Template registry: the collections that are marked as templates.';

comment on table public.iu_collection_template_version is 'Version chains: the place of a template in its family, and the version it replaces.';

comment on table public.iu_gate is 'Gates: which configuration keys guard writes, the value that opens each, and what it protects.';

comment on table public.iu_lifecycle_log is 'Lifecycle log: one row per change of a piece''s life (enacted, split, merged, retired, superseded); creation is none.';

comment on table public.iu_manifest is 'Manifests: every distinct ordered list of members once, under the SHA-256 of its JSON text, which PostgreSQL writes in one canonical form.';

comment on table public.iu_piece_collection is 'Collections: an ordered list of pieces under one key; templates and instances are collections.';

comment on table public.iu_piece_membership is 'Memberships: one piece at one place in one collection, active or removed.';

comment on table public.iu_vector_sync_point is 'Vector sync points: one row per piece that the vector index holds, with the digest of the text it was built from.';

comment on table public.route_registry is 'Routes: along which an event type is delivered. A type without a route stays inside.';

comment on view public.v_iu_auto_instantiate_actor is 'One row per actor whose events made instances: what a rollback by that actor would look at.';

comment on view public.v_iu_auto_instantiate_event_log is 'One row per instance that an event made, with both digests and whether they match.';

comment on view public.v_iu_auto_instantiate_event_summary is 'Per template and mode: how many instances, events and actors, how many match, first and last time, and the last hour and day.';

comment on view public.v_iu_collection is 'One row per collection, and whether it is a template, an instance, or neither.';

comment on view public.v_iu_collection_piece is 'One row per active member of a collection, with its position and its text.';

comment on view public.v_iu_command_run is 'One row per recorded preview, run or refusal of a governed command.';

comment on view public.v_iu_config_change is 'One row per recorded change of a gate or setting of IU Core.';

comment on view public.v_iu_config_setting is 'One row per setting of IU Core that is no gate; other systems'' keys in dot_config are left out.';

comment on view public.v_iu_event_type is 'One row per registered event type.';

comment on view public.v_iu_gate is 'One row per gate: what it protects, whether it is open, and who changed it last, when, why and from what value.';

comment on view public.v_iu_outbox_event is 'One row per event of the outbox, with what it is about.';

comment on view public.v_iu_piece is 'One row per piece, with its text.';

comment on view public.v_iu_piece_place is 'One row per place of a piece: the collections that hold it, and where in them it stands.';

comment on view public.v_iu_template_family is 'One row per family: its versions, the current one, and what was made from all of them.';

comment on view public.v_iu_template_instance is 'One row per instance: its template, the event that made it, the three digests, and whether the instance was edited, the template has moved, or both.';

comment on view public.v_iu_template_observability is 'One row per template: its version, its pieces, what was made from it and whether that still matches its digest.';

comment on view public.v_iu_template_version_chain is 'One row per version: its place in the family and the pieces it shares with, adds to and drops from its predecessor.';

revoke execute on function public.fn_iu_auto_instantiate_from_event(p_event_id uuid, p_event_type text, p_template_collection_id uuid, p_instance_key_suffix text, p_emit_mode text, p_actor text, p_note text) from public;

revoke execute on function public.fn_iu_auto_instantiate_rollback_by_actor(p_actor text, p_dry_run boolean) from public;

revoke execute on function public.fn_iu_collection_digest_trigger() from public;

revoke execute on function public.fn_iu_collection_mark_template(p_collection_id uuid, p_actor text, p_note text) from public;

revoke execute on function public.fn_iu_collection_record_template_instance(p_instance uuid, p_template uuid, p_actor text, p_note text) from public;

revoke execute on function public.fn_iu_collection_register_template_version(p_collection_id uuid, p_template_family text, p_version_label text, p_version_seq integer, p_previous_collection_id uuid, p_actor text) from public;

revoke execute on function public.fn_iu_collection_retire_template_version(p_collection_id uuid, p_actor text, p_reason text) from public;

revoke execute on function public.fn_iu_command_run_record(p_run jsonb) from public;

revoke execute on function public.fn_iu_compose(p_collection_key text, p_collection_kind text, p_title text, p_description text, p_pieces jsonb, p_actor text) from public;

revoke execute on function public.fn_iu_composer_enabled() from public;

revoke execute on function public.fn_iu_config_change_trigger() from public;

revoke execute on function public.fn_iu_config_write(p_key text, p_value text, p_actor text, p_reason text) from public;

revoke execute on function public.fn_iu_gate_is_open(p_key text) from public;

revoke execute on function public.fn_iu_gate_set(p_key text, p_open boolean, p_actor text, p_reason text) from public;

revoke execute on function public.fn_iu_gates_open(p_keys text[], p_actor text, p_reason text) from public;

revoke execute on function public.fn_iu_gates_put_back(p_opened jsonb, p_actor text, p_reason text) from public;

revoke execute on function public.fn_iu_longest_increasing(p_values integer[]) from public;

revoke execute on function public.fn_iu_manifest_difference(p_from_digest text, p_to_digest text) from public;

revoke execute on function public.fn_iu_manifest_members(p_digest text) from public;

revoke execute on function public.fn_iu_manifest_pieces(p_collection_id uuid) from public;

revoke execute on function public.fn_iu_membership_digest_trigger() from public;

revoke execute on function public.fn_iu_text_digest(p_text text) from public;

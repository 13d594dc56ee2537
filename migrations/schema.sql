-- The schema as the migrations make it, without rows. Written by npm run db:dump, not by hand.
set check_function_bodies = off;

create schema if not exists public;
create schema if not exists console;

do $$
begin
  create role iu_console;
exception when duplicate_object then
  null;
end
$$;

do $$
begin
  create role iu_owner;
exception when duplicate_object then
  null;
end
$$;

do $$
begin
  create role iu_reader;
exception when duplicate_object then
  null;
end
$$;

create table console.audit_entry (
  id bigint generated always as identity not null,
  at timestamp with time zone default clock_timestamp() not null,
  kind text not null,
  outcome text not null,
  who text,
  address text,
  subject text,
  detail jsonb default '{}'::jsonb not null,
  constraint audit_entry_pkey PRIMARY KEY (id)
);

create table console.command (
  command_name text not null,
  category text not null,
  mutating boolean not null,
  reversible boolean not null,
  target_functions text[] not null,
  gates text[] default '{}'::text[] not null,
  dry_run_gates text[] default '{}'::text[] not null,
  description text not null,
  constraint command_pkey PRIMARY KEY (command_name),
  constraint command_dry_run_needs_less CHECK ((dry_run_gates <@ gates)),
  constraint command_has_target CHECK ((cardinality(target_functions) > 0)),
  constraint command_name_governed CHECK ((command_name ~ '^dot_iu_[a-z0-9_]+$'::text))
);

create table console.invitation (
  id uuid default gen_random_uuid() not null,
  token_hash text not null,
  person_id uuid,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint invitation_pkey PRIMARY KEY (id),
  constraint invitation_token_hash_key UNIQUE (token_hash),
  constraint invitation_token_hashed CHECK ((token_hash ~ '^[0-9a-f]{64}$'::text))
);

create table console.person (
  id uuid default gen_random_uuid() not null,
  email text not null,
  name text not null,
  role text default 'viewer'::text not null,
  disabled_at timestamp with time zone,
  email_verified boolean default true not null,
  image text,
  two_factor_enabled boolean default false not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint person_pkey PRIMARY KEY (id),
  constraint person_email_key UNIQUE (email),
  constraint person_email_plain CHECK (((email = lower(email)) AND (email ~ '^[^\s@]+@[^\s@]+$'::text) AND (length(email) <= 254))),
  constraint person_name_given CHECK (((name ~ '\S'::text) AND (length(name) <= 200))),
  constraint person_role_known CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'administrator'::text])))
);

create table console.second_factor (
  id uuid default gen_random_uuid() not null,
  person_id uuid not null,
  secret text not null,
  backup_codes text not null,
  verified boolean default false not null,
  failed_verification_count integer default 0 not null,
  locked_until timestamp with time zone,
  last_used_step integer default 0 not null,
  constraint second_factor_pkey PRIMARY KEY (id),
  constraint second_factor_person_id_key UNIQUE (person_id)
);

create table console.session (
  id uuid default gen_random_uuid() not null,
  person_id uuid not null,
  token text not null,
  expires_at timestamp with time zone not null,
  ip_address text,
  user_agent text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint session_pkey PRIMARY KEY (id),
  constraint session_token_key UNIQUE (token)
);

create table console.sign_in_attempt (
  kind text not null,
  subject text not null,
  attempts integer not null,
  window_ends_at timestamp with time zone not null,
  constraint sign_in_attempt_pkey PRIMARY KEY (kind, subject),
  constraint sign_in_attempt_kind_known CHECK ((kind = ANY (ARRAY['account'::text, 'address'::text])))
);

create table console.sign_in_method (
  id uuid default gen_random_uuid() not null,
  person_id uuid not null,
  provider_id text not null,
  account_id text not null,
  password text,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamp with time zone,
  refresh_token_expires_at timestamp with time zone,
  scope text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint sign_in_method_pkey PRIMARY KEY (id),
  constraint sign_in_method_person_id_provider_id_key UNIQUE (person_id, provider_id),
  constraint sign_in_method_provider_id_account_id_key UNIQUE (provider_id, account_id)
);

create table console.token (
  id uuid default gen_random_uuid() not null,
  person_id uuid not null,
  name text not null,
  role text not null,
  token_hash text not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint token_pkey PRIMARY KEY (id),
  constraint token_token_hash_key UNIQUE (token_hash),
  constraint token_hashed CHECK ((token_hash ~ '^[0-9a-f]{64}$'::text)),
  constraint token_name_given CHECK (((name ~ '\S'::text) AND (length(name) <= 100))),
  constraint token_role_known CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'administrator'::text])))
);

create table console.verification (
  id uuid default gen_random_uuid() not null,
  identifier text not null,
  value text not null,
  expires_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint verification_pkey PRIMARY KEY (id)
);

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

create table public.dot_iu_command_catalog (
  command_name text not null,
  category text not null,
  mutating boolean not null,
  reversible boolean not null,
  target_functions text[] not null,
  gates text[] default '{}'::text[] not null,
  dry_run_gates text[] default '{}'::text[] not null,
  description text not null,
  constraint dot_iu_command_catalog_pkey PRIMARY KEY (command_name),
  constraint dot_iu_command_catalog_dry_run_needs_less CHECK ((dry_run_gates <@ gates)),
  constraint dot_iu_command_catalog_has_target CHECK ((cardinality(target_functions) > 0)),
  constraint dot_iu_command_catalog_name_governed CHECK ((command_name ~ '^dot_iu_[a-z0-9_]+$'::text))
);

create table public.dot_iu_command_run (
  id uuid default gen_random_uuid() not null,
  command_name text not null,
  phase text not null,
  operator text not null,
  address text,
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

create table public.event_outbox_delivery (
  event_id uuid not null,
  route_key text not null,
  status text default 'pending'::text not null,
  attempts integer default 0 not null,
  dead_after integer default 10 not null,
  next_attempt_at timestamp with time zone not null,
  last_error text,
  enlisted_at timestamp with time zone default now() not null,
  delivered_at timestamp with time zone,
  requeued_at timestamp with time zone,
  requeued_by text,
  constraint event_outbox_delivery_pkey PRIMARY KEY (event_id, route_key),
  constraint event_outbox_delivery_delivered_at CHECK (((status = 'delivered'::text) = (delivered_at IS NOT NULL))),
  constraint event_outbox_delivery_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text])))
);

create table public.event_outbox_delivery_log (
  id bigint generated always as identity not null,
  event_id uuid not null,
  route_key text not null,
  attempt integer not null,
  outcome text not null,
  at timestamp with time zone default clock_timestamp() not null,
  worker text not null,
  error text,
  constraint event_outbox_delivery_log_pkey PRIMARY KEY (id),
  constraint event_outbox_delivery_log_attempt UNIQUE (event_id, route_key, attempt),
  constraint event_outbox_delivery_log_error CHECK (((outcome = 'failed'::text) = (error IS NOT NULL))),
  constraint event_outbox_delivery_log_outcome_known CHECK ((outcome = ANY (ARRAY['delivered'::text, 'failed'::text])))
);

create table public.event_type_registry (
  event_type text not null,
  event_domain text not null,
  event_stream text not null,
  delivery_lane text not null,
  active boolean default true not null,
  description text default ''::text not null,
  internal_only boolean default false not null,
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

create table public.iu_core_retention_log (
  id bigint generated always as identity not null,
  cleanup_id uuid not null,
  table_name text not null,
  prune_actor text,
  batch integer not null,
  rows integer not null,
  oldest_at timestamp with time zone not null,
  newest_at timestamp with time zone not null,
  archive jsonb not null,
  removed_by text not null,
  removed_at timestamp with time zone default now() not null,
  constraint iu_core_retention_log_pkey PRIMARY KEY (id),
  constraint iu_core_retention_log_archive_whole CHECK ((jsonb_array_length(archive) = rows))
);

create table public.iu_core_retention_policy (
  table_name text not null,
  age_column text not null,
  keep_for interval not null,
  actor_column text,
  active boolean default false not null,
  note text default ''::text not null,
  set_by text default SESSION_USER not null,
  set_at timestamp with time zone default now() not null,
  constraint iu_core_retention_policy_pkey PRIMARY KEY (table_name),
  constraint iu_core_retention_policy_keep_for_sane CHECK (((keep_for >= '1 day'::interval) AND (keep_for <= '100 years'::interval)))
);

create table public.iu_core_retention_policy_change (
  id bigint generated always as identity not null,
  table_name text not null,
  old_policy jsonb,
  new_policy jsonb,
  changed_by text not null,
  changed_at timestamp with time zone default clock_timestamp() not null,
  reason text,
  constraint iu_core_retention_policy_change_pkey PRIMARY KEY (id)
);

create table public.iu_gate (
  key text not null,
  open_value text default 'true'::text not null,
  protects text not null,
  constraint iu_gate_pkey PRIMARY KEY (key),
  constraint iu_gate_open_value_boolean CHECK ((open_value = ANY (ARRAY['true'::text, 'false'::text])))
);

create table public.iu_invariant_snapshot (
  name text not null,
  surfaces jsonb not null,
  taken_by text not null,
  taken_at timestamp with time zone default now() not null,
  constraint iu_invariant_snapshot_pkey PRIMARY KEY (name)
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
  successor_ids uuid[] default '{}'::uuid[] not null,
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
  retired_at timestamp with time zone,
  retire_reason text,
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

create table public.iu_three_axis (
  axis_key text not null,
  title text not null,
  address_pattern text not null,
  constraint iu_three_axis_pkey PRIMARY KEY (axis_key),
  constraint iu_three_axis_key_not_blank CHECK ((btrim(axis_key) <> ''::text)),
  constraint iu_three_axis_pattern_complete CHECK (("right"(address_pattern, 1) <> '\'::text)),
  constraint iu_three_axis_pattern_not_blank CHECK ((btrim(address_pattern) <> ''::text))
);

create table public.iu_three_axis_envelope (
  axis_key text not null,
  iu_id uuid not null,
  collection_ids uuid[] not null,
  constraint iu_three_axis_envelope_pkey PRIMARY KEY (axis_key, iu_id)
);

create table public.iu_three_axis_envelope_refresh_log (
  id bigint generated always as identity not null,
  trigger_name text not null,
  started_at timestamp with time zone not null,
  duration_ms numeric(12,1) not null,
  rows_per_axis jsonb not null,
  rows_added integer not null,
  rows_changed integer not null,
  rows_removed integer not null,
  constraint iu_three_axis_envelope_refresh_log_pkey PRIMARY KEY (id)
);

create table public.iu_three_axis_envelope_request (
  requested_in xid8 default pg_current_xact_id() not null,
  trigger_name text not null,
  constraint iu_three_axis_envelope_request_pkey PRIMARY KEY (requested_in)
);

create table public.iu_three_axis_envelope_trigger_error_log (
  id bigint generated always as identity not null,
  trigger_name text not null,
  sqlstate text not null,
  message text not null,
  failed_at timestamp with time zone default clock_timestamp() not null,
  constraint iu_three_axis_envelope_trigger_error_log_pkey PRIMARY KEY (id)
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

create table public.route_registry_change (
  id bigint generated always as identity not null,
  route_key text,
  event_type text not null,
  change text not null,
  changed_by text not null,
  changed_at timestamp with time zone default clock_timestamp() not null,
  reason text,
  constraint route_registry_change_pkey PRIMARY KEY (id)
);

CREATE OR REPLACE FUNCTION console.fn_audit_record(p_kind text, p_outcome text, p_who text, p_address text, p_subject text DEFAULT NULL::text, p_detail jsonb DEFAULT '{}'::jsonb)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into console.audit_entry (kind, outcome, who, address, subject, detail)
  values (p_kind, p_outcome, left(p_who, 300), left(p_address, 100), left(p_subject, 300), coalesce(p_detail, '{}'))
$function$;

CREATE OR REPLACE FUNCTION console.fn_invitation_accept(p_token_hash text, p_email text, p_name text, p_password_hash text, p_address text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_invitation console.invitation;
  v_person console.person;
begin
  lock table console.person in share row exclusive mode;
  select i.* into v_invitation from console.invitation i
  where i.token_hash = p_token_hash and i.used_at is null and i.expires_at > now() for update;
  if not found or (v_invitation.person_id is null and exists (select from console.person)) then
    perform console.fn_audit_record('invitation_accepted', 'invitation_invalid', null, p_address);
    return jsonb_build_object('status', 'invitation_invalid');
  end if;

  if v_invitation.person_id is null then
    insert into console.person (email, name, role)
    values (lower(p_email), p_name, 'administrator') returning * into v_person;
  else
    update console.person p set name = coalesce(p_name, p.name), updated_at = now()
    where p.id = v_invitation.person_id and p.disabled_at is null returning * into v_person;
    if not found then
      return jsonb_build_object('status', 'invitation_invalid');
    end if;
  end if;

  insert into console.sign_in_method as m (person_id, provider_id, account_id, password)
  values (v_person.id, 'credential', v_person.id::text, p_password_hash)
  on conflict (provider_id, account_id) do update set password = excluded.password, updated_at = now();
  update console.invitation i set used_at = now() where i.id = v_invitation.id;
  -- Whoever had the old password is out.
  delete from console.session s where s.person_id = v_person.id;
  perform console.fn_audit_record('invitation_accepted', 'ok', v_person.email, p_address);
  return jsonb_build_object('status', 'ok', 'person_id', v_person.id, 'email', v_person.email);
end
$function$;

CREATE OR REPLACE FUNCTION console.fn_invitation_create(p_person_id uuid, p_token_hash text, p_hours integer, p_by text, p_address text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_email text;
  v_expires_at timestamptz := now() + make_interval(hours => p_hours);
begin
  if p_person_id is null then
    lock table console.person in share row exclusive mode;
    if exists (select from console.person) then
      return jsonb_build_object('status', 'already_set_up');
    end if;
  else
    select p.email into v_email from console.person p where p.id = p_person_id for no key update;
    if not found then
      return jsonb_build_object('status', 'person_not_found', 'field', 'p_person_id');
    end if;
  end if;

  -- One link at a time: a newer one is the answer to "the other got lost".
  update console.invitation i set expires_at = now()
  where i.person_id is not distinct from p_person_id and i.used_at is null and i.expires_at > now();
  insert into console.invitation (token_hash, person_id, created_by, expires_at)
  values (p_token_hash, p_person_id, p_by, v_expires_at);
  perform console.fn_audit_record('invitation_created', 'ok', p_by, p_address, coalesce(v_email, 'the first administrator'));
  return jsonb_build_object('status', 'ok', 'expires_at', v_expires_at, 'email', v_email);
end
$function$;

CREATE OR REPLACE FUNCTION console.fn_person_add(p_email text, p_name text, p_role text, p_by text, p_address text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_id uuid;
begin
  insert into console.person (email, name, role) values (lower(p_email), p_name, p_role)
  on conflict (email) do nothing returning id into v_id;
  if v_id is null then
    return jsonb_build_object('status', 'email_taken', 'field', 'p_email');
  end if;
  perform console.fn_audit_record('person_added', 'ok', p_by, p_address, lower(p_email), jsonb_build_object('role', p_role));
  return jsonb_build_object('status', 'ok', 'person_id', v_id);
end
$function$;

CREATE OR REPLACE FUNCTION console.fn_person_set(p_person_id uuid, p_role text, p_disabled boolean, p_by text, p_address text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_was console.person;
begin
  -- In one line: two administrators who disable each other must not both succeed.
  lock table console.person in share row exclusive mode;
  select p.* into v_was from console.person p where p.id = p_person_id;
  if not found then
    return jsonb_build_object('status', 'person_not_found', 'field', 'p_person_id');
  end if;
  if v_was.role = 'administrator' and v_was.disabled_at is null and (p_role <> 'administrator' or p_disabled)
     and not exists (select from console.person p
                     where p.role = 'administrator' and p.disabled_at is null and p.id <> p_person_id) then
    return jsonb_build_object('status', 'last_administrator', 'field', case when p_disabled then 'p_disabled' else 'p_role' end);
  end if;

  update console.person p set
    role = p_role,
    disabled_at = case when p_disabled then coalesce(p.disabled_at, now()) end,
    updated_at = now()
  where p.id = p_person_id;
  if p_disabled then
    delete from console.session s where s.person_id = p_person_id;
    update console.token t set revoked_at = now() where t.person_id = p_person_id and t.revoked_at is null;
    update console.invitation i set expires_at = now()
    where i.person_id = p_person_id and i.used_at is null and i.expires_at > now();
  end if;
  if v_was.role <> p_role then
    perform console.fn_audit_record('role_changed', 'ok', p_by, p_address, v_was.email,
                                    jsonb_build_object('from', v_was.role, 'to', p_role));
  end if;
  if (v_was.disabled_at is not null) <> p_disabled then
    perform console.fn_audit_record(case when p_disabled then 'person_disabled' else 'person_enabled' end, 'ok', p_by, p_address,
                                    v_was.email);
  end if;
  return jsonb_build_object('status', 'ok');
end
$function$;

CREATE OR REPLACE FUNCTION console.fn_second_factor_remove(p_person_id uuid, p_by text, p_address text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_email text;
begin
  select p.email into v_email from console.person p where p.id = p_person_id for no key update;
  if not found then
    return jsonb_build_object('status', 'person_not_found', 'field', 'p_person_id');
  end if;
  delete from console.second_factor f where f.person_id = p_person_id;
  if not found then
    return jsonb_build_object('status', 'no_second_factor');
  end if;
  update console.person p set two_factor_enabled = false, updated_at = now() where p.id = p_person_id;
  -- Whoever has the lost device may have been signed in with it.
  delete from console.session s where s.person_id = p_person_id;
  perform console.fn_audit_record('second_factor_removed', 'ok', p_by, p_address, v_email);
  return jsonb_build_object('status', 'ok');
end
$function$;

CREATE OR REPLACE FUNCTION console.fn_sessions_end(p_person_id uuid, p_session_id uuid, p_by text, p_address text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_email text;
  v_ended integer;
begin
  select p.email into v_email from console.person p where p.id = p_person_id;
  if not found then
    return jsonb_build_object('status', 'person_not_found', 'field', 'p_person_id');
  end if;
  delete from console.session s
  where s.person_id = p_person_id and (p_session_id is null or s.id = p_session_id);
  get diagnostics v_ended = row_count;
  if p_session_id is not null and v_ended = 0 then
    return jsonb_build_object('status', 'session_not_found');
  end if;
  perform console.fn_audit_record('sessions_ended', 'ok', p_by, p_address, v_email,
                                  jsonb_build_object('sessions', v_ended));
  return jsonb_build_object('status', 'ok', 'sessions_ended', v_ended);
end
$function$;

CREATE OR REPLACE FUNCTION console.fn_sign_in_admit(p_account_hash text, p_address text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  c_window constant interval := '15 minutes';
  c_per_account constant integer := 10;
  c_per_address constant integer := 50;
  v_attempts integer;
  v_admitted boolean := false;
  v_window_ends_at timestamptz;
begin
  -- Counted before the password is looked at: a thousand tries at once are a thousand tries. The address first, so that
  -- whoever is over its limit leaves no row for the names he invents.
  insert into console.sign_in_attempt as a (kind, subject, attempts, window_ends_at)
  values ('address', p_address, 1, now() + c_window)
  on conflict (kind, subject) do update set
    attempts = case when a.window_ends_at < now() then 1 else least(a.attempts, c_per_address) + 1 end,
    window_ends_at = case when a.window_ends_at < now() then now() + c_window else a.window_ends_at end
  returning a.attempts, a.window_ends_at into v_attempts, v_window_ends_at;
  if v_attempts <= c_per_address then
    insert into console.sign_in_attempt as a (kind, subject, attempts, window_ends_at)
    values ('account', p_account_hash, 1, now() + c_window)
    on conflict (kind, subject) do update set
      attempts = case when a.window_ends_at < now() then 1 else least(a.attempts, c_per_account) + 1 end,
      window_ends_at = case when a.window_ends_at < now() then now() + c_window else a.window_ends_at end
    returning a.attempts, a.window_ends_at into v_attempts, v_window_ends_at;
    v_admitted := v_attempts <= c_per_account;
  end if;

  -- Last, and only what nobody is counting at this moment: to wait here for another sign-in could end in a deadlock.
  delete from console.sign_in_attempt a
  where (a.kind, a.subject) in (
    select o.kind, o.subject from console.sign_in_attempt o where o.window_ends_at < now() for update skip locked
  );
  if v_admitted then
    return jsonb_build_object('status', 'ok');
  end if;
  return jsonb_build_object('status', 'too_many_attempts',
                            'retry_after', ceil(extract(epoch from v_window_ends_at - now()))::integer);
end
$function$;

CREATE OR REPLACE FUNCTION console.fn_sign_in_succeeded(p_account_hash text, p_address text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  delete from console.sign_in_attempt a where a.kind = 'account' and a.subject = p_account_hash;
  -- Only this attempt: whoever has an account of his own does not buy free tries at others with it.
  update console.sign_in_attempt a set attempts = greatest(a.attempts - 1, 0)
  where a.kind = 'address' and a.subject = p_address
$function$;

CREATE OR REPLACE FUNCTION console.fn_token_create(p_person_id uuid, p_name text, p_role text, p_token_hash text, p_expires_at timestamp with time zone, p_address text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  c_roles constant text[] := '{viewer,operator,administrator}';
  v_person console.person;
  v_id uuid;
begin
  select p.* into v_person from console.person p where p.id = p_person_id;
  if not found then
    return jsonb_build_object('status', 'person_not_found', 'field', 'p_person_id');
  elsif array_position(c_roles, p_role) > array_position(c_roles, v_person.role) then
    return jsonb_build_object('status', 'role_above_own', 'field', 'p_role');
  end if;
  insert into console.token (person_id, name, role, token_hash, expires_at)
  values (p_person_id, p_name, p_role, p_token_hash, p_expires_at) returning id into v_id;
  perform console.fn_audit_record('token_created', 'ok', v_person.email, p_address, p_name,
                                  jsonb_build_object('role', p_role, 'expires_at', p_expires_at));
  return jsonb_build_object('status', 'ok', 'token_id', v_id);
end
$function$;

CREATE OR REPLACE FUNCTION console.fn_token_person(p_token_hash text)
 RETURNS TABLE(person_id uuid, email text, name text, role text, token_id uuid, token_name text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  c_roles constant text[] := '{viewer,operator,administrator}';
begin
  return query
  select p.id, p.email, p.name,
         c_roles[least(array_position(c_roles, t.role), array_position(c_roles, p.role))], t.id, t.name
  from console.token t
  join console.person p on p.id = t.person_id and p.disabled_at is null
  where t.token_hash = p_token_hash and t.revoked_at is null and (t.expires_at is null or t.expires_at > now());
  -- To the minute is enough to see which token is still in use, and spares a write at each request.
  update console.token t set last_used_at = now()
  where t.token_hash = p_token_hash and t.revoked_at is null
    and (t.last_used_at is null or t.last_used_at < now() - interval '1 minute');
end
$function$;

CREATE OR REPLACE FUNCTION console.fn_token_revoke(p_person_id uuid, p_token_id uuid, p_by text, p_address text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_name text;
begin
  update console.token t set revoked_at = coalesce(t.revoked_at, now())
  where t.id = p_token_id and t.person_id = p_person_id returning t.name into v_name;
  if not found then
    return jsonb_build_object('status', 'token_not_found');
  end if;
  perform console.fn_audit_record('token_revoked', 'ok', p_by, p_address, v_name);
  return jsonb_build_object('status', 'ok');
end
$function$;

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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_auto_instantiate_scaleout(p_plan jsonb, p_emit_mode text, p_actor text, p_note text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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

CREATE OR REPLACE FUNCTION public.fn_iu_collection_healthcheck()
 RETURNS TABLE(surface text, status text, count bigint, ids text[], message text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_has_lineage boolean := to_regclass('public.iu_collection_template_instance_lineage') is not null;
  v_has_versions boolean := to_regclass('public.iu_collection_template_version') is not null;
  v_has_log boolean := to_regclass('public.iu_auto_instantiate_event_log') is not null;
  v_bases text[] := '{}';
  v_found text[];
begin
  return query select * from public.fn_iu_health_surface(
    'digest_recomputed',
    array(
      -- As fn_iu_manifest_pieces, for all collections at once, and each manifest is hashed once: decision 015.
      with member as (
        select m.collection_id, m.role, m.iu_id,
               row_number() over (partition by m.collection_id order by m.piece_order, m.iu_id) as position
        from public.iu_piece_membership m
        where m.membership_status = 'active'
      ), listed as (
        select member.collection_id,
               jsonb_agg(jsonb_build_object('position', member.position, 'role', member.role, 'iu_id', member.iu_id)
                         order by member.position) as pieces
        from member
        group by member.collection_id
      ), manifest as materialized (
        select m.manifest_digest, m.pieces, public.fn_iu_text_digest(m.pieces::text) as digest from public.iu_manifest m
      )
      select c.id::text
      from public.iu_piece_collection c
      left join listed on listed.collection_id = c.id
      left join manifest on manifest.manifest_digest = c.manifest_digest
      where c.manifest_digest is distinct from
        case when manifest.pieces = coalesce(listed.pieces, '[]') then manifest.digest
             else public.fn_iu_text_digest(coalesce(listed.pieces, '[]')::text) end
      order by c.id),
    'Every stored digest is the one its members give.',
    'The stored digest of these collections is not the one their members give.');

  if v_has_lineage then
    v_bases := array(select distinct l.base_manifest_digest from public.iu_collection_template_instance_lineage l);
  end if;
  return query select * from public.fn_iu_health_surface(
    'manifest_present',
    array(
      select used.digest
      from (
        select c.manifest_digest as digest from public.iu_piece_collection c
        union select unnest(v_bases)
        union select m.manifest_digest from public.iu_manifest m
      ) used
      left join public.iu_manifest m on m.manifest_digest = used.digest
      where public.fn_iu_text_digest(m.pieces::text) is distinct from used.digest
      order by used.digest),
    'Every digest has its manifest, and every manifest its hash.',
    'These digests have no manifest, or one that hashes to something else.');

  v_found := '{}';
  if v_has_lineage then
    v_found := array(
      select l.instance_collection_id::text
      from public.iu_collection_template_instance_lineage l
      left join public.iu_piece_collection instance on instance.id = l.instance_collection_id
      left join public.iu_piece_collection template on template.id = l.template_collection_id
      left join public.iu_collection_template_registry r on r.collection_id = l.template_collection_id and r.is_template
      where instance.id is null or template.id is null or r.collection_id is null
      order by l.instance_collection_id);
  end if;
  return query select * from public.fn_iu_health_surface(
    'lineage_ends', v_found,
    'Every lineage leads from an instance that exists to a marked template.',
    'The lineage of these instances leads to no marked template, or the instance is gone.');

  v_found := '{}';
  if v_has_log then
    v_found := array(
      -- A retired instance may have been soft-erased: its lineage is gone on purpose.
      select c.id::text from public.iu_piece_collection c
      where starts_with(c.collection_key, 'tpl-inst:auto:') and c.collection_status <> 'retired'
        and (not exists (select from public.iu_collection_template_instance_lineage l where l.instance_collection_id = c.id)
             or not exists (select from public.iu_auto_instantiate_event_log g where g.instance_collection_id = c.id))
      union
      select g.instance_collection_id::text from public.iu_auto_instantiate_event_log g
      where not exists (select from public.iu_piece_collection c where c.id = g.instance_collection_id)
         or not exists (select from public.iu_collection_template_instance_lineage l
                        where l.instance_collection_id = g.instance_collection_id
                          and l.template_collection_id = g.template_collection_id)
      order by 1);
  end if;
  return query select * from public.fn_iu_health_surface(
    'auto_log', v_found,
    'Event log, lineage and collections of all auto-made instances belong together.',
    'These auto-made instances lack their event log row, their lineage or their collection, or two of them disagree.');

  v_found := '{}';
  if v_has_versions then
    v_found := array(
      select version.collection_id::text
      from (
        select v.collection_id, v.template_family, previous.template_family as previous_family,
               -- One row speaks for its family: the newest version.
               row_number() over (partition by v.template_family order by v.version_seq desc) = 1
                 and not bool_and(v.version_status = 'retired') over family
                 and count(*) filter (where v.version_status = 'current') over family <> 1 as without_one_current
        from public.iu_collection_template_version v
        left join public.iu_collection_template_version previous on previous.collection_id = v.previous_collection_id
        window family as (partition by v.template_family)
      ) version
      where version.without_one_current
         or version.previous_family <> version.template_family
         or not exists (select from public.iu_collection_template_registry r
                        where r.collection_id = version.collection_id and r.is_template)
      order by version.collection_id);
  end if;
  return query select * from public.fn_iu_health_surface(
    'version_chain', v_found,
    'Every version is a marked template, and every family has its one current version.',
    'These versions lost the template marker, replace one of another family, or their family has not exactly one current version.');

  return query select * from public.fn_iu_health_surface(
    'members_active',
    array(
      select distinct m.iu_id::text
      from public.iu_piece_membership m
      join public.iu_piece_collection c on c.id = m.collection_id and c.collection_status = 'active'
      left join public.information_unit u on u.id = m.iu_id
      where m.membership_status = 'active' and u.lifecycle_status is distinct from 'active'
      order by 1),
    'Every active member of an active collection is an active piece.',
    'These pieces are not active, and active collections still hold them.');

  return query select * from public.fn_iu_health_surface(
    'outbox_types',
    array(
      select e.id::text from public.event_outbox e
      where e.event_domain in ('iu', 'piece')
        and not exists (select from public.event_type_registry t where t.event_type = e.event_type)
      order by e.created_at desc, e.id),
    'Every event of IU Core in the outbox is of a registered type.',
    'These events are of types that are not registered.');

  return query select * from public.fn_iu_health_surface(
    'gates',
    array(
      select g.key from public.iu_gate g
      left join public.dot_config c on c.key = g.key
      where c.value is null or c.value not in ('true', 'false') or c.value = g.open_value
      order by g.key),
    'Every gate has a readable row and is closed.',
    'These gates are open, or their row is missing or unreadable.');
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
  v_current record;
  v_superseded integer;
  v_field text;
begin
  v_field := case
    when p_collection_id is null then 'p_collection_id'
    when coalesce(p_template_family, '') !~ '\S' or length(p_template_family) > 200
      -- No address leads to these two: a browser takes them for folders.
      or btrim(p_template_family) in ('.', '..') then 'p_template_family'
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

  -- One registration of a family at a time: two successors would both find their predecessor current.
  perform pg_advisory_xact_lock(hashtextextended('iu_core family ' || p_template_family, 0));
  select v.collection_id, v.version_label into v_current
  from public.iu_collection_template_version v
  where v.template_family = p_template_family and v.version_status = 'current'
    and v.collection_id is distinct from p_previous_collection_id
  order by v.version_seq desc limit 1;

  insert into public.iu_collection_template_version
    (collection_id, template_family, version_label, version_seq, previous_collection_id, registered_by)
  select p_collection_id, p_template_family, p_version_label, p_version_seq, p_previous_collection_id, p_actor
  where v_current.collection_id is null
  on conflict do nothing;

  if not found then
    select v.collection_id into v_owner
    from public.iu_collection_template_version v
    where v.template_family = p_template_family and v.version_seq = p_version_seq;
    if v_owner <> p_collection_id then
      return jsonb_build_object('status', 'family_seq_collision', 'field', 'p_version_seq', 'collection_id', v_owner);
    end if;

    select v.* into v_own from public.iu_collection_template_version v where v.collection_id = p_collection_id;
    if not found then
      return jsonb_build_object('status', 'invalid_input', 'field', 'p_previous_collection_id',
                                'reason', 'another_version_is_current', 'collection_id', v_current.collection_id,
                                'version_label', v_current.version_label);
    end if;
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

CREATE OR REPLACE FUNCTION public.fn_iu_collection_retire_by_actor(p_actor text, p_dry_run boolean DEFAULT true, p_reason text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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

CREATE OR REPLACE FUNCTION public.fn_iu_collection_set_pieces(p_collection_id uuid, p_pieces jsonb, p_expected_digest text, p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_uuid constant text := '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
  v_iu_ids uuid[];
  v_roles text[];
  v_new uuid[];
  v_offending uuid[];
  v_key text;
  v_was text;
  v_digest text;
  v_field text;
  v_added integer;
  v_removed integer;
  v_changed integer;
begin
  if not public.fn_iu_composer_enabled() then
    return jsonb_build_object('status', 'composer_gate_closed', 'gate', 'iu_core.composer_enabled');
  end if;

  v_field := case
    when p_collection_id is null then 'p_collection_id'
    when coalesce(jsonb_typeof(p_pieces), '') <> 'array' then 'p_pieces'
    when jsonb_array_length(p_pieces) = 0 then 'p_pieces'
    when exists (
      select from jsonb_array_elements(p_pieces) as e (piece)
      where jsonb_typeof(e.piece) <> 'object'
        or coalesce(lower(e.piece ->> 'iu_id') !~ v_uuid, true)
        or jsonb_typeof(e.piece -> 'role') not in ('string', 'null')
        or coalesce(e.piece ->> 'role', 'body') !~ '\S'
        or length(e.piece ->> 'role') > 200
    ) then 'p_pieces'
    when coalesce(p_expected_digest, '') !~ '^[0-9a-f]{64}$' then 'p_expected_digest'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when coalesce(p_reason, '') !~ '\S' or length(p_reason) > 2000 then 'p_reason'
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

  -- The lock that the digest's trigger takes too: edits by hand wait, and the digest compared is the one that stands.
  select c.collection_key, c.manifest_digest into v_key, v_was
  from public.iu_piece_collection c where c.id = p_collection_id for no key update;
  if not found then
    return jsonb_build_object('status', 'collection_not_found', 'field', 'p_collection_id');
  elsif v_was <> p_expected_digest then
    return jsonb_build_object('status', 'collection_changed_meanwhile', 'collection_key', v_key,
                              'expected_digest', p_expected_digest, 'manifest_digest', v_was);
  end if;

  -- A piece that went out of use meanwhile does not keep its collections from being edited; it only comes nowhere new.
  v_new := array(
    select given.iu_id from unnest(v_iu_ids) with ordinality as given (iu_id, place)
    where not exists (
      select from public.iu_piece_membership m
      where m.collection_id = p_collection_id and m.iu_id = given.iu_id and m.membership_status = 'active')
    order by given.place);
  -- Held until the end of the transaction, so that no piece retires between this check and the commit.
  perform from public.information_unit u where u.id = any (v_new) order by u.id for share;

  v_offending := array(
    select given.iu_id from unnest(v_new) with ordinality as given (iu_id, place)
    where not exists (select from public.information_unit u where u.id = given.iu_id)
    order by given.place);
  if cardinality(v_offending) > 0 then
    return jsonb_build_object('status', 'piece_not_found', 'iu_ids', to_jsonb(v_offending));
  end if;

  v_offending := array(
    select u.id from public.information_unit u
    where u.id = any (v_new) and u.lifecycle_status <> 'active'
    order by u.id);
  if cardinality(v_offending) > 0 then
    return jsonb_build_object('status', 'piece_not_active', 'iu_ids', to_jsonb(v_offending));
  end if;

  if (
    select jsonb_agg(jsonb_build_object('position', given.place, 'role', given.role, 'iu_id', given.iu_id) order by given.place)
    from unnest(v_iu_ids, v_roles) with ordinality as given (iu_id, role, place)
  ) = public.fn_iu_manifest_pieces(p_collection_id) then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_pieces', 'reason', 'nothing_to_change');
  end if;

  update public.iu_piece_membership m set membership_status = 'removed'
  where m.collection_id = p_collection_id and m.membership_status = 'active' and m.iu_id <> all (v_iu_ids);
  get diagnostics v_removed = row_count;

  update public.iu_piece_membership m set piece_order = given.place, role = given.role
  from unnest(v_iu_ids, v_roles) with ordinality as given (iu_id, role, place)
  where m.collection_id = p_collection_id and m.membership_status = 'active' and m.iu_id = given.iu_id
    and (m.piece_order, m.role) is distinct from (given.place, given.role);
  get diagnostics v_changed = row_count;

  insert into public.iu_piece_membership (collection_id, iu_id, piece_order, role)
  select p_collection_id, given.iu_id, given.place, given.role
  from unnest(v_iu_ids, v_roles) with ordinality as given (iu_id, role, place)
  where given.iu_id = any (v_new);
  get diagnostics v_added = row_count;

  select c.manifest_digest into v_digest from public.iu_piece_collection c where c.id = p_collection_id;
  insert into public.event_outbox (event_domain, event_type, subject_ref, actor, safe_payload)
  values ('iu', 'iu.collection.edited', p_collection_id, p_actor,
          jsonb_build_object('collection_key', v_key, 'previous_digest', v_was, 'manifest_digest', v_digest, 'reason', p_reason,
                             'rows_added', v_added, 'rows_removed', v_removed, 'rows_changed', v_changed));

  return jsonb_build_object('status', 'ok', 'collection_id', p_collection_id, 'collection_key', v_key,
                            'previous_digest', v_was, 'manifest_digest', v_digest,
                            'rows_added', v_added, 'rows_removed', v_removed, 'rows_changed', v_changed);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_command_run_record(p_run jsonb)
 RETURNS uuid
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into public.dot_iu_command_run (
    command_name, phase, operator, address, actor, reason, parameters, dry_run,
    status, refused, result, effects, preview_id, started_at, duration_ms)
  select r.command_name, r.phase, r.operator, r.address, r.actor, r.reason, r.parameters, r.dry_run,
         r.status, r.refused, r.result, r.effects, r.preview_id, r.started_at, r.duration_ms
  from jsonb_to_record(p_run) as r (
    command_name text, phase text, operator text, address text, actor text, reason text, parameters jsonb, dry_run boolean,
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
        or length(e.piece ->> 'role') > 200
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

CREATE OR REPLACE FUNCTION public.fn_iu_core_healthcheck()
 RETURNS TABLE(surface text, status text, count bigint, ids text[], message text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_core_retention_candidates()
 RETURNS TABLE(table_name text, fault text, total_rows bigint, oldest_row_at timestamp with time zone, candidates bigint, removable bigint, kept_by jsonb, oldest_candidate_at timestamp with time zone)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_core_retention_cleanup(p_table text DEFAULT NULL::text, p_dry_run boolean DEFAULT true, p_actor text DEFAULT NULL::text, p_batch integer DEFAULT 1000, p_prune_actor text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_core_retention_judge(p_policy public.iu_core_retention_policy, p_prune_actor text, p_places tid[], OUT candidates bigint, OUT kept_by jsonb, OUT oldest_at timestamp with time zone, OUT rows_digest text, OUT going tid[])
 RETURNS record
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_core_retention_policy_change_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_core_retention_policy_check_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_fault jsonb := public.fn_iu_core_retention_policy_fault(new.table_name, new.age_column, new.actor_column);
begin
  if v_fault is not null then
    raise exception 'retention policy refused: %', v_fault ->> 'reason' using errcode = 'check_violation';
  end if;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_core_retention_policy_fault(p_table text, p_age_column text, p_actor_column text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_core_retention_policy_set(p_table text, p_age_column text, p_keep_for interval, p_actor_column text, p_active boolean, p_note text, p_actor text, p_reason text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_core_retention_references(p_table text)
 RETURNS TABLE(referrer text, predicate text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_delivery_backoff(p_attempt integer)
 RETURNS interval
 LANGUAGE sql
 IMMUTABLE STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  -- The exponent is capped too: 2 ^ 1000 is no interval.
  select least(interval '30 seconds' * 2 ^ least(greatest(p_attempt, 1) - 1, 20), interval '1 hour')
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_delivery_barrier()
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  -- The lock that every step shares through its gate: this waits for those under way and lets no new one start.
  select pg_advisory_xact_lock(hashtextextended('iu_core gate iu_core.delivery_enabled', 0))
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_delivery_live_routes()
 RETURNS text[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(array_agg(distinct btrim(named.route_key) order by btrim(named.route_key)), '{}')
  from public.dot_config c
  cross join lateral string_to_table(c.value, ',') as named (route_key)
  where c.key = 'iu_core.delivery_live_routes' and named.route_key ~ '\S'
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_delivery_live_routes_set(p_routes text[], p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_delivery_target_is_known(p_target text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(split_part(p_target, ':', 1) = 'log', false)
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_event_type_internal_only_set(p_event_type text, p_internal_only boolean, p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
  if coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 or length(p_reason) > 2000 then
    -- No status: this is half of an act, and fn_iu_gates_put_back has no answer that anybody looks at.
    raise exception 'gates are opened by an actor of 1 to 128 characters, with a reason of at most 2000'
      using errcode = 'invalid_parameter_value';
  end if;
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
  if coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 or length(p_reason) > 2000 then
    -- Aborts the transaction: a status that nobody looks at would leave the gates open.
    raise exception 'gates are put back by an actor of 1 to 128 characters, with a reason of at most 2000'
      using errcode = 'invalid_parameter_value';
  end if;
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

CREATE OR REPLACE FUNCTION public.fn_iu_health_surface(p_surface text, p_ids text[], p_green text, p_red text)
 RETURNS TABLE(surface text, status text, count bigint, ids text[], message text)
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select p_surface,
         case when cardinality(p_ids) = 0 then 'green' else 'red' end,
         cardinality(p_ids)::bigint,
         p_ids[1:20],
         case when cardinality(p_ids) = 0 then p_green else p_red end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_internal_only_assert()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_internal_only_route_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_internal_only_type_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_invariant_compare(p_from text, p_to text DEFAULT NULL::text, p_expected jsonb DEFAULT '{}'::jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_invariant_snapshot(p_name text, p_actor text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_invariant_surfaces()
 RETURNS TABLE(surface text, whole text, kind text, value bigint)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_lineage_soft_erase(p_actor text, p_dry_run boolean DEFAULT true)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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

CREATE OR REPLACE FUNCTION public.fn_iu_outbox_append_only_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise exception '% is append-only: an attempt that was made is not changed', tg_table_name;
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_outbox_deliver(p_limit integer DEFAULT 100, p_worker text DEFAULT 'iu-delivery'::text, p_dry_run boolean DEFAULT true)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_outbox_requeue(p_event_id uuid, p_route_key text, p_actor text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_add(p_parts jsonb, p_actor text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_pieces jsonb;
  v_taken text[];
  v_emitted integer;
begin
  begin
    -- By address: two callers who add the same ones wait for each other instead of deadlocking.
    insert into public.information_unit (canonical_address, title, body, created_by)
    select part ->> 'canonical_address', part ->> 'title', part ->> 'body', p_actor
    from jsonb_array_elements(p_parts) as part
    order by part ->> 'canonical_address';
  exception when unique_violation then
    v_taken := array(
      select part ->> 'canonical_address' from jsonb_array_elements(p_parts) with ordinality as given (part, place)
      where exists (select from public.information_unit u where u.canonical_address = part ->> 'canonical_address')
      order by given.place);
    return jsonb_build_object('status', 'canonical_address_conflict', 'canonical_addresses', to_jsonb(v_taken));
  end;

  select jsonb_agg(jsonb_build_object('iu_id', u.id, 'canonical_address', u.canonical_address,
                                      'content_digest', u.content_digest) order by given.place),
         count(*) filter (where public.fn_iu_piece_emit_event('created', u.canonical_address, u.id, p_actor,
                            jsonb_build_object('content_digest', u.content_digest)) ->> 'status' = 'ok')
    into v_pieces, v_emitted
  from jsonb_array_elements(p_parts) with ordinality as given (part, place)
  join public.information_unit u on u.canonical_address = part ->> 'canonical_address';
  return jsonb_build_object('status', 'ok', 'pieces', v_pieces, 'events_emitted', v_emitted);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_create(p_canonical_address text, p_title text, p_body text, p_actor text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_field text;
  v_added jsonb;
begin
  if not public.fn_iu_piece_writes_enabled() then
    return jsonb_build_object('status', 'piece_gate_closed', 'gate', 'iu_core.piece_writes_enabled');
  end if;
  v_field := coalesce(
    public.fn_iu_piece_unusable_field(p_canonical_address, p_title, p_body),
    case when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor' end);
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  v_added := public.fn_iu_piece_add(
    jsonb_build_array(jsonb_build_object('canonical_address', p_canonical_address, 'title', p_title, 'body', p_body)), p_actor);
  if v_added ->> 'status' <> 'ok' then
    return v_added || jsonb_build_object('field', 'p_canonical_address');
  end if;
  return jsonb_build_object('status', 'ok', 'events_emitted', v_added -> 'events_emitted') || (v_added -> 'pieces' -> 0);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_emit_event(p_event_type text, p_canonical_address text, p_subject_ref uuid, p_actor text, p_payload jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- By key, as everybody who needs several gates: this one's name comes first.
  v_live boolean := public.fn_iu_gate_is_open('piece_event_runtime.dry_run_only');
  v_emit_mode text := case when v_live then 'live' else 'dry_run' end;
  v_field text;
  v_event_id uuid;
begin
  if not public.fn_iu_gate_is_open('piece_event_runtime.emit_enabled') then
    return jsonb_build_object('status', 'emit_gate_closed', 'gate', 'piece_event_runtime.emit_enabled');
  end if;

  v_field := case
    when coalesce(p_event_type, '') !~ '\S' or length(p_event_type) > 200 then 'p_event_type'
    when coalesce(p_canonical_address, '') !~ '\S' or length(p_canonical_address) > 400 then 'p_canonical_address'
    when p_subject_ref is null then 'p_subject_ref'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when jsonb_typeof(p_payload) <> 'object' then 'p_payload'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;
  if not exists (
    select from public.event_type_registry t
    where t.event_type = p_event_type and t.event_domain = 'piece' and t.active
  ) then
    return jsonb_build_object('status', 'ignored', 'event_type', p_event_type);
  end if;

  insert into public.event_outbox (event_domain, event_type, canonical_address, subject_ref, actor, safe_payload)
  values ('piece', p_event_type, p_canonical_address, p_subject_ref, p_actor,
          coalesce(p_payload, '{}') || jsonb_build_object('emit_mode', v_emit_mode))
  returning id into v_event_id;
  return jsonb_build_object('status', 'ok', 'event_id', v_event_id, 'event_type', p_event_type, 'emit_mode', v_emit_mode);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_end(p_iu_ids uuid[], p_change text, p_to_status text, p_successor_ids uuid[], p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_emitted integer;
  v_held jsonb;
begin
  insert into public.iu_lifecycle_log (iu_id, change, from_status, to_status, actor, reason, successor_ids)
  select u.id, p_change, u.lifecycle_status, p_to_status, p_actor, p_reason, p_successor_ids
  from public.information_unit u where u.id = any (p_iu_ids) order by u.id;

  update public.information_unit u set lifecycle_status = p_to_status, updated_at = now() where u.id = any (p_iu_ids);

  select count(*) filter (where public.fn_iu_piece_emit_event(p_change, u.canonical_address, u.id, p_actor,
           jsonb_build_object('successor_ids', p_successor_ids)) ->> 'status' = 'ok')
    into v_emitted
  from public.information_unit u where u.id = any (p_iu_ids);

  -- Members stay as they are: what to put in the piece's place is for whoever owns the collection to decide.
  select jsonb_agg(jsonb_build_object('iu_id', m.iu_id, 'collection_id', c.id, 'collection_key', c.collection_key)
                   order by c.collection_key, m.iu_id)
    into v_held
  from public.iu_piece_membership m
  join public.iu_piece_collection c on c.id = m.collection_id and c.collection_status = 'active'
  where m.iu_id = any (p_iu_ids) and m.membership_status = 'active';
  return jsonb_build_object('events_emitted', v_emitted, 'still_held_by', coalesce(v_held, '[]'));
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_hold(p_iu_ids uuid[])
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_offending uuid[];
begin
  -- In one order for everybody; composers hold the same rows shared, so a piece does not end while it is attached.
  perform from public.information_unit u where u.id = any (p_iu_ids) order by u.id for no key update;

  v_offending := array(
    select given.iu_id from unnest(p_iu_ids) with ordinality as given (iu_id, place)
    where not exists (select from public.information_unit u where u.id = given.iu_id)
    order by given.place);
  if cardinality(v_offending) > 0 then
    return jsonb_build_object('status', 'piece_not_found', 'iu_ids', to_jsonb(v_offending));
  end if;

  v_offending := array(
    select u.id from public.information_unit u
    where u.id = any (p_iu_ids) and u.lifecycle_status <> 'active'
    order by u.id);
  if cardinality(v_offending) > 0 then
    return jsonb_build_object('status', 'piece_not_active', 'iu_ids', to_jsonb(v_offending));
  end if;
  return jsonb_build_object('status', 'ok');
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_merge(p_iu_ids uuid[], p_canonical_address text, p_title text, p_body text, p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_field text;
  v_held jsonb;
  v_added jsonb;
  v_piece jsonb;
  v_ended jsonb;
begin
  if not public.fn_iu_piece_writes_enabled() then
    return jsonb_build_object('status', 'piece_gate_closed', 'gate', 'iu_core.piece_writes_enabled');
  end if;
  v_field := coalesce(
    case
      when array_ndims(p_iu_ids) is distinct from 1 or cardinality(p_iu_ids) < 2 then 'p_iu_ids'
      when array_position(p_iu_ids, null) is not null then 'p_iu_ids'
    end,
    public.fn_iu_piece_unusable_field(p_canonical_address, p_title, p_body),
    case
      when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
      when p_reason !~ '\S' or length(p_reason) > 2000 then 'p_reason'
    end);
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;
  if (select count(distinct given.iu_id) < count(*) from unnest(p_iu_ids) as given (iu_id)) then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_iu_ids', 'reason', 'duplicate_piece');
  end if;

  v_held := public.fn_iu_piece_hold(p_iu_ids);
  if v_held ->> 'status' <> 'ok' then
    return v_held || jsonb_build_object('field', 'p_iu_ids');
  end if;
  v_added := public.fn_iu_piece_add(
    jsonb_build_array(jsonb_build_object('canonical_address', p_canonical_address, 'title', p_title, 'body', p_body)), p_actor);
  if v_added ->> 'status' <> 'ok' then
    return v_added || jsonb_build_object('field', 'p_canonical_address');
  end if;

  v_piece := v_added -> 'pieces' -> 0;
  v_ended := public.fn_iu_piece_end(
    p_iu_ids, 'merged', 'superseded', array[(v_piece ->> 'iu_id')::uuid], p_actor, p_reason);
  return v_ended || v_piece || jsonb_build_object(
    'status', 'ok', 'merged_iu_ids', to_jsonb(p_iu_ids),
    'events_emitted', (v_ended -> 'events_emitted')::integer + (v_added -> 'events_emitted')::integer);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_retire(p_iu_id uuid, p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_field text;
  v_held jsonb;
begin
  if not public.fn_iu_piece_writes_enabled() then
    return jsonb_build_object('status', 'piece_gate_closed', 'gate', 'iu_core.piece_writes_enabled');
  end if;
  v_field := case
    when p_iu_id is null then 'p_iu_id'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when p_reason !~ '\S' or length(p_reason) > 2000 then 'p_reason'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  v_held := public.fn_iu_piece_hold(array[p_iu_id]);
  if v_held ->> 'status' <> 'ok' then
    return v_held || jsonb_build_object('field', 'p_iu_id');
  end if;
  return jsonb_build_object('status', 'ok', 'iu_id', p_iu_id)
    || public.fn_iu_piece_end(array[p_iu_id], 'retired', 'retired', '{}', p_actor, p_reason);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_split(p_iu_id uuid, p_parts jsonb, p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_field text;
  v_held jsonb;
  v_added jsonb;
  v_ended jsonb;
begin
  if not public.fn_iu_piece_writes_enabled() then
    return jsonb_build_object('status', 'piece_gate_closed', 'gate', 'iu_core.piece_writes_enabled');
  end if;
  v_field := case
    when p_iu_id is null then 'p_iu_id'
    when coalesce(jsonb_typeof(p_parts), '') <> 'array' then 'p_parts'
    when jsonb_array_length(p_parts) < 2 then 'p_parts'
    when exists (
      select from jsonb_array_elements(p_parts) as part
      where jsonb_typeof(part) <> 'object'
        or coalesce(jsonb_typeof(part -> 'canonical_address'), '') <> 'string'
        or coalesce(jsonb_typeof(part -> 'title'), '') <> 'string'
        or coalesce(jsonb_typeof(part -> 'body'), '') <> 'string'
        or public.fn_iu_piece_unusable_field(part ->> 'canonical_address', part ->> 'title', part ->> 'body') is not null
    ) then 'p_parts'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when p_reason !~ '\S' or length(p_reason) > 2000 then 'p_reason'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;
  if (select count(distinct part ->> 'canonical_address') < count(*) from jsonb_array_elements(p_parts) as part) then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_parts', 'reason', 'duplicate_address');
  end if;

  v_held := public.fn_iu_piece_hold(array[p_iu_id]);
  if v_held ->> 'status' <> 'ok' then
    return v_held || jsonb_build_object('field', 'p_iu_id');
  end if;
  v_added := public.fn_iu_piece_add(p_parts, p_actor);
  if v_added ->> 'status' <> 'ok' then
    return v_added || jsonb_build_object('field', 'p_parts');
  end if;

  v_ended := public.fn_iu_piece_end(
    array[p_iu_id], 'split', 'superseded',
    array(select (piece ->> 'iu_id')::uuid from jsonb_array_elements(v_added -> 'pieces') with ordinality as p (piece, place)
          order by p.place),
    p_actor, p_reason);
  return v_ended || jsonb_build_object(
    'status', 'ok', 'iu_id', p_iu_id, 'parts', v_added -> 'pieces',
    'events_emitted', (v_ended -> 'events_emitted')::integer + (v_added -> 'events_emitted')::integer);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_supersede(p_iu_id uuid, p_by_iu_id uuid, p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_field text;
  v_held jsonb;
begin
  if not public.fn_iu_piece_writes_enabled() then
    return jsonb_build_object('status', 'piece_gate_closed', 'gate', 'iu_core.piece_writes_enabled');
  end if;
  v_field := case
    when p_iu_id is null then 'p_iu_id'
    when p_by_iu_id is null then 'p_by_iu_id'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when p_reason !~ '\S' or length(p_reason) > 2000 then 'p_reason'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;
  if p_iu_id = p_by_iu_id then
    return jsonb_build_object('status', 'self_supersede_refused', 'field', 'p_by_iu_id');
  end if;

  v_held := public.fn_iu_piece_hold(array[p_iu_id, p_by_iu_id]);
  if v_held ->> 'status' <> 'ok' then
    return v_held || jsonb_build_object(
      'field', case when v_held -> 'iu_ids' ? p_iu_id::text then 'p_iu_id' else 'p_by_iu_id' end);
  end if;
  return jsonb_build_object('status', 'ok', 'iu_id', p_iu_id, 'by_iu_id', p_by_iu_id)
    || public.fn_iu_piece_end(array[p_iu_id], 'superseded', 'superseded', array[p_by_iu_id], p_actor, p_reason);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_unusable_field(p_canonical_address text, p_title text, p_body text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case
    when coalesce(p_canonical_address, '') !~ '\S' or length(p_canonical_address) > 400 then 'p_canonical_address'
    when coalesce(p_title, '') !~ '\S' or length(p_title) > 400 then 'p_title'
    when coalesce(p_body, '') !~ '\S' or length(p_body) > 2000000 then 'p_body'
  end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_update(p_iu_id uuid, p_title text, p_body text, p_actor text, p_expected_digest text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_field text;
  v_held jsonb;
  v_piece public.information_unit;
  v_digest text;
  v_event jsonb;
begin
  if not public.fn_iu_piece_writes_enabled() then
    return jsonb_build_object('status', 'piece_gate_closed', 'gate', 'iu_core.piece_writes_enabled');
  end if;
  v_field := coalesce(
    case when p_iu_id is null then 'p_iu_id' end,
    public.fn_iu_piece_unusable_field('not asked for', p_title, p_body),
    case when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor' end,
    case when p_expected_digest !~ '^[0-9a-f]{64}$' then 'p_expected_digest' end);
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  v_held := public.fn_iu_piece_hold(array[p_iu_id]);
  if v_held ->> 'status' <> 'ok' then
    return v_held || jsonb_build_object('field', 'p_iu_id');
  end if;
  select u.* into v_piece from public.information_unit u where u.id = p_iu_id;
  if v_piece.content_digest <> p_expected_digest then
    return jsonb_build_object('status', 'piece_changed_meanwhile', 'field', 'p_expected_digest',
                              'content_digest', v_piece.content_digest);
  end if;
  if v_piece.title = p_title and v_piece.body = p_body then
    return jsonb_build_object('status', 'ok', 'iu_id', p_iu_id, 'canonical_address', v_piece.canonical_address,
                              'content_digest', v_piece.content_digest, 'changed', false, 'events_emitted', 0);
  end if;

  update public.information_unit u set title = p_title, body = p_body, updated_at = now()
  where u.id = p_iu_id
  returning u.content_digest into v_digest;
  v_event := public.fn_iu_piece_emit_event(
    'updated', v_piece.canonical_address, p_iu_id, p_actor,
    jsonb_build_object('content_digest', v_digest, 'previous_digest', v_piece.content_digest));
  return jsonb_build_object('status', 'ok', 'iu_id', p_iu_id, 'canonical_address', v_piece.canonical_address,
                            'content_digest', v_digest, 'changed', true,
                            'events_emitted', case when v_event ->> 'status' = 'ok' then 1 else 0 end);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_piece_writes_enabled()
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not public.fn_iu_gate_is_open('iu_core.piece_writes_enabled') then
    return false;
  end if;
  -- Gates come before pieces in the lock order: the event at the end must not wait for one while it holds a piece.
  perform public.fn_iu_gate_is_open('piece_event_runtime.dry_run_only');
  perform public.fn_iu_gate_is_open('piece_event_runtime.emit_enabled');
  return true;
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_route_change_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_route_refusal(p_event_type text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_route_register(p_route_key text, p_event_type text, p_target text, p_actor text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_route_remove(p_route_key text, p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_route_set_active(p_route_key text, p_active boolean, p_actor text, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_scaleout_items(p_plan jsonb)
 RETURNS TABLE(place integer, plan_row integer, suffix text, template_collection_id uuid, event_id uuid, event_type text)
 LANGUAGE sql
 IMMUTABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_scaleout_plan_fault(p_plan jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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

CREATE OR REPLACE FUNCTION public.fn_iu_three_axis_auto_refresh_enabled()
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_three_axis_envelope_is_stale()
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select exists (select from public.iu_three_axis_envelope_request)
    or exists (
      select
      from public.fn_iu_three_axis_envelope_wanted() w
      full join public.iu_three_axis_envelope e on e.axis_key = w.axis_key and e.iu_id = w.iu_id
      where w.collection_ids is distinct from e.collection_ids)
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_three_axis_envelope_lineage_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- The same pair recorded again inserts nothing. The refresh itself comes once, at the end of the transaction.
  if exists (select from new_rows) then
    perform public.fn_iu_three_axis_envelope_request('iu_auto_instantiate_trigger');
  end if;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_three_axis_envelope_piece_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_three_axis_envelope_refresh(p_trigger text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_three_axis_envelope_refresh_if_stale(p_trigger text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_three_axis_envelope_request(p_trigger text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if public.fn_iu_three_axis_auto_refresh_enabled() then
    insert into public.iu_three_axis_envelope_request (trigger_name) values (p_trigger)
    on conflict (requested_in) do nothing;
  end if;
exception when others then
  insert into public.iu_three_axis_envelope_trigger_error_log (trigger_name, sqlstate, message)
  values (p_trigger, sqlstate, sqlerrm);
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_three_axis_envelope_request_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '3s'
AS $function$
begin
  perform public.fn_iu_three_axis_envelope_refresh_if_stale(new.trigger_name);
  return null;
exception when others then
  -- The request stays: the next refresh makes up for this one.
  insert into public.iu_three_axis_envelope_trigger_error_log (trigger_name, sqlstate, message)
  values (new.trigger_name, sqlstate, sqlerrm);
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.fn_iu_three_axis_envelope_wanted()
 RETURNS TABLE(axis_key text, iu_id uuid, collection_ids uuid[])
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select a.axis_key, u.id, array(
    select c.id
    from public.iu_piece_membership m
    join public.iu_piece_collection c on c.id = m.collection_id and c.collection_status = 'active'
    where m.iu_id = u.id and m.membership_status = 'active'
    order by c.id)
  from public.iu_three_axis a
  join public.information_unit u on u.canonical_address like a.address_pattern and u.lifecycle_status = 'active'
$function$;

create view console.v_audit as
 SELECT ('entry:'::text || e.id) AS id,
    e.at,
    e.kind,
    e.outcome,
    e.who,
    e.address,
    e.subject,
    e.detail,
    NULL::uuid AS run_id
   FROM console.audit_entry e
UNION ALL
 SELECT ('run:'::text || r.id) AS id,
    r.started_at AS at,
    r.phase AS kind,
    r.status AS outcome,
    r.operator AS who,
    r.address,
    r.command_name AS subject,
    jsonb_strip_nulls(jsonb_build_object('actor', r.actor, 'dry_run', r.dry_run, 'reason', r.reason)) AS detail,
    r.id AS run_id
   FROM public.dot_iu_command_run r;

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

create view public.v_iu_command_catalog as
 SELECT c.command_name,
    c.category,
    c.mutating,
    c.reversible,
    c.description,
    c.target_functions,
    ARRAY( SELECT target.name
           FROM unnest(c.target_functions) target(name)
          WHERE (NOT (EXISTS ( SELECT
                   FROM pg_proc p
                  WHERE ((p.pronamespace = (to_regnamespace('public'::text))::oid) AND (p.proname = target.name)))))) AS missing_functions,
    c.gates,
    ARRAY( SELECT needed.key
           FROM ((unnest(c.gates) needed(key)
             LEFT JOIN public.iu_gate g ON ((g.key = needed.key)))
             LEFT JOIN public.dot_config value ON ((value.key = needed.key)))
          WHERE (value.value IS DISTINCT FROM COALESCE(g.open_value, 'true'::text))) AS closed_gates,
    last_run.id AS last_run_id,
    last_run.started_at AS last_run_at,
    last_run.status AS last_run_status,
    last_run.refused AS last_run_refused,
    last_run.operator AS last_run_operator,
    (( SELECT count(*) AS count
           FROM public.dot_iu_command_run r
          WHERE ((r.command_name = c.command_name) AND (r.phase = 'run'::text) AND (r.started_at > (now() - '1 day'::interval)))))::integer AS runs_last_day,
    c.dry_run_gates,
    c.governed
   FROM (( SELECT dot_iu_command_catalog.command_name,
            dot_iu_command_catalog.category,
            dot_iu_command_catalog.mutating,
            dot_iu_command_catalog.reversible,
            dot_iu_command_catalog.target_functions,
            dot_iu_command_catalog.gates,
            dot_iu_command_catalog.dry_run_gates,
            dot_iu_command_catalog.description,
            true AS governed
           FROM public.dot_iu_command_catalog
        UNION ALL
         SELECT command.command_name,
            command.category,
            command.mutating,
            command.reversible,
            command.target_functions,
            command.gates,
            command.dry_run_gates,
            command.description,
            false AS governed
           FROM console.command) c
     LEFT JOIN LATERAL ( SELECT r.id,
            r.started_at,
            r.status,
            r.refused,
            r.operator
           FROM public.dot_iu_command_run r
          WHERE ((r.command_name = c.command_name) AND (r.phase = 'run'::text))
          ORDER BY r.started_at DESC, r.id DESC
         LIMIT 1) last_run ON (true));

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

create view public.v_iu_core_retention_archive as
 SELECT l.cleanup_id,
    l.table_name,
    l.batch,
    removed.removed_row
   FROM (public.iu_core_retention_log l
     CROSS JOIN LATERAL jsonb_array_elements(l.archive) removed(removed_row));

create view public.v_iu_core_retention_cleanup as
 SELECT cleanup_id,
    table_name,
    prune_actor,
    removed_by,
    removed_at,
    (sum(rows))::integer AS rows,
    (count(*))::integer AS batches,
    min(oldest_at) AS oldest_at,
    max(newest_at) AS newest_at
   FROM public.iu_core_retention_log l
  GROUP BY cleanup_id, table_name, prune_actor, removed_by, removed_at;

create view public.v_iu_core_retention_policy as
 SELECT p.table_name,
    p.age_column,
    (p.keep_for)::text AS keep_for,
    (ceil((EXTRACT(epoch FROM p.keep_for) / (86400)::numeric)))::integer AS keep_days,
    p.actor_column,
    p.active,
    p.note,
    p.set_by,
    p.set_at,
    c.fault,
    c.total_rows,
    c.oldest_row_at,
    c.candidates,
    c.removable,
    c.kept_by,
    c.oldest_candidate_at,
    last_cleanup.removed_at AS last_cleanup_at,
    last_cleanup.removed_by AS last_cleanup_by,
    last_cleanup.rows AS last_cleanup_rows
   FROM ((public.iu_core_retention_policy p
     JOIN public.fn_iu_core_retention_candidates() c(table_name, fault, total_rows, oldest_row_at, candidates, removable, kept_by, oldest_candidate_at) ON ((c.table_name = p.table_name)))
     LEFT JOIN LATERAL ( SELECT l.removed_at,
            l.removed_by,
            (sum(l.rows))::integer AS rows
           FROM public.iu_core_retention_log l
          WHERE (l.table_name = p.table_name)
          GROUP BY l.cleanup_id, l.removed_at, l.removed_by
          ORDER BY l.removed_at DESC
         LIMIT 1) last_cleanup ON (true));

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

create view public.v_iu_internal_only as
 SELECT answer
   FROM ( SELECT public.fn_iu_internal_only_assert() AS answer) a;

create view public.v_iu_invariant_snapshot as
 SELECT name,
    taken_by,
    taken_at,
    (( SELECT count(*) AS count
           FROM jsonb_object_keys(s.surfaces) jsonb_object_keys(jsonb_object_keys)))::integer AS surfaces,
    (( SELECT sum(((e.value ->> 'value'::text))::bigint) AS sum
           FROM jsonb_each(s.surfaces) e(key, value)
          WHERE ((e.value ->> 'kind'::text) = 'table'::text)))::bigint AS rows,
    (((surfaces -> 'open gates'::text) ->> 'value'::text))::integer AS open_gates
   FROM public.iu_invariant_snapshot s;

create view public.v_iu_outbox as
 SELECT id,
    event_domain,
    event_type,
    canonical_address,
    subject_ref,
    actor,
    safe_payload,
    created_at,
    COALESCE(canonical_address, (safe_payload ->> 'collection_key'::text)) AS subject,
        CASE
            WHEN (EXISTS ( SELECT
               FROM (public.event_outbox_delivery d
                 JOIN public.route_registry r ON ((r.route_key = d.route_key)))
              WHERE ((d.event_id = e.id) AND (d.status = 'dead'::text)))) THEN 'dead'::text
            WHEN (EXISTS ( SELECT
               FROM ((public.route_registry r
                 JOIN public.event_type_registry t ON ((t.event_type = r.event_type)))
                 LEFT JOIN public.event_outbox_delivery d ON (((d.event_id = e.id) AND (d.route_key = r.route_key))))
              WHERE ((r.event_type = e.event_type) AND r.active AND t.active AND (COALESCE(d.status, 'pending'::text) = 'pending'::text)))) THEN 'pending'::text
            WHEN (EXISTS ( SELECT
               FROM public.event_outbox_delivery d
              WHERE ((d.event_id = e.id) AND (d.status = 'delivered'::text)))) THEN 'delivered'::text
            ELSE 'not_routed'::text
        END AS delivery_state
   FROM public.event_outbox e;

create view public.v_iu_outbox_delivery as
 SELECT d.event_id,
    d.route_key,
    r.target,
    (r.route_key IS NOT NULL) AS route_exists,
    d.status,
    d.attempts,
    d.dead_after,
        CASE
            WHEN (d.status = 'pending'::text) THEN d.next_attempt_at
            ELSE NULL::timestamp with time zone
        END AS next_attempt_at,
    d.last_error,
    d.enlisted_at,
    d.delivered_at,
    d.requeued_at,
    d.requeued_by
   FROM (public.event_outbox_delivery d
     LEFT JOIN public.route_registry r ON ((r.route_key = d.route_key)));

create view public.v_iu_outbox_delivery_attempt as
 SELECT id,
    event_id,
    route_key,
    attempt,
    outcome,
    at,
    worker,
    error
   FROM public.event_outbox_delivery_log l;

create view public.v_iu_outbox_due as
 SELECT e.id AS event_id,
    e.event_type,
    r.route_key,
    r.target,
    COALESCE(d.attempts, 0) AS attempts,
    (d.event_id IS NOT NULL) AS is_enlisted,
    COALESCE(d.next_attempt_at, e.created_at) AS due_at,
    (r.route_key = ANY (public.fn_iu_delivery_live_routes())) AS is_live
   FROM (((public.route_registry r
     JOIN public.event_type_registry t ON ((t.event_type = r.event_type)))
     JOIN public.event_outbox e ON ((e.event_type = r.event_type)))
     LEFT JOIN public.event_outbox_delivery d ON (((d.event_id = e.id) AND (d.route_key = r.route_key))))
  WHERE (r.active AND t.active AND ((d.event_id IS NULL) OR ((d.status = 'pending'::text) AND (d.next_attempt_at <= now()))));

create view public.v_iu_outbox_event as
 SELECT id,
    event_domain,
    event_type,
    actor,
    created_at,
    COALESCE(canonical_address, (safe_payload ->> 'collection_key'::text)) AS subject
   FROM public.event_outbox e;

create view public.v_iu_outbox_summary as
 SELECT event_domain,
    event_type,
    (count(*))::integer AS events,
    (count(DISTINCT actor))::integer AS actors,
    (count(*) FILTER (WHERE (created_at > (now() - '01:00:00'::interval))))::integer AS events_last_hour,
    (count(*) FILTER (WHERE (created_at > (now() - '1 day'::interval))))::integer AS events_last_day,
    min(created_at) AS first_at,
    max(created_at) AS last_at,
    (EXISTS ( SELECT
           FROM public.event_type_registry t
          WHERE (t.event_type = e.event_type))) AS is_registered
   FROM public.event_outbox e
  GROUP BY event_domain, event_type;

create view public.v_iu_outbox_type as
 SELECT event_type,
    event_domain,
    event_stream,
    delivery_lane,
    active,
    description,
    internal_only,
    ( SELECT (count(*))::integer AS count
           FROM public.route_registry r
          WHERE (r.event_type = t.event_type)) AS routes,
    ( SELECT (count(*))::integer AS count
           FROM public.event_outbox e
          WHERE (e.event_type = t.event_type)) AS events
   FROM public.event_type_registry t;

create view public.v_iu_piece as
 SELECT id,
    canonical_address,
    title,
    body,
    lifecycle_status,
    content_digest,
    created_by,
    created_at,
    updated_at,
    (( SELECT count(*) AS count
           FROM public.iu_piece_membership m
          WHERE ((m.iu_id = u.id) AND (m.membership_status = 'active'::text))))::integer AS held_by
   FROM public.information_unit u;

create view public.v_iu_piece_lifecycle as
 SELECT l.id,
    l.iu_id,
    u.canonical_address,
    u.title,
    u.lifecycle_status,
    l.change,
    l.from_status,
    l.to_status,
    l.actor,
    l.reason,
    l.created_at,
    l.successor_ids,
    COALESCE(( SELECT jsonb_agg(jsonb_build_object('iu_id', s.id, 'canonical_address', s.canonical_address, 'title', s.title, 'lifecycle_status', s.lifecycle_status) ORDER BY given.place) AS jsonb_agg
           FROM (unnest(l.successor_ids) WITH ORDINALITY given(iu_id, place)
             JOIN public.information_unit s ON ((s.id = given.iu_id)))), '[]'::jsonb) AS successors
   FROM (public.iu_lifecycle_log l
     JOIN public.information_unit u ON ((u.id = l.iu_id)));

create view public.v_iu_piece_place as
 SELECT iu_id,
    collection_id,
    role,
    (( SELECT count(*) AS count
           FROM public.iu_piece_membership above
          WHERE ((above.collection_id = m.collection_id) AND (above.membership_status = 'active'::text) AND (ROW(above.piece_order, above.iu_id) <= ROW(m.piece_order, m.iu_id)))))::integer AS "position"
   FROM public.iu_piece_membership m
  WHERE (membership_status = 'active'::text);

create view public.v_iu_retired_collection as
 SELECT id AS collection_id,
    collection_key,
    retired_at,
    retire_reason
   FROM public.iu_piece_collection c
  WHERE (collection_status = 'retired'::text);

create view public.v_iu_route as
 SELECT r.route_key,
    r.event_type,
    r.target,
    r.active,
    public.fn_iu_delivery_target_is_known(r.target) AS target_is_known,
    (r.route_key = ANY (public.fn_iu_delivery_live_routes())) AS is_live,
    t.active AS type_active,
    ( SELECT (count(*))::integer AS count
           FROM public.v_iu_outbox_due due
          WHERE (due.route_key = r.route_key)) AS due,
    counted.pending,
    counted.delivered,
    counted.dead,
    last_change.changed_by,
    last_change.changed_at,
    last_change.change,
    last_change.reason
   FROM (((public.route_registry r
     JOIN public.event_type_registry t ON ((t.event_type = r.event_type)))
     CROSS JOIN LATERAL ( SELECT (count(*) FILTER (WHERE (d.status = 'pending'::text)))::integer AS pending,
            (count(*) FILTER (WHERE (d.status = 'delivered'::text)))::integer AS delivered,
            (count(*) FILTER (WHERE (d.status = 'dead'::text)))::integer AS dead
           FROM public.event_outbox_delivery d
          WHERE (d.route_key = r.route_key)) counted)
     LEFT JOIN LATERAL ( SELECT h.changed_by,
            h.changed_at,
            h.change,
            h.reason
           FROM public.route_registry_change h
          WHERE (h.route_key = r.route_key)
          ORDER BY h.id DESC
         LIMIT 1) last_change ON (true));

create view public.v_iu_route_change as
 SELECT id,
    route_key,
    event_type,
    change,
    changed_by,
    changed_at,
    reason
   FROM public.route_registry_change h;

create view public.v_iu_shared_piece as
 WITH held AS (
         SELECT t.collection_id,
            t.collection_key,
            t.template_family,
            t.version_label,
            m.iu_id,
            m.role,
            (count(*) OVER (PARTITION BY m.iu_id))::integer AS holders
           FROM (( SELECT r.collection_id,
                    c.collection_key,
                    v.template_family,
                    v.version_label
                   FROM ((public.iu_collection_template_registry r
                     JOIN public.iu_piece_collection c ON ((c.id = r.collection_id)))
                     LEFT JOIN public.iu_collection_template_version v ON ((v.collection_id = r.collection_id)))
                  WHERE r.is_template
                UNION
                 SELECT v.collection_id,
                    c.collection_key,
                    v.template_family,
                    v.version_label
                   FROM (public.iu_collection_template_version v
                     JOIN public.iu_piece_collection c ON ((c.id = v.collection_id)))) t
             JOIN public.iu_piece_membership m ON (((m.collection_id = t.collection_id) AND (m.membership_status = 'active'::text))))
        )
 SELECT held.iu_id,
    u.canonical_address,
    u.title,
    u.lifecycle_status,
    held.holders,
    held.collection_id,
    held.collection_key,
    held.template_family,
    held.version_label,
    held.role
   FROM (held
     JOIN public.information_unit u ON ((u.id = held.iu_id)))
  WHERE (held.holders > 1);

create view public.v_iu_piece_sharing as
 SELECT mine.collection_id,
    mine.collection_key,
    mine.template_family,
    mine.version_label,
    theirs.collection_id AS other_collection_id,
    theirs.collection_key AS other_collection_key,
    theirs.template_family AS other_template_family,
    theirs.version_label AS other_version_label,
    COALESCE((mine.template_family = theirs.template_family), false) AS same_family,
    (count(*))::integer AS shared_pieces
   FROM (public.v_iu_shared_piece mine
     JOIN public.v_iu_shared_piece theirs ON (((theirs.iu_id = mine.iu_id) AND (theirs.collection_id <> mine.collection_id))))
  GROUP BY mine.collection_id, mine.collection_key, mine.template_family, mine.version_label, theirs.collection_id, theirs.collection_key, theirs.template_family, theirs.version_label;

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

create view public.v_iu_three_axis_envelope as
 SELECT e.axis_key,
    a.title AS axis_title,
    e.iu_id,
    u.canonical_address,
    u.title,
    u.lifecycle_status,
    e.collection_ids,
    ARRAY( SELECT c.collection_key
           FROM public.iu_piece_collection c
          WHERE (c.id = ANY (e.collection_ids))
          ORDER BY c.collection_key) AS collection_keys
   FROM ((public.iu_three_axis_envelope e
     LEFT JOIN public.iu_three_axis a ON ((a.axis_key = e.axis_key)))
     LEFT JOIN public.information_unit u ON ((u.id = e.iu_id)));

alter table console.invitation
  add constraint invitation_person_id_fkey FOREIGN KEY (person_id) REFERENCES console.person(id) ON DELETE CASCADE;

alter table console.second_factor
  add constraint second_factor_person_id_fkey FOREIGN KEY (person_id) REFERENCES console.person(id) ON DELETE CASCADE;

alter table console.session
  add constraint session_person_id_fkey FOREIGN KEY (person_id) REFERENCES console.person(id) ON DELETE CASCADE;

alter table console.sign_in_method
  add constraint sign_in_method_person_id_fkey FOREIGN KEY (person_id) REFERENCES console.person(id) ON DELETE CASCADE;

alter table console.token
  add constraint token_person_id_fkey FOREIGN KEY (person_id) REFERENCES console.person(id) ON DELETE CASCADE;

alter table public.dot_iu_command_run
  add constraint dot_iu_command_run_preview_id_fkey FOREIGN KEY (preview_id) REFERENCES public.dot_iu_command_run(id) ON DELETE RESTRICT;

alter table public.event_outbox_delivery
  add constraint event_outbox_delivery_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event_outbox(id) ON DELETE RESTRICT;

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

CREATE INDEX audit_entry_kind ON console.audit_entry USING btree (kind, at DESC);

CREATE INDEX audit_entry_newest ON console.audit_entry USING btree (at DESC, id DESC);

CREATE INDEX audit_entry_who ON console.audit_entry USING btree (who, at DESC);

CREATE INDEX invitation_person_id ON console.invitation USING btree (person_id);

CREATE INDEX session_expires_at ON console.session USING btree (expires_at);

CREATE INDEX session_person_id ON console.session USING btree (person_id);

CREATE INDEX sign_in_attempt_window_ends_at ON console.sign_in_attempt USING btree (window_ends_at);

CREATE INDEX token_person_id ON console.token USING btree (person_id);

CREATE INDEX verification_expires_at ON console.verification USING btree (expires_at);

CREATE INDEX verification_identifier ON console.verification USING btree (identifier);

CREATE INDEX dot_config_change_changed_at ON public.dot_config_change USING btree (changed_at);

CREATE INDEX dot_config_change_key ON public.dot_config_change USING btree (key, id DESC);

CREATE INDEX dot_iu_command_run_command_name ON public.dot_iu_command_run USING btree (command_name, started_at DESC);

CREATE INDEX dot_iu_command_run_newest ON public.dot_iu_command_run USING btree (started_at DESC, id DESC);

CREATE INDEX dot_iu_command_run_preview_id ON public.dot_iu_command_run USING btree (preview_id);

CREATE INDEX event_outbox_delivery_due ON public.event_outbox_delivery USING btree (next_attempt_at) WHERE (status = 'pending'::text);

CREATE INDEX event_outbox_delivery_route ON public.event_outbox_delivery USING btree (route_key, status);

CREATE INDEX event_outbox_domain ON public.event_outbox USING btree (event_domain, created_at DESC, id DESC);

CREATE INDEX event_outbox_newest ON public.event_outbox USING btree (created_at DESC, id DESC);

CREATE INDEX event_outbox_subject_ref ON public.event_outbox USING btree (subject_ref);

CREATE INDEX event_outbox_type ON public.event_outbox USING btree (event_type, created_at, id);

CREATE INDEX iu_auto_instantiate_event_log_event_id ON public.iu_auto_instantiate_event_log USING btree (event_id);

CREATE INDEX iu_auto_instantiate_event_log_newest ON public.iu_auto_instantiate_event_log USING btree (created_at DESC, instance_collection_id DESC);

CREATE INDEX iu_auto_instantiate_event_log_template ON public.iu_auto_instantiate_event_log USING btree (template_collection_id);

CREATE INDEX iu_auto_instantiate_event_log_triggered_by ON public.iu_auto_instantiate_event_log USING btree (triggered_by);

CREATE INDEX iu_collection_template_instance_lineage_base ON public.iu_collection_template_instance_lineage USING btree (base_manifest_digest);

CREATE INDEX iu_collection_template_instance_lineage_instantiated_by ON public.iu_collection_template_instance_lineage USING btree (instantiated_by);

CREATE INDEX iu_collection_template_instance_lineage_template ON public.iu_collection_template_instance_lineage USING btree (template_collection_id, instantiated_at DESC);

CREATE INDEX iu_collection_template_version_previous ON public.iu_collection_template_version USING btree (previous_collection_id);

CREATE INDEX iu_core_retention_log_cleanup ON public.iu_core_retention_log USING btree (cleanup_id);

CREATE INDEX iu_core_retention_log_table ON public.iu_core_retention_log USING btree (table_name, id DESC);

CREATE INDEX iu_core_retention_policy_change_table ON public.iu_core_retention_policy_change USING btree (table_name, id DESC);

CREATE INDEX iu_lifecycle_log_iu_id ON public.iu_lifecycle_log USING btree (iu_id, id);

CREATE INDEX iu_lifecycle_log_successor_ids ON public.iu_lifecycle_log USING gin (successor_ids);

CREATE INDEX iu_piece_collection_manifest_digest ON public.iu_piece_collection USING btree (manifest_digest);

CREATE INDEX iu_piece_membership_collection_id ON public.iu_piece_membership USING btree (collection_id);

CREATE INDEX iu_piece_membership_iu_id ON public.iu_piece_membership USING btree (iu_id);

CREATE UNIQUE INDEX iu_piece_membership_one_active_place ON public.iu_piece_membership USING btree (collection_id, iu_id) WHERE (membership_status = 'active'::text);

CREATE INDEX iu_piece_membership_places_of_piece ON public.iu_piece_membership USING btree (iu_id, collection_id) WHERE (membership_status = 'active'::text);

CREATE INDEX iu_piece_membership_reading_order ON public.iu_piece_membership USING btree (collection_id, piece_order, iu_id) WHERE (membership_status = 'active'::text);

CREATE INDEX iu_three_axis_envelope_iu_id ON public.iu_three_axis_envelope USING btree (iu_id);

CREATE INDEX route_registry_change_route_key ON public.route_registry_change USING btree (route_key, id DESC);

CREATE INDEX route_registry_event_type ON public.route_registry USING btree (event_type);

CREATE TRIGGER dot_config_change_updated AFTER UPDATE ON public.dot_config FOR EACH ROW WHEN (((old.key <> new.key) OR (old.value IS DISTINCT FROM new.value))) EXECUTE FUNCTION public.fn_iu_config_change_trigger();

CREATE TRIGGER dot_config_change_written AFTER INSERT OR DELETE ON public.dot_config FOR EACH ROW EXECUTE FUNCTION public.fn_iu_config_change_trigger();

CREATE TRIGGER event_outbox_delivery_log_append_only BEFORE UPDATE ON public.event_outbox_delivery_log FOR EACH ROW EXECUTE FUNCTION public.fn_iu_outbox_append_only_trigger();

CREATE TRIGGER event_type_registry_internal_only AFTER UPDATE OF internal_only ON public.event_type_registry FOR EACH ROW EXECUTE FUNCTION public.fn_iu_internal_only_type_trigger();

CREATE TRIGGER iu_three_axis_envelope_piece_added AFTER INSERT ON public.information_unit REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_three_axis_envelope_piece_trigger();

CREATE TRIGGER iu_three_axis_envelope_piece_changed AFTER UPDATE ON public.information_unit REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_three_axis_envelope_piece_trigger();

CREATE TRIGGER iu_three_axis_envelope_piece_deleted AFTER DELETE ON public.information_unit REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_three_axis_envelope_piece_trigger();

CREATE TRIGGER iu_three_axis_envelope_instance_recorded AFTER INSERT ON public.iu_collection_template_instance_lineage REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_three_axis_envelope_lineage_trigger();

CREATE TRIGGER iu_core_retention_policy_checked BEFORE INSERT OR UPDATE ON public.iu_core_retention_policy FOR EACH ROW EXECUTE FUNCTION public.fn_iu_core_retention_policy_check_trigger();

CREATE TRIGGER iu_core_retention_policy_written AFTER INSERT OR DELETE OR UPDATE ON public.iu_core_retention_policy FOR EACH ROW EXECUTE FUNCTION public.fn_iu_core_retention_policy_change_trigger();

CREATE TRIGGER iu_piece_collection_digest BEFORE INSERT OR UPDATE OF manifest_digest ON public.iu_piece_collection FOR EACH ROW EXECUTE FUNCTION public.fn_iu_collection_digest_trigger();

CREATE TRIGGER iu_piece_membership_digest_delete AFTER DELETE ON public.iu_piece_membership REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_membership_digest_trigger();

CREATE TRIGGER iu_piece_membership_digest_insert AFTER INSERT ON public.iu_piece_membership REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_membership_digest_trigger();

CREATE TRIGGER iu_piece_membership_digest_truncate AFTER TRUNCATE ON public.iu_piece_membership FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_membership_digest_trigger();

CREATE TRIGGER iu_piece_membership_digest_update AFTER UPDATE ON public.iu_piece_membership REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_iu_membership_digest_trigger();

CREATE CONSTRAINT TRIGGER iu_three_axis_envelope_request_made AFTER INSERT ON public.iu_three_axis_envelope_request DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fn_iu_three_axis_envelope_request_trigger();

CREATE TRIGGER route_registry_internal_only BEFORE INSERT OR UPDATE ON public.route_registry FOR EACH ROW EXECUTE FUNCTION public.fn_iu_internal_only_route_trigger();

CREATE TRIGGER route_registry_updated AFTER UPDATE ON public.route_registry FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.fn_iu_route_change_trigger();

CREATE TRIGGER route_registry_written AFTER INSERT OR DELETE ON public.route_registry FOR EACH ROW EXECUTE FUNCTION public.fn_iu_route_change_trigger();

comment on column console.command.dry_run_gates is 'Those of its gates that a dry run needs too.';

comment on column console.command.gates is 'Every gate that it needs to be run live, or to be run at all where it knows no dry run.';

comment on column console.command.mutating is 'Whether it can write anything besides the record of its run.';

comment on column console.command.reversible is 'Whether another governed command takes its effect back; true where there is no effect.';

comment on column console.command.target_functions is 'Names of functions in schema public; a target may come with a later migration.';

comment on column console.person.email_verified is 'For the sign-in library: an administrator vouches for the address of everybody who is added.';

comment on column console.second_factor.last_used_step is 'The time, in steps of 30 seconds since 1970, of the last code that was used: that one and earlier ones count no more.';

comment on column public.dot_iu_command_catalog.dry_run_gates is 'Those of its gates that a dry run needs too.';

comment on column public.dot_iu_command_catalog.gates is 'Every gate that it needs to be run live, or to be run at all where it knows no dry run.';

comment on column public.dot_iu_command_catalog.mutating is 'Whether it can write anything besides the record of its run.';

comment on column public.dot_iu_command_catalog.reversible is 'Whether another governed command takes its effect back; true where there is no effect.';

comment on column public.dot_iu_command_catalog.target_functions is 'Names of functions in schema public; a target may come with a later migration.';

comment on column public.dot_iu_command_run.address is 'Where the request came from; null for the command line.';

comment on column public.dot_iu_command_run.operator is 'The person at the console or the command line; actor is the tag that the rows were written under.';

comment on column public.event_outbox_delivery.dead_after is 'The attempt after which it is a dead letter; putting it back in line grants ten more.';

comment on column public.event_type_registry.internal_only is 'The type stays inside: it can have no route.';

comment on column public.information_unit.canonical_address is 'The one address of the piece, such as file/status-report/highlights.';

comment on column public.information_unit.content_digest is 'SHA-256 of the text in lower-case hex, kept by the database itself.';

comment on column public.iu_collection_template_instance_lineage.base_manifest_digest is 'The template''s digest when the instance was composed: the base against which drift of either side is told.';

comment on column public.iu_lifecycle_log.successor_ids is 'The pieces that took this one''s place: its parts, what it was merged into, or what superseded it.';

comment on column public.iu_manifest.pieces is 'Array of {position, role, iu_id} in order of position, which counts from 1.';

comment on column public.iu_piece_collection.manifest_digest is 'Fingerprint of the ordered active members: position, role, piece id; not of key, title or text.';

comment on column public.iu_piece_collection.retired_at is 'When the collection was retired; null while it is in use, and when it was retired by hand.';

comment on column public.iu_piece_membership.piece_order is 'Sorts the pieces of a collection; gaps do not matter, the position is the rank.';

comment on function console.fn_audit_record(p_kind text, p_outcome text, p_who text, p_address text, p_subject text, p_detail jsonb) is 'Adds one entry to the audit.';

comment on function console.fn_invitation_accept(p_token_hash text, p_email text, p_name text, p_password_hash text, p_address text) is 'Uses a one-time link up: creates the first administrator, or sets the password of the person it was made for, whose sessions end. Refuses with invitation_invalid.';

comment on function console.fn_invitation_create(p_person_id uuid, p_token_hash text, p_hours integer, p_by text, p_address text) is 'Makes a one-time link for a person, or for the first administrator, and ends older ones. Refuses with already_set_up, person_not_found.';

comment on function console.fn_person_add(p_email text, p_name text, p_role text, p_by text, p_address text) is 'Adds a person, who cannot sign in before an invitation is accepted. Refuses with email_taken.';

comment on function console.fn_person_set(p_person_id uuid, p_role text, p_disabled boolean, p_by text, p_address text) is 'Sets a person''s role and whether the person is disabled; a disabled person''s sessions, tokens and invitations end. Refuses with person_not_found, last_administrator.';

comment on function console.fn_second_factor_remove(p_person_id uuid, p_by text, p_address text) is 'Takes a lost second factor off a person, whose sessions end; the password alone signs in until a new one is set up. Refuses with person_not_found, no_second_factor.';

comment on function console.fn_sessions_end(p_person_id uuid, p_session_id uuid, p_by text, p_address text) is 'Ends one session of a person, or with null all of them. Refuses with person_not_found, session_not_found.';

comment on function console.fn_sign_in_admit(p_account_hash text, p_address text) is 'Counts one attempt to sign in, before the password is looked at: 10 per account and 50 per address in 15 minutes. Refuses with too_many_attempts and the seconds to wait.';

comment on function console.fn_sign_in_succeeded(p_account_hash text, p_address text) is 'Takes back what fn_sign_in_admit counted for a sign-in that was right.';

comment on function console.fn_token_create(p_person_id uuid, p_name text, p_role text, p_token_hash text, p_expires_at timestamp with time zone, p_address text) is 'Adds a token of a person. Refuses with person_not_found, role_above_own.';

comment on function console.fn_token_person(p_token_hash text) is 'Who a token stands for, with the lesser of its own role and the person''s; no row when it is unknown, expired or revoked.';

comment on function console.fn_token_revoke(p_person_id uuid, p_token_id uuid, p_by text, p_address text) is 'Revokes a token of a person. Refuses with token_not_found.';

comment on function public.fn_iu_auto_instantiate_from_event(p_event_id uuid, p_event_type text, p_template_collection_id uuid, p_instance_key_suffix text, p_emit_mode text, p_actor text, p_note text) is 'Composes the instance tpl-inst:auto:<suffix> from a template for an event, once: the same event, template and suffix again is idempotent_replay. Refuses with invalid_input, invalid_emit_mode, live_gate_closed, composer_gate_closed, template_collection_not_found, template_not_marked, instance_key_conflict, and as fn_iu_compose does.';

comment on function public.fn_iu_auto_instantiate_rollback_by_actor(p_actor text, p_dry_run boolean) is 'Takes back every instance that an actor''s events made: log, lineage, membership and collection rows, or only counts them (dry run, the default). An instance that others depend on stays whole and is listed with the reason. Refuses with invalid_input; blocked_by_reference when a row elsewhere refers to an instance.';

comment on function public.fn_iu_auto_instantiate_scaleout(p_plan jsonb, p_emit_mode text, p_actor text, p_note text) is 'Composes 1 to 10,000 instances in one call, all or none: p_plan is [{"template_collection_id", "count", "suffix_prefix", "event_type"?, "event_ids"?}, …]. The same plan again is idempotent_replay. Refuses as fn_iu_auto_instantiate_from_event does, with the suffix that is in the way.';

comment on function public.fn_iu_collection_digest_trigger() is 'Trigger: computes a collection''s manifest digest from its members; a digest written by hand is overruled.';

comment on function public.fn_iu_collection_healthcheck() is 'Eight surfaces of the collections, one row each: green or red, how many things are to be looked at, and the first 20 of them.';

comment on function public.fn_iu_collection_mark_template(p_collection_id uuid, p_actor text, p_note text) is 'Marks a collection as a template; marking it again changes nothing. Refuses with invalid_input, collection_not_found.';

comment on function public.fn_iu_collection_record_template_instance(p_instance uuid, p_template uuid, p_actor text, p_note text) is 'Records that a collection is an instance of a template; the same pair again is ok. Refuses with invalid_input, collection_not_found, template_not_marked, self_instance_refused, lineage_conflict.';

comment on function public.fn_iu_collection_register_template_version(p_collection_id uuid, p_template_family text, p_version_label text, p_version_seq integer, p_previous_collection_id uuid, p_actor text) is 'Registers a template as a version of a family and supersedes its predecessor (NULL: root of the chain), so that the family has one current version. Refuses with invalid_input, self_predecessor_refused, collection_not_found, template_not_marked, previous_not_found, previous_not_marked, family_seq_collision. The same registration again is ok and changes nothing.';

comment on function public.fn_iu_collection_retire_by_actor(p_actor text, p_dry_run boolean, p_reason text) is 'Retires every instance that an actor made, by hand or by event, or only counts them (dry run, the default). No row goes. One that is a template itself stays as it is and is listed with the reason. Again changes nothing. Refuses with invalid_input.';

comment on function public.fn_iu_collection_retire_template_version(p_collection_id uuid, p_actor text, p_reason text) is 'Retires a version; its row, family and label stay. Retiring it again changes nothing. Refuses with invalid_input, version_not_found.';

comment on function public.fn_iu_collection_set_pieces(p_collection_id uuid, p_pieces jsonb, p_expected_digest text, p_actor text, p_reason text) is 'Gives a collection these pieces in this order: p_pieces is [{"role": …, "iu_id": …}, …]; rows of pieces that go stay as removed. Refuses with composer_gate_closed, invalid_input, collection_not_found, collection_changed_meanwhile, piece_not_found, piece_not_active.';

comment on function public.fn_iu_command_run_record(p_run jsonb) is 'Adds one row to dot_iu_command_run from an object with the columns as keys; returns its id.';

comment on function public.fn_iu_compose(p_collection_key text, p_collection_kind text, p_title text, p_description text, p_pieces jsonb, p_actor text) is 'Composes a collection from active pieces: p_pieces is [{"role": …, "iu_id": …}, …] in order. Refuses with composer_gate_closed, invalid_input, piece_not_found, piece_not_active, collection_key_conflict.';

comment on function public.fn_iu_composer_enabled() is 'Whether the composer gate is open; held until the end of the transaction.';

comment on function public.fn_iu_config_change_trigger() is 'Trigger: records each change of a configuration value in dot_config_change.';

comment on function public.fn_iu_config_write(p_key text, p_value text, p_actor text, p_reason text) is 'Writes one configuration value and signs the change with an actor and a reason. For the gate functions only.';

comment on function public.fn_iu_core_healthcheck() is 'The eight surfaces of the collections, then the triggers and the internal-only boundary, one row each: green or red, the count and the first 20 ids.';

comment on function public.fn_iu_core_retention_candidates() is 'Per retention policy, active or not: how many rows are past their age, how many of them may go and what keeps the others. Counts only; a policy whose table or column has gone shows its fault.';

comment on function public.fn_iu_core_retention_cleanup(p_table text, p_dry_run boolean, p_actor text, p_batch integer, p_prune_actor text) is 'Removes rows past their age, of one table or of all with an active policy, of one actor or of all, or only counts them (dry run, the default). What is removed goes into iu_core_retention_log; what something refers to stays and is counted. Refuses with invalid_input, retention_gate_closed (live only), policy_not_found, policy_inactive, policy_without_actor_column, a policy''s own fault, blocked_by_reference.';

comment on function public.fn_iu_core_retention_judge(p_policy public.iu_core_retention_policy, p_prune_actor text, p_places tid[], OUT candidates bigint, OUT kept_by jsonb, OUT oldest_at timestamp with time zone, OUT rows_digest text, OUT going tid[]) is 'The rows of a table that are past their age: how many, which may go, and what refers to those that stay. For retention only.';

comment on function public.fn_iu_core_retention_policy_change_trigger() is 'Trigger: records each change of a retention policy in iu_core_retention_policy_change.';

comment on function public.fn_iu_core_retention_policy_check_trigger() is 'Trigger: refuses a policy on a table or column that does not exist or is no good for it, on every way in.';

comment on function public.fn_iu_core_retention_policy_fault(p_table text, p_age_column text, p_actor_column text) is 'What is wrong with a retention policy by the catalogue as it is now, naming the table or column; null when it is sound.';

comment on function public.fn_iu_core_retention_policy_set(p_table text, p_age_column text, p_keep_for interval, p_actor_column text, p_active boolean, p_note text, p_actor text, p_reason text) is 'Sets the retention policy of a table and records who, when, why and from what. Refuses with invalid_input, policy_table_not_found, policy_table_protected, policy_column_not_found, policy_column_unsuitable, naming the table or column.';

comment on function public.fn_iu_core_retention_references(p_table text) is 'The foreign keys that lead to a table, each with the condition under which a row of it is referred to. For retention only.';

comment on function public.fn_iu_delivery_backoff(p_attempt integer) is 'How long to wait after the nth failed attempt: 30 seconds, doubled each time, an hour at most.';

comment on function public.fn_iu_delivery_barrier() is 'Waits until no delivery step is under way and keeps new ones out until the end of the transaction.';

comment on function public.fn_iu_delivery_live_routes() is 'The keys of the routes that may deliver, as iu_core.delivery_live_routes lists them; missing or empty: none.';

comment on function public.fn_iu_delivery_live_routes_set(p_routes text[], p_actor text, p_reason text) is 'Says which routes may deliver while the delivery gate is open; none: an empty list. Who, when, why and the value before are recorded. Refuses with invalid_input, route_not_found. Waits for the delivery steps under way.';

comment on function public.fn_iu_delivery_target_is_known(p_target text) is 'Whether events can be delivered to a target: its kind, the part before a colon, has to be "log".';

comment on function public.fn_iu_event_type_internal_only_set(p_event_type text, p_internal_only boolean, p_actor text, p_reason text) is 'Opens an internal-only event type on purpose, so that it can have a route, or makes a type internal. Recorded. Refuses with invalid_input, event_type_not_found, type_has_routes.';

comment on function public.fn_iu_gate_is_open(p_key text) is 'Whether a gate is open, and keeps it so until the end of the transaction. Missing, null or unreadable: closed.';

comment on function public.fn_iu_gate_set(p_key text, p_open boolean, p_actor text, p_reason text) is 'Opens or closes a gate for good; who, when, why and the value before are recorded. Refuses with invalid_input, gate_not_found. Closing waits for the transactions that went through it.';

comment on function public.fn_iu_gates_open(p_keys text[], p_actor text, p_reason text) is 'Opens those of the gates that are closed and returns [{key, was, existed}] for fn_iu_gates_put_back. For use inside one transaction: nobody else ever sees them open. An actor or reason that cannot be recorded is an error.';

comment on function public.fn_iu_gates_put_back(p_opened jsonb, p_actor text, p_reason text) is 'Gives the gates that fn_iu_gates_open opened the value they had, even where that was none or unreadable. An actor or reason that cannot be recorded is an error, so that nothing commits with a gate left open.';

comment on function public.fn_iu_health_surface(p_surface text, p_ids text[], p_green text, p_red text) is 'One surface of a healthcheck: green when there is nothing to look at, else red with the count and the first 20 ids.';

comment on function public.fn_iu_internal_only_assert() is 'Proves the internal-only boundary: each internal type is registered, not in the live lane and without a route. Green, or red with the types to look at; the delivery gate and the live routes are reported, not judged.';

comment on function public.fn_iu_internal_only_route_trigger() is 'Trigger: refuses a route for an internal-only event type, on every way in.';

comment on function public.fn_iu_internal_only_type_trigger() is 'Trigger: keeps a type with a route from being called internal-only, and records who moved the boundary.';

comment on function public.fn_iu_invariant_compare(p_from text, p_to text, p_expected jsonb) is 'Compares a snapshot with another one, or with now, against expected deltas by surface; what is not stated must not change. Refuses with invalid_input, snapshot_not_found, surface_not_found.';

comment on function public.fn_iu_invariant_snapshot(p_name text, p_actor text) is 'Counts every surface and keeps the counts under a name. Refuses with invalid_input, snapshot_name_taken.';

comment on function public.fn_iu_invariant_surfaces() is 'Every surface as it is now: the rows of each table, of each outbox domain, version status and envelope axis, and the gates (1 is open).';

comment on function public.fn_iu_lineage_soft_erase(p_actor text, p_dry_run boolean) is 'Erases the lineage of what an actor made, and the event log''s rows with it, or only counts them (dry run, the default). The collections stay and are instances of nothing; a rollback by actor does not reach them any more. Refuses with invalid_input.';

comment on function public.fn_iu_longest_increasing(p_values integer[]) is 'The longest increasing run of distinct numbers in the order given: what kept its order. Fredman (1975), patience sorting.';

comment on function public.fn_iu_manifest_difference(p_from_digest text, p_to_digest text) is 'What became of each piece from one manifest to another, in reading order: same, added, removed, moved, replaced, role_changed.';

comment on function public.fn_iu_manifest_members(p_digest text) is 'The members that a manifest lists, in order; none for an unknown digest.';

comment on function public.fn_iu_manifest_pieces(p_collection_id uuid) is 'The active members of a collection as its manifest lists them: position (rank by piece_order), role, piece id.';

comment on function public.fn_iu_membership_digest_trigger() is 'Trigger: has the digest of every collection computed anew whose members a statement touched.';

comment on function public.fn_iu_outbox_append_only_trigger() is 'Trigger: refuses to change a row of the delivery log.';

comment on function public.fn_iu_outbox_deliver(p_limit integer, p_worker text, p_dry_run boolean) is 'One delivery step: tries up to p_limit due events along live routes, oldest first, or only lists them (dry run, the default). A failure is tried again later, ten times at most. Any number of workers may step at once. Refuses with invalid_input, delivery_gate_closed (live only).';

comment on function public.fn_iu_outbox_requeue(p_event_id uuid, p_route_key text, p_actor text) is 'Puts a dead letter back in line, due at once and for ten more attempts. Refuses with invalid_input, delivery_not_found, delivery_not_dead, route_not_found.';

comment on function public.fn_iu_piece_add(p_parts jsonb, p_actor text) is 'Adds pieces, all or none, each with its event. Refuses with canonical_address_conflict. For the piece functions only.';

comment on function public.fn_iu_piece_create(p_canonical_address text, p_title text, p_body text, p_actor text) is 'Creates an active piece. Refuses with piece_gate_closed, invalid_input, canonical_address_conflict.';

comment on function public.fn_iu_piece_emit_event(p_event_type text, p_canonical_address text, p_subject_ref uuid, p_actor text, p_payload jsonb) is 'Puts a piece event into the outbox, as dry_run or live. A type that is not a registered, active piece type is ignored. Refuses with emit_gate_closed, invalid_input.';

comment on function public.fn_iu_piece_end(p_iu_ids uuid[], p_change text, p_to_status text, p_successor_ids uuid[], p_actor text, p_reason text) is 'Ends the active life of pieces, logs it with their successors, emits its event and says which active collections still hold them. For the piece functions only.';

comment on function public.fn_iu_piece_hold(p_iu_ids uuid[]) is 'Locks pieces that are about to change. Refuses with piece_not_found, piece_not_active. For the piece functions only.';

comment on function public.fn_iu_piece_merge(p_iu_ids uuid[], p_canonical_address text, p_title text, p_body text, p_actor text, p_reason text) is 'Merges two or more active pieces into a new one; the old ones are superseded and stay where they are members. Refuses with piece_gate_closed, invalid_input, piece_not_found, piece_not_active, canonical_address_conflict.';

comment on function public.fn_iu_piece_retire(p_iu_id uuid, p_actor text, p_reason text) is 'Retires an active piece; it stays where it is a member. Refuses with piece_gate_closed, invalid_input, piece_not_found, piece_not_active.';

comment on function public.fn_iu_piece_split(p_iu_id uuid, p_parts jsonb, p_actor text, p_reason text) is 'Splits an active piece into two or more new ones, p_parts being [{"canonical_address": …, "title": …, "body": …}, …]; the old one is superseded and stays where it is a member. Refuses with piece_gate_closed, invalid_input, piece_not_found, piece_not_active, canonical_address_conflict.';

comment on function public.fn_iu_piece_supersede(p_iu_id uuid, p_by_iu_id uuid, p_actor text, p_reason text) is 'Has another active piece supersede an active piece, which stays where it is a member. Refuses with piece_gate_closed, invalid_input, self_supersede_refused, piece_not_found, piece_not_active.';

comment on function public.fn_iu_piece_unusable_field(p_canonical_address text, p_title text, p_body text) is 'The first of a piece''s address, title and text that is missing, blank or too long, by the name of its parameter.';

comment on function public.fn_iu_piece_update(p_iu_id uuid, p_title text, p_body text, p_actor text, p_expected_digest text) is 'Changes the title and text of an active piece, in every collection that holds it; the same ones again change nothing. Refuses with piece_gate_closed, invalid_input, piece_not_found, piece_not_active, and with piece_changed_meanwhile when its text is no longer the one with the expected digest.';

comment on function public.fn_iu_piece_writes_enabled() is 'Whether pieces may be changed; held until the end of the transaction, with the gates of their events.';

comment on function public.fn_iu_route_change_trigger() is 'Trigger: records each change of a route in route_registry_change.';

comment on function public.fn_iu_route_refusal(p_event_type text) is 'Why a type may not have a route, or null; the type stays as it is until the end of the transaction.';

comment on function public.fn_iu_route_register(p_route_key text, p_event_type text, p_target text, p_actor text) is 'Registers a route for an event type; it delivers once it is among the live routes. The same again is ok. Refuses with invalid_input, event_type_not_found, route_key_conflict.';

comment on function public.fn_iu_route_remove(p_route_key text, p_actor text, p_reason text) is 'Removes a route, also from the live routes: the way back from one that was registered by accident. What was delivered stays on record. Refuses with invalid_input, route_not_found.';

comment on function public.fn_iu_route_set_active(p_route_key text, p_active boolean, p_actor text, p_reason text) is 'Switches a route on or off; what is due along it waits meanwhile. Refuses with invalid_input, route_not_found.';

comment on function public.fn_iu_scaleout_items(p_plan jsonb) is 'The instances a scale-out plan asks for, in the order in which their keys are claimed: suffix_prefix and a number of at least three digits. The plan has to be valid.';

comment on function public.fn_iu_scaleout_plan_fault(p_plan jsonb) is 'What is wrong with a scale-out plan: the row and the part of it, or a reason; NULL when it is valid.';

comment on function public.fn_iu_text_digest(p_text text) is 'SHA-256 of a text''s UTF-8 bytes in lower-case hex.';

comment on function public.fn_iu_three_axis_auto_refresh_enabled() is 'Whether the gate for automatic refreshes is open; if so it is held until the end of the transaction. Never waits.';

comment on function public.fn_iu_three_axis_envelope_is_stale() is 'Whether the three-axis envelope differs from what it has to hold, or a refresh was asked for and is still due.';

comment on function public.fn_iu_three_axis_envelope_lineage_trigger() is 'Trigger: asks for a refresh of the three-axis envelope when instances are recorded, while the gate for it is open.';

comment on function public.fn_iu_three_axis_envelope_piece_trigger() is 'Trigger: asks for a refresh when a piece of an axis comes, goes, or changes its life or address.';

comment on function public.fn_iu_three_axis_envelope_refresh(p_trigger text) is 'Brings the three-axis envelope up to date and logs it under the name of what triggered it. Refuses with invalid_input.';

comment on function public.fn_iu_three_axis_envelope_refresh_if_stale(p_trigger text) is 'Refreshes the three-axis envelope when it is stale; otherwise writes nothing. Refuses with invalid_input.';

comment on function public.fn_iu_three_axis_envelope_request(p_trigger text) is 'Asks for a refresh at the end of the transaction, once, while the gate for it is open. A fault goes to the error log.';

comment on function public.fn_iu_three_axis_envelope_request_trigger() is 'Trigger, at the end of the transaction: does the refresh that was asked for. A fault goes to the error log and nowhere else.';

comment on function public.fn_iu_three_axis_envelope_wanted() is 'What the three-axis envelope has to hold as of now.';

comment on table console.audit_entry is 'Sign-ins, refusals and changes of people, roles and tokens: who, when, from where, and what came of it. Only ever added to.';

comment on table console.command is 'Commands of the console that are not in the catalogue of governed commands: they are checked, previewed and recorded alike.';

comment on table console.invitation is 'One-time links: to set a password for a person, or, without a person, to create the first administrator.';

comment on table console.person is 'Who may use the console, with the role that says what; a disabled person stays on record and gets nowhere.';

comment on table console.second_factor is 'The secret of a person''s authenticator app and the backup codes, both encrypted with the console''s own secret.';

comment on table console.session is 'One row per browser that is signed in, looked up at every request: a session ends when its row goes.';

comment on table console.sign_in_attempt is 'Sign-ins that failed lately, per account (a hash of what was typed) and per address.';

comment on table console.sign_in_method is 'How a person signs in: with a password, of which only the hash is kept, or through an identity provider.';

comment on table console.token is 'Long-lived keys of scripts and monitors; only a hash is kept, and a token never does more than its person may.';

comment on table console.verification is 'Sign-ins that are half done: waiting for the second factor, or for the identity provider to send the person back.';

comment on table public.dot_config is 'Configuration: one text value per key. Keys listed in iu_gate are gates.';

comment on table public.dot_config_change is 'Every change of dot_config on every way in: who, when, from what value, why. Inside one transaction, too.';

comment on table public.dot_iu_command_catalog is 'Governed commands: what each is for, which functions it calls, and which gates have to be open for it.';

comment on table public.dot_iu_command_run is 'Runs of governed commands, previews and refusals too: who, for which actor, with what, and what it changed.';

comment on table public.event_outbox is 'Outbox: what happened, in the transaction in which it happened.';

comment on table public.event_outbox_delivery is 'Deliveries: one row per event and route, from the first step that took it up: how often it was tried and what came of it.';

comment on table public.event_outbox_delivery_log is 'Delivery log: one row per attempt, added and never changed. The target "log" ends here.';

comment on table public.event_type_registry is 'Event types: domain, stream, delivery lane, and whether the type is in use.';

comment on table public.information_unit is 'Pieces: one row per addressable piece of text; collections hold pieces by reference.';

comment on table public.iu_auto_instantiate_event_log is 'Auto-instantiate log: one row per instance that an event made; instances composed by hand have none.';

comment on table public.iu_collection_template_instance_lineage is 'Lineage: which template each instance was composed from, by whom and when.';

comment on table public.iu_collection_template_registry is 'Template registry: the collections that are marked as templates.';

comment on table public.iu_collection_template_version is 'Version chains: the place of a template in its family, and the version it replaces.';

comment on table public.iu_core_retention_log is 'Retention log: one row per batch of removed rows, with the rows themselves as JSON, who removed them and for which actor.';

comment on table public.iu_core_retention_policy is 'Retention policies: per table how long rows are kept by which column, and the column that names their actor.';

comment on table public.iu_core_retention_policy_change is 'Every change of a retention policy on every way in: who, when, from what, why.';

comment on table public.iu_gate is 'Gates: which configuration keys guard writes, the value that opens each, and what it protects.';

comment on table public.iu_invariant_snapshot is 'Invariant snapshots: the row count of every table and the state of every gate at one moment, under a name.';

comment on table public.iu_lifecycle_log is 'Lifecycle log: one row per change of a piece''s life (enacted, split, merged, retired, superseded); creation is none.';

comment on table public.iu_manifest is 'Manifests: every distinct ordered list of members once, under the SHA-256 of its JSON text, which PostgreSQL writes in one canonical form.';

comment on table public.iu_piece_collection is 'Collections: an ordered list of pieces under one key; templates and instances are collections.';

comment on table public.iu_piece_membership is 'Memberships: one piece at one place in one collection, active or removed.';

comment on table public.iu_three_axis is 'Axes: named sets of canonical addresses, each told by a LIKE pattern.';

comment on table public.iu_three_axis_envelope is 'Three-axis envelope, a cache: one row per axis and active piece that it covers, with the active collections that hold it.';

comment on table public.iu_three_axis_envelope_refresh_log is 'Every refresh of the three-axis envelope: what triggered it, when, how long it took, the rows per axis and what changed.';

comment on table public.iu_three_axis_envelope_request is 'Automatic refreshes that are still due: one row per transaction that asked for one, gone once it is done.';

comment on table public.iu_three_axis_envelope_trigger_error_log is 'Faults of automatic refreshes: the transaction that triggered one went on without it.';

comment on table public.iu_vector_sync_point is 'Vector sync points: one row per piece that the vector index holds, with the digest of the text it was built from.';

comment on table public.route_registry is 'Routes: along which an event type is delivered. A type without a route stays inside.';

comment on table public.route_registry_change is 'Every change of a route on every way in: who, when, why.';

comment on view console.v_audit is 'Everything somebody did or tried: entries of the audit, and previews and runs of governed commands from their own record.';

comment on view public.v_iu_auto_instantiate_actor is 'One row per actor whose events made instances: what a rollback by that actor would look at.';

comment on view public.v_iu_auto_instantiate_event_log is 'One row per instance that an event made, with both digests and whether they match.';

comment on view public.v_iu_auto_instantiate_event_summary is 'Per template and mode: how many instances, events and actors, how many match, first and last time, and the last hour and day.';

comment on view public.v_iu_collection is 'One row per collection, and whether it is a template, an instance, or neither.';

comment on view public.v_iu_collection_piece is 'One row per active member of a collection, with its position and its text.';

comment on view public.v_iu_command_catalog is 'One row per command, governed or the console''s own: the targets it lacks, the gates that are closed for it, its last run and how many in a day.';

comment on view public.v_iu_command_run is 'One row per recorded preview, run or refusal of a governed command.';

comment on view public.v_iu_config_change is 'One row per recorded change of a gate or setting of IU Core.';

comment on view public.v_iu_config_setting is 'One row per setting of IU Core that is no gate; other systems'' keys in dot_config are left out.';

comment on view public.v_iu_core_retention_archive is 'One row per row that a cleanup removed, as it was.';

comment on view public.v_iu_core_retention_cleanup is 'One row per cleanup and table: how many rows went, how old they were, who removed them.';

comment on view public.v_iu_core_retention_policy is 'One row per retention policy: what it says, what is past its age now, and the last cleanup.';

comment on view public.v_iu_event_type is 'One row per registered event type.';

comment on view public.v_iu_gate is 'One row per gate: what it protects, whether it is open, and who changed it last, when, why and from what value.';

comment on view public.v_iu_internal_only is 'One row: what fn_iu_internal_only_assert answers now.';

comment on view public.v_iu_invariant_snapshot is 'One row per snapshot: who took it when, how many surfaces it counts, how many rows and open gates there were.';

comment on view public.v_iu_outbox is 'One row per event of the outbox, and how far it has been delivered: not routed, pending, delivered, or a dead letter.';

comment on view public.v_iu_outbox_delivery is 'One row per event and route that was tried: where it stands.';

comment on view public.v_iu_outbox_delivery_attempt is 'One row per attempt to deliver an event along a route.';

comment on view public.v_iu_outbox_due is 'One row per event and active route that is due: never tried, or to be tried again by now. Moved only where the route is live.';

comment on view public.v_iu_outbox_event is 'One row per event of the outbox, with what it is about.';

comment on view public.v_iu_outbox_summary is 'One row per domain and type of the outbox: events, actors, first and last.';

comment on view public.v_iu_outbox_type is 'One row per registered event type: stream, lane, whether it stays inside, its routes and its events.';

comment on view public.v_iu_piece is 'One row per piece, with its text and how many collections hold it.';

comment on view public.v_iu_piece_lifecycle is 'One row per change of a piece''s life, with the pieces that took its place.';

comment on view public.v_iu_piece_place is 'One row per place of a piece: the collections that hold it, and where in them it stands.';

comment on view public.v_iu_piece_sharing is 'One row per template and other template that hold the same pieces: how many. Each pair stands in both directions.';

comment on view public.v_iu_retired_collection is 'One row per retired collection: when and why it was retired.';

comment on view public.v_iu_route is 'One row per route: whether it is on and live, what is due along it, what it delivered, and who changed it last.';

comment on view public.v_iu_route_change is 'One row per recorded change of a route or of a type''s boundary.';

comment on view public.v_iu_shared_piece is 'One row per template or version that holds a piece which another one holds too.';

comment on view public.v_iu_template_family is 'One row per family: its versions, the current one, and what was made from all of them.';

comment on view public.v_iu_template_instance is 'One row per instance: its template, the event that made it, the three digests, and whether the instance was edited, the template has moved, or both.';

comment on view public.v_iu_template_observability is 'One row per template: its version, its pieces, what was made from it and whether that still matches its digest.';

comment on view public.v_iu_template_version_chain is 'One row per version: its place in the family and the pieces it shares with, adds to and drops from its predecessor.';

comment on view public.v_iu_three_axis_envelope is 'One row per axis and piece that it covered at the last refresh, with the collections that held the piece.';

revoke execute on function console.fn_audit_record(p_kind text, p_outcome text, p_who text, p_address text, p_subject text, p_detail jsonb) from public;

grant execute on function console.fn_audit_record(p_kind text, p_outcome text, p_who text, p_address text, p_subject text, p_detail jsonb) to iu_console;

revoke execute on function console.fn_invitation_accept(p_token_hash text, p_email text, p_name text, p_password_hash text, p_address text) from public;

grant execute on function console.fn_invitation_accept(p_token_hash text, p_email text, p_name text, p_password_hash text, p_address text) to iu_console;

revoke execute on function console.fn_invitation_create(p_person_id uuid, p_token_hash text, p_hours integer, p_by text, p_address text) from public;

grant execute on function console.fn_invitation_create(p_person_id uuid, p_token_hash text, p_hours integer, p_by text, p_address text) to iu_console;

revoke execute on function console.fn_person_add(p_email text, p_name text, p_role text, p_by text, p_address text) from public;

grant execute on function console.fn_person_add(p_email text, p_name text, p_role text, p_by text, p_address text) to iu_console;

revoke execute on function console.fn_person_set(p_person_id uuid, p_role text, p_disabled boolean, p_by text, p_address text) from public;

grant execute on function console.fn_person_set(p_person_id uuid, p_role text, p_disabled boolean, p_by text, p_address text) to iu_console;

revoke execute on function console.fn_second_factor_remove(p_person_id uuid, p_by text, p_address text) from public;

grant execute on function console.fn_second_factor_remove(p_person_id uuid, p_by text, p_address text) to iu_console;

revoke execute on function console.fn_sessions_end(p_person_id uuid, p_session_id uuid, p_by text, p_address text) from public;

grant execute on function console.fn_sessions_end(p_person_id uuid, p_session_id uuid, p_by text, p_address text) to iu_console;

revoke execute on function console.fn_sign_in_admit(p_account_hash text, p_address text) from public;

grant execute on function console.fn_sign_in_admit(p_account_hash text, p_address text) to iu_console;

revoke execute on function console.fn_sign_in_succeeded(p_account_hash text, p_address text) from public;

grant execute on function console.fn_sign_in_succeeded(p_account_hash text, p_address text) to iu_console;

revoke execute on function console.fn_token_create(p_person_id uuid, p_name text, p_role text, p_token_hash text, p_expires_at timestamp with time zone, p_address text) from public;

grant execute on function console.fn_token_create(p_person_id uuid, p_name text, p_role text, p_token_hash text, p_expires_at timestamp with time zone, p_address text) to iu_console;

revoke execute on function console.fn_token_person(p_token_hash text) from public;

grant execute on function console.fn_token_person(p_token_hash text) to iu_console;

revoke execute on function console.fn_token_revoke(p_person_id uuid, p_token_id uuid, p_by text, p_address text) from public;

grant execute on function console.fn_token_revoke(p_person_id uuid, p_token_id uuid, p_by text, p_address text) to iu_console;

revoke execute on function public.fn_iu_auto_instantiate_from_event(p_event_id uuid, p_event_type text, p_template_collection_id uuid, p_instance_key_suffix text, p_emit_mode text, p_actor text, p_note text) from public;

grant execute on function public.fn_iu_auto_instantiate_from_event(p_event_id uuid, p_event_type text, p_template_collection_id uuid, p_instance_key_suffix text, p_emit_mode text, p_actor text, p_note text) to iu_console;

revoke execute on function public.fn_iu_auto_instantiate_rollback_by_actor(p_actor text, p_dry_run boolean) from public;

grant execute on function public.fn_iu_auto_instantiate_rollback_by_actor(p_actor text, p_dry_run boolean) to iu_console;

revoke execute on function public.fn_iu_auto_instantiate_scaleout(p_plan jsonb, p_emit_mode text, p_actor text, p_note text) from public;

grant execute on function public.fn_iu_auto_instantiate_scaleout(p_plan jsonb, p_emit_mode text, p_actor text, p_note text) to iu_console;

revoke execute on function public.fn_iu_collection_digest_trigger() from public;

revoke execute on function public.fn_iu_collection_healthcheck() from public;

revoke execute on function public.fn_iu_collection_mark_template(p_collection_id uuid, p_actor text, p_note text) from public;

grant execute on function public.fn_iu_collection_mark_template(p_collection_id uuid, p_actor text, p_note text) to iu_console;

revoke execute on function public.fn_iu_collection_record_template_instance(p_instance uuid, p_template uuid, p_actor text, p_note text) from public;

grant execute on function public.fn_iu_collection_record_template_instance(p_instance uuid, p_template uuid, p_actor text, p_note text) to iu_console;

revoke execute on function public.fn_iu_collection_register_template_version(p_collection_id uuid, p_template_family text, p_version_label text, p_version_seq integer, p_previous_collection_id uuid, p_actor text) from public;

grant execute on function public.fn_iu_collection_register_template_version(p_collection_id uuid, p_template_family text, p_version_label text, p_version_seq integer, p_previous_collection_id uuid, p_actor text) to iu_console;

revoke execute on function public.fn_iu_collection_retire_by_actor(p_actor text, p_dry_run boolean, p_reason text) from public;

grant execute on function public.fn_iu_collection_retire_by_actor(p_actor text, p_dry_run boolean, p_reason text) to iu_console;

revoke execute on function public.fn_iu_collection_retire_template_version(p_collection_id uuid, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_collection_retire_template_version(p_collection_id uuid, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_collection_set_pieces(p_collection_id uuid, p_pieces jsonb, p_expected_digest text, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_collection_set_pieces(p_collection_id uuid, p_pieces jsonb, p_expected_digest text, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_command_run_record(p_run jsonb) from public;

grant execute on function public.fn_iu_command_run_record(p_run jsonb) to iu_console;

revoke execute on function public.fn_iu_compose(p_collection_key text, p_collection_kind text, p_title text, p_description text, p_pieces jsonb, p_actor text) from public;

grant execute on function public.fn_iu_compose(p_collection_key text, p_collection_kind text, p_title text, p_description text, p_pieces jsonb, p_actor text) to iu_console;

revoke execute on function public.fn_iu_composer_enabled() from public;

revoke execute on function public.fn_iu_config_change_trigger() from public;

revoke execute on function public.fn_iu_config_write(p_key text, p_value text, p_actor text, p_reason text) from public;

revoke execute on function public.fn_iu_core_healthcheck() from public;

grant execute on function public.fn_iu_core_healthcheck() to iu_console;

revoke execute on function public.fn_iu_core_retention_candidates() from public;

grant execute on function public.fn_iu_core_retention_candidates() to iu_console;

grant execute on function public.fn_iu_core_retention_candidates() to iu_reader;

revoke execute on function public.fn_iu_core_retention_cleanup(p_table text, p_dry_run boolean, p_actor text, p_batch integer, p_prune_actor text) from public;

grant execute on function public.fn_iu_core_retention_cleanup(p_table text, p_dry_run boolean, p_actor text, p_batch integer, p_prune_actor text) to iu_console;

revoke execute on function public.fn_iu_core_retention_judge(p_policy public.iu_core_retention_policy, p_prune_actor text, p_places tid[], OUT candidates bigint, OUT kept_by jsonb, OUT oldest_at timestamp with time zone, OUT rows_digest text, OUT going tid[]) from public;

revoke execute on function public.fn_iu_core_retention_policy_change_trigger() from public;

revoke execute on function public.fn_iu_core_retention_policy_check_trigger() from public;

revoke execute on function public.fn_iu_core_retention_policy_fault(p_table text, p_age_column text, p_actor_column text) from public;

revoke execute on function public.fn_iu_core_retention_policy_set(p_table text, p_age_column text, p_keep_for interval, p_actor_column text, p_active boolean, p_note text, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_core_retention_policy_set(p_table text, p_age_column text, p_keep_for interval, p_actor_column text, p_active boolean, p_note text, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_core_retention_references(p_table text) from public;

revoke execute on function public.fn_iu_delivery_backoff(p_attempt integer) from public;

revoke execute on function public.fn_iu_delivery_barrier() from public;

revoke execute on function public.fn_iu_delivery_live_routes() from public;

grant execute on function public.fn_iu_delivery_live_routes() to iu_console;

grant execute on function public.fn_iu_delivery_live_routes() to iu_reader;

revoke execute on function public.fn_iu_delivery_live_routes_set(p_routes text[], p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_delivery_live_routes_set(p_routes text[], p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_delivery_target_is_known(p_target text) from public;

grant execute on function public.fn_iu_delivery_target_is_known(p_target text) to iu_console;

grant execute on function public.fn_iu_delivery_target_is_known(p_target text) to iu_reader;

revoke execute on function public.fn_iu_event_type_internal_only_set(p_event_type text, p_internal_only boolean, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_event_type_internal_only_set(p_event_type text, p_internal_only boolean, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_gate_is_open(p_key text) from public;

revoke execute on function public.fn_iu_gate_set(p_key text, p_open boolean, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_gate_set(p_key text, p_open boolean, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_gates_open(p_keys text[], p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_gates_open(p_keys text[], p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_gates_put_back(p_opened jsonb, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_gates_put_back(p_opened jsonb, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_health_surface(p_surface text, p_ids text[], p_green text, p_red text) from public;

revoke execute on function public.fn_iu_internal_only_assert() from public;

grant execute on function public.fn_iu_internal_only_assert() to iu_console;

grant execute on function public.fn_iu_internal_only_assert() to iu_reader;

revoke execute on function public.fn_iu_internal_only_route_trigger() from public;

revoke execute on function public.fn_iu_internal_only_type_trigger() from public;

revoke execute on function public.fn_iu_invariant_compare(p_from text, p_to text, p_expected jsonb) from public;

grant execute on function public.fn_iu_invariant_compare(p_from text, p_to text, p_expected jsonb) to iu_console;

revoke execute on function public.fn_iu_invariant_snapshot(p_name text, p_actor text) from public;

grant execute on function public.fn_iu_invariant_snapshot(p_name text, p_actor text) to iu_console;

revoke execute on function public.fn_iu_invariant_surfaces() from public;

revoke execute on function public.fn_iu_lineage_soft_erase(p_actor text, p_dry_run boolean) from public;

grant execute on function public.fn_iu_lineage_soft_erase(p_actor text, p_dry_run boolean) to iu_console;

revoke execute on function public.fn_iu_longest_increasing(p_values integer[]) from public;

grant execute on function public.fn_iu_longest_increasing(p_values integer[]) to iu_console;

revoke execute on function public.fn_iu_manifest_difference(p_from_digest text, p_to_digest text) from public;

grant execute on function public.fn_iu_manifest_difference(p_from_digest text, p_to_digest text) to iu_console;

revoke execute on function public.fn_iu_manifest_members(p_digest text) from public;

grant execute on function public.fn_iu_manifest_members(p_digest text) to iu_console;

revoke execute on function public.fn_iu_manifest_pieces(p_collection_id uuid) from public;

revoke execute on function public.fn_iu_membership_digest_trigger() from public;

revoke execute on function public.fn_iu_outbox_append_only_trigger() from public;

revoke execute on function public.fn_iu_outbox_deliver(p_limit integer, p_worker text, p_dry_run boolean) from public;

grant execute on function public.fn_iu_outbox_deliver(p_limit integer, p_worker text, p_dry_run boolean) to iu_console;

revoke execute on function public.fn_iu_outbox_requeue(p_event_id uuid, p_route_key text, p_actor text) from public;

grant execute on function public.fn_iu_outbox_requeue(p_event_id uuid, p_route_key text, p_actor text) to iu_console;

revoke execute on function public.fn_iu_piece_add(p_parts jsonb, p_actor text) from public;

revoke execute on function public.fn_iu_piece_create(p_canonical_address text, p_title text, p_body text, p_actor text) from public;

grant execute on function public.fn_iu_piece_create(p_canonical_address text, p_title text, p_body text, p_actor text) to iu_console;

revoke execute on function public.fn_iu_piece_emit_event(p_event_type text, p_canonical_address text, p_subject_ref uuid, p_actor text, p_payload jsonb) from public;

grant execute on function public.fn_iu_piece_emit_event(p_event_type text, p_canonical_address text, p_subject_ref uuid, p_actor text, p_payload jsonb) to iu_console;

revoke execute on function public.fn_iu_piece_end(p_iu_ids uuid[], p_change text, p_to_status text, p_successor_ids uuid[], p_actor text, p_reason text) from public;

revoke execute on function public.fn_iu_piece_hold(p_iu_ids uuid[]) from public;

revoke execute on function public.fn_iu_piece_merge(p_iu_ids uuid[], p_canonical_address text, p_title text, p_body text, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_piece_merge(p_iu_ids uuid[], p_canonical_address text, p_title text, p_body text, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_piece_retire(p_iu_id uuid, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_piece_retire(p_iu_id uuid, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_piece_split(p_iu_id uuid, p_parts jsonb, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_piece_split(p_iu_id uuid, p_parts jsonb, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_piece_supersede(p_iu_id uuid, p_by_iu_id uuid, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_piece_supersede(p_iu_id uuid, p_by_iu_id uuid, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_piece_unusable_field(p_canonical_address text, p_title text, p_body text) from public;

revoke execute on function public.fn_iu_piece_update(p_iu_id uuid, p_title text, p_body text, p_actor text, p_expected_digest text) from public;

grant execute on function public.fn_iu_piece_update(p_iu_id uuid, p_title text, p_body text, p_actor text, p_expected_digest text) to iu_console;

revoke execute on function public.fn_iu_piece_writes_enabled() from public;

revoke execute on function public.fn_iu_route_change_trigger() from public;

revoke execute on function public.fn_iu_route_refusal(p_event_type text) from public;

revoke execute on function public.fn_iu_route_register(p_route_key text, p_event_type text, p_target text, p_actor text) from public;

grant execute on function public.fn_iu_route_register(p_route_key text, p_event_type text, p_target text, p_actor text) to iu_console;

revoke execute on function public.fn_iu_route_remove(p_route_key text, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_route_remove(p_route_key text, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_route_set_active(p_route_key text, p_active boolean, p_actor text, p_reason text) from public;

grant execute on function public.fn_iu_route_set_active(p_route_key text, p_active boolean, p_actor text, p_reason text) to iu_console;

revoke execute on function public.fn_iu_scaleout_items(p_plan jsonb) from public;

revoke execute on function public.fn_iu_scaleout_plan_fault(p_plan jsonb) from public;

revoke execute on function public.fn_iu_text_digest(p_text text) from public;

revoke execute on function public.fn_iu_three_axis_auto_refresh_enabled() from public;

revoke execute on function public.fn_iu_three_axis_envelope_is_stale() from public;

revoke execute on function public.fn_iu_three_axis_envelope_lineage_trigger() from public;

revoke execute on function public.fn_iu_three_axis_envelope_piece_trigger() from public;

revoke execute on function public.fn_iu_three_axis_envelope_refresh(p_trigger text) from public;

revoke execute on function public.fn_iu_three_axis_envelope_refresh_if_stale(p_trigger text) from public;

grant execute on function public.fn_iu_three_axis_envelope_refresh_if_stale(p_trigger text) to iu_console;

revoke execute on function public.fn_iu_three_axis_envelope_request(p_trigger text) from public;

revoke execute on function public.fn_iu_three_axis_envelope_request_trigger() from public;

revoke execute on function public.fn_iu_three_axis_envelope_wanted() from public;

grant usage on schema console to iu_console;

grant usage on schema public to iu_console;

grant all on schema public to iu_owner;

grant usage on schema public to iu_reader;

grant select (command_name) on table console.command to iu_console;

grant select on table console.invitation to iu_console;

grant select on table console.person to iu_console;

grant update (email_verified) on table console.person to iu_console;

grant update (image) on table console.person to iu_console;

grant update (name) on table console.person to iu_console;

grant update (two_factor_enabled) on table console.person to iu_console;

grant update (updated_at) on table console.person to iu_console;

grant delete, insert, select, update on table console.second_factor to iu_console;

grant delete, insert, select, update on table console.session to iu_console;

grant insert, select, update on table console.sign_in_method to iu_console;

grant select (created_at) on table console.token to iu_console;

grant select (expires_at) on table console.token to iu_console;

grant select (id) on table console.token to iu_console;

grant select (last_used_at) on table console.token to iu_console;

grant select (name) on table console.token to iu_console;

grant select (person_id) on table console.token to iu_console;

grant select (revoked_at) on table console.token to iu_console;

grant select (role) on table console.token to iu_console;

grant select on table console.v_audit to iu_console;

grant delete, insert, select, update on table console.verification to iu_console;

grant select (key) on table public.dot_config to iu_console;

grant select (command_name) on table public.dot_iu_command_catalog to iu_console;

grant select (active) on table public.event_type_registry to iu_console;

grant select (delivery_lane) on table public.event_type_registry to iu_console;

grant select (description) on table public.event_type_registry to iu_console;

grant select (event_domain) on table public.event_type_registry to iu_console;

grant select (event_stream) on table public.event_type_registry to iu_console;

grant select (event_type) on table public.event_type_registry to iu_console;

grant select (key) on table public.iu_gate to iu_console;

grant select (open_value) on table public.iu_gate to iu_console;

grant select (protects) on table public.iu_gate to iu_console;

grant select (active) on table public.route_registry to iu_console;

grant select (event_type) on table public.route_registry to iu_console;

grant select (route_key) on table public.route_registry to iu_console;

grant select (target) on table public.route_registry to iu_console;

grant select on table public.v_iu_auto_instantiate_actor to iu_console;

grant select on table public.v_iu_auto_instantiate_actor to iu_reader;

grant select on table public.v_iu_auto_instantiate_event_log to iu_console;

grant select on table public.v_iu_auto_instantiate_event_log to iu_reader;

grant select on table public.v_iu_auto_instantiate_event_summary to iu_console;

grant select on table public.v_iu_auto_instantiate_event_summary to iu_reader;

grant select on table public.v_iu_collection to iu_console;

grant select on table public.v_iu_collection to iu_reader;

grant select on table public.v_iu_collection_piece to iu_console;

grant select on table public.v_iu_collection_piece to iu_reader;

grant select on table public.v_iu_command_catalog to iu_console;

grant select on table public.v_iu_command_catalog to iu_reader;

grant select on table public.v_iu_command_run to iu_console;

grant select on table public.v_iu_command_run to iu_reader;

grant select on table public.v_iu_config_change to iu_console;

grant select on table public.v_iu_config_change to iu_reader;

grant select on table public.v_iu_config_setting to iu_console;

grant select on table public.v_iu_config_setting to iu_reader;

grant select on table public.v_iu_core_retention_archive to iu_console;

grant select on table public.v_iu_core_retention_archive to iu_reader;

grant select on table public.v_iu_core_retention_cleanup to iu_console;

grant select on table public.v_iu_core_retention_cleanup to iu_reader;

grant select on table public.v_iu_core_retention_policy to iu_console;

grant select on table public.v_iu_core_retention_policy to iu_reader;

grant select on table public.v_iu_event_type to iu_console;

grant select on table public.v_iu_event_type to iu_reader;

grant select on table public.v_iu_gate to iu_console;

grant select on table public.v_iu_gate to iu_reader;

grant select on table public.v_iu_internal_only to iu_console;

grant select on table public.v_iu_internal_only to iu_reader;

grant select on table public.v_iu_invariant_snapshot to iu_console;

grant select on table public.v_iu_invariant_snapshot to iu_reader;

grant select on table public.v_iu_outbox to iu_console;

grant select on table public.v_iu_outbox to iu_reader;

grant select on table public.v_iu_outbox_delivery to iu_console;

grant select on table public.v_iu_outbox_delivery to iu_reader;

grant select on table public.v_iu_outbox_delivery_attempt to iu_console;

grant select on table public.v_iu_outbox_delivery_attempt to iu_reader;

grant select on table public.v_iu_outbox_due to iu_console;

grant select on table public.v_iu_outbox_due to iu_reader;

grant select on table public.v_iu_outbox_event to iu_console;

grant select on table public.v_iu_outbox_event to iu_reader;

grant select on table public.v_iu_outbox_summary to iu_console;

grant select on table public.v_iu_outbox_summary to iu_reader;

grant select on table public.v_iu_outbox_type to iu_console;

grant select on table public.v_iu_outbox_type to iu_reader;

grant select on table public.v_iu_piece to iu_console;

grant select on table public.v_iu_piece to iu_reader;

grant select on table public.v_iu_piece_lifecycle to iu_console;

grant select on table public.v_iu_piece_lifecycle to iu_reader;

grant select on table public.v_iu_piece_place to iu_console;

grant select on table public.v_iu_piece_place to iu_reader;

grant select on table public.v_iu_piece_sharing to iu_console;

grant select on table public.v_iu_piece_sharing to iu_reader;

grant select on table public.v_iu_retired_collection to iu_console;

grant select on table public.v_iu_retired_collection to iu_reader;

grant select on table public.v_iu_route to iu_console;

grant select on table public.v_iu_route to iu_reader;

grant select on table public.v_iu_route_change to iu_console;

grant select on table public.v_iu_route_change to iu_reader;

grant select on table public.v_iu_shared_piece to iu_console;

grant select on table public.v_iu_shared_piece to iu_reader;

grant select on table public.v_iu_template_family to iu_console;

grant select on table public.v_iu_template_family to iu_reader;

grant select on table public.v_iu_template_instance to iu_console;

grant select on table public.v_iu_template_instance to iu_reader;

grant select on table public.v_iu_template_observability to iu_console;

grant select on table public.v_iu_template_observability to iu_reader;

grant select on table public.v_iu_template_version_chain to iu_console;

grant select on table public.v_iu_template_version_chain to iu_reader;

grant select on table public.v_iu_three_axis_envelope to iu_console;

grant select on table public.v_iu_three_axis_envelope to iu_reader;

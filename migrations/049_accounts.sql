-- People who may use the console, their sessions, invitations and tokens. The tables are filled by the sign-in library and
-- by the functions below; what decides about access (role, disabled) is only ever changed by the functions.

create table console.person (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  name text not null,
  role text not null default 'viewer',
  disabled_at timestamptz,
  email_verified boolean not null default true,
  image text,
  two_factor_enabled boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint person_role_known check (role in ('viewer', 'operator', 'administrator')),
  constraint person_email_plain check (email = lower(email) and email ~ '^[^\s@]+@[^\s@]+$' and length(email) <= 254),
  constraint person_name_given check (name ~ '\S' and length(name) <= 200)
);
comment on table console.person is
  'Who may use the console, with the role that says what; a disabled person stays on record and gets nowhere.';
comment on column console.person.email_verified is
  'For the sign-in library: an administrator vouches for the address of everybody who is added.';

create table console.session (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references console.person (id) on delete cascade,
  token text not null unique,
  expires_at timestamptz not null,
  ip_address text,
  user_agent text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index session_person_id on console.session (person_id);
create index session_expires_at on console.session (expires_at);
comment on table console.session is
  'One row per browser that is signed in, looked up at every request: a session ends when its row goes.';

create table console.sign_in_method (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references console.person (id) on delete cascade,
  provider_id text not null,
  account_id text not null,
  password text,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (provider_id, account_id),
  -- An address that the provider gives to somebody else does not make him the person who had it.
  unique (person_id, provider_id)
);
comment on table console.sign_in_method is
  'How a person signs in: with a password, of which only the hash is kept, or through an identity provider.';

create table console.verification (
  id uuid primary key default gen_random_uuid(),
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index verification_identifier on console.verification (identifier);
create index verification_expires_at on console.verification (expires_at);
comment on table console.verification is
  'Sign-ins that are half done: waiting for the second factor, or for the identity provider to send the person back.';

create table console.second_factor (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null unique references console.person (id) on delete cascade,
  secret text not null,
  backup_codes text not null,
  verified boolean not null default false,
  failed_verification_count integer not null default 0,
  locked_until timestamptz,
  last_used_step integer not null default 0
);
comment on table console.second_factor is
  'The secret of a person''s authenticator app and the backup codes, both encrypted with the console''s own secret.';
comment on column console.second_factor.last_used_step is
  'The time, in steps of 30 seconds since 1970, of the last code that was used: that one and earlier ones count no more.';

create table console.invitation (
  id uuid primary key default gen_random_uuid(),
  token_hash text not null unique,
  person_id uuid references console.person (id) on delete cascade,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint invitation_token_hashed check (token_hash ~ '^[0-9a-f]{64}$')
);
create index invitation_person_id on console.invitation (person_id);
comment on table console.invitation is
  'One-time links: to set a password for a person, or, without a person, to create the first administrator.';

create table console.token (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references console.person (id) on delete cascade,
  name text not null,
  role text not null,
  token_hash text not null unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  constraint token_role_known check (role in ('viewer', 'operator', 'administrator')),
  constraint token_hashed check (token_hash ~ '^[0-9a-f]{64}$'),
  constraint token_name_given check (name ~ '\S' and length(name) <= 100)
);
create index token_person_id on console.token (person_id);
comment on table console.token is
  'Long-lived keys of scripts and monitors; only a hash is kept, and a token never does more than its person may.';

create table console.sign_in_attempt (
  kind text not null,
  subject text not null,
  attempts integer not null,
  window_ends_at timestamptz not null,
  primary key (kind, subject),
  constraint sign_in_attempt_kind_known check (kind in ('account', 'address'))
);
create index sign_in_attempt_window_ends_at on console.sign_in_attempt (window_ends_at);
comment on table console.sign_in_attempt is
  'Sign-ins that failed lately, per account (a hash of what was typed) and per address.';

create table console.audit_entry (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  outcome text not null,
  who text,
  address text,
  subject text,
  detail jsonb not null default '{}'
);
create index audit_entry_newest on console.audit_entry (at desc, id desc);
create index audit_entry_who on console.audit_entry (who, at desc);
create index audit_entry_kind on console.audit_entry (kind, at desc);
comment on table console.audit_entry is
  'Sign-ins, refusals and changes of people, roles and tokens: who, when, from where, and what came of it. Only ever added to.';

create view console.v_audit as
select
  'entry:' || e.id as id, e.at, e.kind, e.outcome, e.who, e.address, e.subject, e.detail, null::uuid as run_id
from console.audit_entry e
union all
select
  'run:' || r.id, r.started_at, r.phase, r.status, r.operator, r.address, r.command_name,
  jsonb_strip_nulls(jsonb_build_object('actor', r.actor, 'dry_run', r.dry_run, 'reason', r.reason)), r.id
from public.dot_iu_command_run r;
comment on view console.v_audit is
  'Everything somebody did or tried: entries of the audit, and previews and runs of governed commands from their own record.';

create function console.fn_audit_record(
  p_kind text,
  p_outcome text,
  p_who text,
  p_address text,
  p_subject text default null,
  p_detail jsonb default '{}'
)
  returns void
  language sql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  insert into console.audit_entry (kind, outcome, who, address, subject, detail)
  values (p_kind, p_outcome, left(p_who, 300), left(p_address, 100), left(p_subject, 300), coalesce(p_detail, '{}'))
$$;
comment on function console.fn_audit_record(text, text, text, text, text, jsonb) is
  'Adds one entry to the audit.';

create function console.fn_sign_in_admit(p_account_hash text, p_address text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function console.fn_sign_in_admit(text, text) is
  'Counts one attempt to sign in, before the password is looked at: 10 per account and 50 per address in 15 minutes. '
  'Refuses with too_many_attempts and the seconds to wait.';

create function console.fn_sign_in_succeeded(p_account_hash text, p_address text)
  returns void
  language sql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  delete from console.sign_in_attempt a where a.kind = 'account' and a.subject = p_account_hash;
  -- Only this attempt: whoever has an account of his own does not buy free tries at others with it.
  update console.sign_in_attempt a set attempts = greatest(a.attempts - 1, 0)
  where a.kind = 'address' and a.subject = p_address
$$;
comment on function console.fn_sign_in_succeeded(text, text) is
  'Takes back what fn_sign_in_admit counted for a sign-in that was right.';

create function console.fn_invitation_create(p_person_id uuid, p_token_hash text, p_hours integer, p_by text, p_address text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function console.fn_invitation_create(uuid, text, integer, text, text) is
  'Makes a one-time link for a person, or for the first administrator, and ends older ones. Refuses with already_set_up, '
  'person_not_found.';

create function console.fn_invitation_accept(
  p_token_hash text,
  p_email text,
  p_name text,
  p_password_hash text,
  p_address text
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function console.fn_invitation_accept(text, text, text, text, text) is
  'Uses a one-time link up: creates the first administrator, or sets the password of the person it was made for, whose '
  'sessions end. Refuses with invitation_invalid.';

create function console.fn_person_add(p_email text, p_name text, p_role text, p_by text, p_address text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function console.fn_person_add(text, text, text, text, text) is
  'Adds a person, who cannot sign in before an invitation is accepted. Refuses with email_taken.';

create function console.fn_person_set(p_person_id uuid, p_role text, p_disabled boolean, p_by text, p_address text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function console.fn_person_set(uuid, text, boolean, text, text) is
  'Sets a person''s role and whether the person is disabled; a disabled person''s sessions, tokens and invitations end. '
  'Refuses with person_not_found, last_administrator.';

create function console.fn_sessions_end(p_person_id uuid, p_session_id uuid, p_by text, p_address text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function console.fn_sessions_end(uuid, uuid, text, text) is
  'Ends one session of a person, or with null all of them. Refuses with person_not_found, session_not_found.';

create function console.fn_second_factor_remove(p_person_id uuid, p_by text, p_address text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function console.fn_second_factor_remove(uuid, text, text) is
  'Takes a lost second factor off a person, whose sessions end; the password alone signs in until a new one is set up. '
  'Refuses with person_not_found, no_second_factor.';

create function console.fn_token_create(
  p_person_id uuid,
  p_name text,
  p_role text,
  p_token_hash text,
  p_expires_at timestamptz,
  p_address text
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function console.fn_token_create(uuid, text, text, text, timestamptz, text) is
  'Adds a token of a person. Refuses with person_not_found, role_above_own.';

create function console.fn_token_revoke(p_person_id uuid, p_token_id uuid, p_by text, p_address text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function console.fn_token_revoke(uuid, uuid, text, text) is
  'Revokes a token of a person. Refuses with token_not_found.';

create function console.fn_token_person(p_token_hash text)
  returns table (person_id uuid, email text, name text, role text, token_id uuid, token_name text)
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function console.fn_token_person(text) is
  'Who a token stands for, with the lesser of its own role and the person''s; no row when it is unknown, expired or revoked.';

revoke execute on all functions in schema console from public;

-- The sign-in library writes rows itself. Role and disabled_at are not among what it may change, and the audit is only
-- added to, by its function.
grant select on console.person to iu_console;
grant update (email_verified, image, name, two_factor_enabled, updated_at) on console.person to iu_console;
grant select, insert, update, delete on console.session, console.verification, console.second_factor to iu_console;
grant select, insert, update on console.sign_in_method to iu_console;
grant select on console.invitation, console.v_audit to iu_console;
grant select (id, person_id, name, role, created_at, expires_at, last_used_at, revoked_at) on console.token to iu_console;
grant execute on function
  console.fn_audit_record(text, text, text, text, text, jsonb),
  console.fn_invitation_accept(text, text, text, text, text),
  console.fn_invitation_create(uuid, text, integer, text, text),
  console.fn_person_add(text, text, text, text, text),
  console.fn_person_set(uuid, text, boolean, text, text),
  console.fn_second_factor_remove(uuid, text, text),
  console.fn_sessions_end(uuid, uuid, text, text),
  console.fn_sign_in_admit(text, text),
  console.fn_sign_in_succeeded(text, text),
  console.fn_token_create(uuid, text, text, text, timestamp with time zone, text),
  console.fn_token_person(text),
  console.fn_token_revoke(uuid, uuid, text, text)
to iu_console;

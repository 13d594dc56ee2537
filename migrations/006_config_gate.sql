-- Configuration and its gates. A gate is closed by default; a missing, null or unreadable value is closed too.

create table public.dot_config (
  key text primary key,
  value text
);
comment on table public.dot_config is
  'Configuration: one text value per key. Keys listed in iu_gate are gates.';

create table public.iu_gate (
  key text primary key,
  open_value text not null default 'true',
  protects text not null,
  constraint iu_gate_open_value_boolean check (open_value in ('true', 'false'))
);
comment on table public.iu_gate is
  'Gates: which configuration keys guard writes, the value that opens each, and what it protects.';

create table public.dot_config_change (
  id bigint generated always as identity primary key,
  key text not null,
  old_value text,
  new_value text,
  changed_by text not null,
  changed_at timestamptz not null default clock_timestamp(),
  reason text
);
create index dot_config_change_key on public.dot_config_change (key, id desc);
comment on table public.dot_config_change is
  'Every change of dot_config on every way in: who, when, from what value, why. Inside one transaction, too.';

insert into public.dot_config (key, value) values
  ('iu_core.composer_enabled', 'false'),
  ('iu_core.delivery_enabled', 'false'),
  ('iu_core.delivery_live_routes', ''),
  ('iu_core.retention_cleanup_enabled', 'false'),
  ('iu_core.three_axis_auto_refresh_enabled', 'false'),
  ('piece_event_runtime.dry_run_only', 'true'),
  ('piece_event_runtime.emit_enabled', 'false');

insert into public.iu_gate (key, open_value, protects) values
  ('iu_core.composer_enabled', 'true', 'Composing collections: no collection is made while it is closed.'),
  ('iu_core.delivery_enabled', 'true', 'Delivery of outbox events along their routes.'),
  ('iu_core.retention_cleanup_enabled', 'true', 'Retention: rows past their age are only counted while it is closed.'),
  ('iu_core.three_axis_auto_refresh_enabled', 'true', 'Refreshing the three-axis envelope when an instance is recorded.'),
  ('piece_event_runtime.dry_run_only', 'false', 'Live piece events: while it is closed (true) events are emitted as dry run.'),
  ('piece_event_runtime.emit_enabled', 'true', 'Emitting piece events into the outbox.');

create function public.fn_iu_config_change_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_config_change_trigger() is
  'Trigger: records each change of a configuration value in dot_config_change.';

create trigger dot_config_change_written
  after insert or delete on public.dot_config
  for each row execute function public.fn_iu_config_change_trigger();
create trigger dot_config_change_updated
  after update on public.dot_config
  for each row when (old.key <> new.key or old.value is distinct from new.value)
  execute function public.fn_iu_config_change_trigger();

create function public.fn_iu_gate_is_open(p_key text)
  returns boolean
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_gate_is_open(text) is
  'Whether a gate is open, and keeps it so until the end of the transaction. Missing, null or unreadable: closed.';

create function public.fn_iu_composer_enabled()
  returns boolean
  language sql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  select public.fn_iu_gate_is_open('iu_core.composer_enabled')
$$;
comment on function public.fn_iu_composer_enabled() is
  'Whether the composer gate is open; held until the end of the transaction.';

create function public.fn_iu_config_write(p_key text, p_value text, p_actor text, p_reason text)
  returns void
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('iu_core.actor', p_actor, true), set_config('iu_core.reason', coalesce(p_reason, ''), true);
  insert into public.dot_config as c (key, value) values (p_key, p_value)
  on conflict (key) do update set value = excluded.value;
  -- What the same transaction changes by hand afterwards is not signed with this name.
  perform set_config('iu_core.actor', '', true), set_config('iu_core.reason', '', true);
end
$$;
comment on function public.fn_iu_config_write(text, text, text, text) is
  'Writes one configuration value and signs the change with an actor and a reason. For the gate functions only.';

create function public.fn_iu_gate_set(p_key text, p_open boolean, p_actor text, p_reason text default null)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_gate_set(text, boolean, text, text) is
  'Opens or closes a gate for good; who, when, why and the value before are recorded. '
  'Refuses with invalid_input, gate_not_found. Closing waits for the transactions that went through it.';

create function public.fn_iu_gates_open(p_keys text[], p_actor text, p_reason text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_gates_open(text[], text, text) is
  'Opens those of the gates that are closed and returns [{key, was, existed}] for fn_iu_gates_put_back. '
  'For use inside one transaction: nobody else ever sees them open. An actor or reason that cannot be recorded is an error.';

create function public.fn_iu_gates_put_back(p_opened jsonb, p_actor text, p_reason text)
  returns void
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_gates_put_back(jsonb, text, text) is
  'Gives the gates that fn_iu_gates_open opened the value they had, even where that was none or unreadable. '
  'An actor or reason that cannot be recorded is an error, so that nothing commits with a gate left open.';

revoke execute on function
  public.fn_iu_config_change_trigger(),
  public.fn_iu_gate_is_open(text),
  public.fn_iu_composer_enabled(),
  public.fn_iu_config_write(text, text, text, text),
  public.fn_iu_gate_set(text, boolean, text, text),
  public.fn_iu_gates_open(text[], text, text),
  public.fn_iu_gates_put_back(jsonb, text, text)
from public;

-- Piece events and the governed ways to change a piece's life: create, update, split, merge, retire, supersede.

insert into public.event_type_registry (event_type, event_domain, event_stream, delivery_lane, description) values
  ('created', 'piece', 'update', 'delayed', 'A piece was created.'),
  ('updated', 'piece', 'update', 'delayed', 'The title or the text of a piece was changed.'),
  ('split', 'piece', 'update', 'delayed', 'A piece was split into several new ones.'),
  ('merged', 'piece', 'update', 'delayed', 'A piece was merged with others into a new one.'),
  ('retired', 'piece', 'update', 'delayed', 'A piece was retired.'),
  ('superseded', 'piece', 'update', 'delayed', 'A piece was superseded by another one.');

select set_config('iu_core.actor', 'migration 010', true);
insert into public.dot_config (key, value) values ('iu_core.piece_writes_enabled', 'false');
select set_config('iu_core.actor', '', true);
insert into public.iu_gate (key, open_value, protects) values
  ('iu_core.piece_writes_enabled', 'true',
   'Changing pieces: creating, updating, splitting, merging, retiring and superseding them.');

-- An array, not foreign keys: the log keeps what happened, also about pieces that are gone.
alter table public.iu_lifecycle_log add column successor_ids uuid[] not null default '{}';
comment on column public.iu_lifecycle_log.successor_ids is
  'The pieces that took this one''s place: its parts, what it was merged into, or what superseded it.';

create function public.fn_iu_piece_emit_event(
  p_event_type text,
  p_canonical_address text,
  p_subject_ref uuid,
  p_actor text,
  p_payload jsonb
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_piece_emit_event(text, text, uuid, text, jsonb) is
  'Puts a piece event into the outbox, as dry_run or live. A type that is not a registered, active piece type is ignored. '
  'Refuses with emit_gate_closed, invalid_input.';

create function public.fn_iu_piece_writes_enabled()
  returns boolean
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  if not public.fn_iu_gate_is_open('iu_core.piece_writes_enabled') then
    return false;
  end if;
  -- Gates come before pieces in the lock order: the event at the end must not wait for one while it holds a piece.
  perform public.fn_iu_gate_is_open('piece_event_runtime.dry_run_only');
  perform public.fn_iu_gate_is_open('piece_event_runtime.emit_enabled');
  return true;
end
$$;
comment on function public.fn_iu_piece_writes_enabled() is
  'Whether pieces may be changed; held until the end of the transaction, with the gates of their events.';

create function public.fn_iu_piece_unusable_field(p_canonical_address text, p_title text, p_body text)
  returns text
  language sql
  immutable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
  select case
    when coalesce(p_canonical_address, '') !~ '\S' or length(p_canonical_address) > 400 then 'p_canonical_address'
    when coalesce(p_title, '') !~ '\S' or length(p_title) > 400 then 'p_title'
    when coalesce(p_body, '') !~ '\S' or length(p_body) > 2000000 then 'p_body'
  end
$$;
comment on function public.fn_iu_piece_unusable_field(text, text, text) is
  'The first of a piece''s address, title and text that is missing, blank or too long, by the name of its parameter.';

create function public.fn_iu_piece_hold(p_iu_ids uuid[])
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_piece_hold(uuid[]) is
  'Locks pieces that are about to change. Refuses with piece_not_found, piece_not_active. For the piece functions only.';

create function public.fn_iu_piece_add(p_parts jsonb, p_actor text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_piece_add(jsonb, text) is
  'Adds pieces, all or none, each with its event. Refuses with canonical_address_conflict. For the piece functions only.';

create function public.fn_iu_piece_end(
  p_iu_ids uuid[],
  p_change text,
  p_to_status text,
  p_successor_ids uuid[],
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
$$;
comment on function public.fn_iu_piece_end(uuid[], text, text, uuid[], text, text) is
  'Ends the active life of pieces, logs it with their successors, emits its event and says which active collections still '
  'hold them. For the piece functions only.';

create function public.fn_iu_piece_create(p_canonical_address text, p_title text, p_body text, p_actor text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_piece_create(text, text, text, text) is
  'Creates an active piece. Refuses with piece_gate_closed, invalid_input, canonical_address_conflict.';

create function public.fn_iu_piece_update(
  p_iu_id uuid,
  p_title text,
  p_body text,
  p_actor text,
  p_expected_digest text default null
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_piece_update(uuid, text, text, text, text) is
  'Changes the title and text of an active piece, in every collection that holds it; the same ones again change nothing. '
  'Refuses with piece_gate_closed, invalid_input, piece_not_found, piece_not_active, and with piece_changed_meanwhile when '
  'its text is no longer the one with the expected digest.';

create function public.fn_iu_piece_split(p_iu_id uuid, p_parts jsonb, p_actor text, p_reason text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_piece_split(uuid, jsonb, text, text) is
  'Splits an active piece into two or more new ones, p_parts being [{"canonical_address": …, "title": …, "body": …}, …]; '
  'the old one is superseded and stays where it is a member. Refuses with piece_gate_closed, invalid_input, '
  'piece_not_found, piece_not_active, canonical_address_conflict.';

create function public.fn_iu_piece_merge(
  p_iu_ids uuid[],
  p_canonical_address text,
  p_title text,
  p_body text,
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
$$;
comment on function public.fn_iu_piece_merge(uuid[], text, text, text, text, text) is
  'Merges two or more active pieces into a new one; the old ones are superseded and stay where they are members. Refuses '
  'with piece_gate_closed, invalid_input, piece_not_found, piece_not_active, canonical_address_conflict.';

create function public.fn_iu_piece_retire(p_iu_id uuid, p_actor text, p_reason text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_piece_retire(uuid, text, text) is
  'Retires an active piece; it stays where it is a member. Refuses with piece_gate_closed, invalid_input, piece_not_found, '
  'piece_not_active.';

create function public.fn_iu_piece_supersede(p_iu_id uuid, p_by_iu_id uuid, p_actor text, p_reason text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_piece_supersede(uuid, uuid, text, text) is
  'Has another active piece supersede an active piece, which stays where it is a member. Refuses with piece_gate_closed, '
  'invalid_input, self_supersede_refused, piece_not_found, piece_not_active.';

revoke execute on function
  public.fn_iu_piece_emit_event(text, text, uuid, text, jsonb),
  public.fn_iu_piece_writes_enabled(),
  public.fn_iu_piece_unusable_field(text, text, text),
  public.fn_iu_piece_hold(uuid[]),
  public.fn_iu_piece_add(jsonb, text),
  public.fn_iu_piece_end(uuid[], text, text, uuid[], text, text),
  public.fn_iu_piece_create(text, text, text, text),
  public.fn_iu_piece_update(uuid, text, text, text, text),
  public.fn_iu_piece_split(uuid, jsonb, text, text),
  public.fn_iu_piece_merge(uuid[], text, text, text, text, text),
  public.fn_iu_piece_retire(uuid, text, text),
  public.fn_iu_piece_supersede(uuid, uuid, text, text)
from public;

-- Composing: the one governed way to make a collection.

create function public.fn_iu_compose(
  p_collection_key text,
  p_collection_kind text,
  p_title text,
  p_description text,
  p_pieces jsonb,
  p_actor text
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function public.fn_iu_compose(text, text, text, text, jsonb, text) is
  'Composes a collection from active pieces: p_pieces is [{"role": …, "iu_id": …}, …] in order. Refuses with '
  'composer_gate_closed, invalid_input, piece_not_found, piece_not_active, collection_key_conflict.';

revoke execute on function public.fn_iu_compose(text, text, text, text, jsonb, text) from public;

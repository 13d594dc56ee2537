-- Editing a collection: which pieces stand where, changed as a whole and only if nobody else has changed it meanwhile.

insert into public.event_type_registry (event_type, event_domain, event_stream, delivery_lane, description) values
  ('iu.collection.edited', 'iu', 'update', 'delayed', 'The pieces of a collection were changed.')
-- Still there when a route kept the rollback from removing it.
on conflict (event_type) do nothing;

create function public.fn_iu_collection_set_pieces(
  p_collection_id uuid,
  p_pieces jsonb,
  p_expected_digest text,
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
$$;
comment on function public.fn_iu_collection_set_pieces(uuid, jsonb, text, text, text) is
  'Gives a collection these pieces in this order: p_pieces is [{"role": …, "iu_id": …}, …]; rows of pieces that go stay as removed. '
  'Refuses with composer_gate_closed, invalid_input, collection_not_found, collection_changed_meanwhile, piece_not_found, piece_not_active.';

revoke execute on function public.fn_iu_collection_set_pieces(uuid, jsonb, text, text, text) from public;

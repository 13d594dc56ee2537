drop function if exists public.fn_iu_collection_set_pieces(uuid, jsonb, text, text, text);
delete from public.event_type_registry t
where t.event_type = 'iu.collection.edited'
  and not exists (select from public.route_registry r where r.event_type = t.event_type);

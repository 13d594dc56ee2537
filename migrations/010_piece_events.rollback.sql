-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_010', true), '') <> 'true' then
    if exists (select from public.iu_lifecycle_log l where l.successor_ids <> '{}') then
      raise exception '010 rollback REFUSED: iu_lifecycle_log says which pieces took the place of others'
        using hint = 'SET iu_core.force_rollback_010 = ''true'' forgets the successors; the rows stay.';
    end if;
    if exists (
      select from public.route_registry r join public.event_type_registry t using (event_type) where t.event_domain = 'piece'
    ) then
      raise exception '010 rollback REFUSED: route_registry has routes for piece events'
        using hint = 'SET iu_core.force_rollback_010 = ''true'' drops them.';
    end if;
  end if;

  drop function public.fn_iu_piece_supersede(uuid, uuid, text, text);
  drop function public.fn_iu_piece_retire(uuid, text, text);
  drop function public.fn_iu_piece_merge(uuid[], text, text, text, text, text);
  drop function public.fn_iu_piece_split(uuid, jsonb, text, text);
  drop function public.fn_iu_piece_update(uuid, text, text, text, text);
  drop function public.fn_iu_piece_create(text, text, text, text);
  drop function public.fn_iu_piece_end(uuid[], text, text, uuid[], text, text);
  drop function public.fn_iu_piece_add(jsonb, text);
  drop function public.fn_iu_piece_hold(uuid[]);
  drop function public.fn_iu_piece_unusable_field(text, text, text);
  drop function public.fn_iu_piece_writes_enabled();
  drop function public.fn_iu_piece_emit_event(text, text, uuid, text, jsonb);
  alter table public.iu_lifecycle_log drop column successor_ids;

  delete from public.route_registry r
  using public.event_type_registry t where t.event_type = r.event_type and t.event_domain = 'piece';
  delete from public.event_type_registry where event_domain = 'piece';
  delete from public.iu_gate where key = 'iu_core.piece_writes_enabled';
  perform set_config('iu_core.actor', 'migration 010', true);
  delete from public.dot_config where key = 'iu_core.piece_writes_enabled';
  perform set_config('iu_core.actor', '', true);
end
$rollback$;

-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_007', true), '') <> 'true'
     and (exists (select from public.event_outbox) or exists (select from public.route_registry)) then
    raise exception '007 rollback REFUSED: event_outbox or route_registry holds rows'
      using hint = 'SET iu_core.force_rollback_007 = ''true'' drops them.';
  end if;

  drop table public.event_outbox;
  drop table public.route_registry;
  drop table public.event_type_registry;
end
$rollback$;

-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_011', true), '') <> 'true'
     and (exists (select from public.event_outbox_delivery) or exists (select from public.event_outbox_delivery_log)
          -- The registration of a route that still stands is not lost: 007 guards the route itself.
          or exists (
            select from public.route_registry_change h
            where h.change <> 'registered'
               or not exists (select from public.route_registry r where r.route_key = h.route_key))) then
    raise exception '011 rollback REFUSED: the deliveries, their log or the record of route changes holds rows'
      using hint = 'SET iu_core.force_rollback_011 = ''true'' drops them.';
  end if;

  drop view public.v_iu_route_change;
  drop view public.v_iu_route;
  drop view public.v_iu_outbox_delivery_attempt;
  drop view public.v_iu_outbox_delivery;
  drop view public.v_iu_outbox_summary;
  drop view public.v_iu_outbox;
  drop function public.fn_iu_route_remove(text, text, text);
  drop function public.fn_iu_route_set_active(text, boolean, text, text);
  drop function public.fn_iu_delivery_live_routes_set(text[], text, text);
  drop function public.fn_iu_route_register(text, text, text, text);
  drop function public.fn_iu_route_refusal(text);
  drop function public.fn_iu_outbox_requeue(uuid, text, text);
  drop function public.fn_iu_outbox_deliver(integer, text, boolean);
  drop view public.v_iu_outbox_due;
  drop function public.fn_iu_delivery_backoff(integer);
  drop function public.fn_iu_delivery_target_is_known(text);
  drop function public.fn_iu_delivery_barrier();
  drop function public.fn_iu_delivery_live_routes();
  drop trigger route_registry_updated on public.route_registry;
  drop trigger route_registry_written on public.route_registry;
  drop function public.fn_iu_route_change_trigger();
  drop trigger event_outbox_delivery_log_append_only on public.event_outbox_delivery_log;
  drop function public.fn_iu_outbox_append_only_trigger();
  drop index public.event_outbox_type;
  drop table public.route_registry_change;
  drop table public.event_outbox_delivery_log;
  drop table public.event_outbox_delivery;
end
$rollback$;

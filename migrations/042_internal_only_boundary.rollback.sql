-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_042', true), '') <> 'true'
     and exists (
       select from public.event_type_registry t
       where t.internal_only <> (t.event_type = 'iu.template.instance_auto_composed')) then
    raise exception '042 rollback REFUSED: event_type_registry holds a boundary that was moved by hand'
      using hint = 'SET iu_core.force_rollback_042 = ''true'' drops it.';
  end if;

  drop view public.v_iu_internal_only;
  drop view public.v_iu_outbox_type;
  drop function public.fn_iu_internal_only_assert();
  drop function public.fn_iu_event_type_internal_only_set(text, boolean, text, text);
  drop trigger event_type_registry_internal_only on public.event_type_registry;
  drop function public.fn_iu_internal_only_type_trigger();
  drop trigger route_registry_internal_only on public.route_registry;
  drop function public.fn_iu_internal_only_route_trigger();
  alter table public.event_type_registry drop column internal_only;

  -- As 011 has it.
  create or replace function public.fn_iu_route_refusal(p_event_type text)
    returns jsonb
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
  as $$
begin
  perform from public.event_type_registry t where t.event_type = p_event_type for share;
  if not found then
    return jsonb_build_object('status', 'event_type_not_found', 'field', 'p_event_type');
  end if;
  return null;
end
$$;
end
$rollback$;

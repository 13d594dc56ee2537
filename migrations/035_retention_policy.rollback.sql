-- One block: psql goes on after an error, and a delete below a refused guard would still run.
do $rollback$
declare
  v_registered text[] := array[
    'dot_config_change', 'dot_iu_command_run', 'event_outbox', 'event_outbox_delivery_log', 'iu_auto_instantiate_event_log'];
begin
  if coalesce(current_setting('iu_core.force_rollback_035', true), '') <> 'true'
     and exists (select from public.iu_core_retention_policy p
                 where p.table_name = any (v_registered) and p.set_by <> 'migration 035') then
    raise exception '035 rollback REFUSED: an operator has set one of its retention policies'
      using hint = 'SET iu_core.force_rollback_035 = ''true'' deletes the policies all the same.';
  end if;

  drop index public.dot_config_change_changed_at;
  perform set_config('iu_core.actor', 'migration 035', true);
  delete from public.iu_core_retention_policy p where p.table_name = any (v_registered);
  perform set_config('iu_core.actor', '', true);
end
$rollback$;

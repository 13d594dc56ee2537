-- One block: psql goes on after an error, and a delete below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_034', true), '') <> 'true'
     and exists (
       select from public.dot_iu_command_run r
       where r.command_name in ('dot_iu_auto_instantiate_from_event', 'dot_iu_auto_instantiate_rollback_by_actor')) then
    raise exception '034 rollback REFUSED: dot_iu_command_run holds runs of the two commands'
      using hint = 'SET iu_core.force_rollback_034 = ''true'' removes the commands; their runs stay on record.';
  end if;

  delete from public.dot_iu_command_catalog
  where command_name in ('dot_iu_auto_instantiate_from_event', 'dot_iu_auto_instantiate_rollback_by_actor');
end
$rollback$;

-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_005', true), '') <> 'true'
     and exists (select from public.iu_vector_sync_point) then
    raise exception '005 rollback REFUSED: iu_vector_sync_point holds rows'
      using hint = 'SET iu_core.force_rollback_005 = ''true'' drops them.';
  end if;

  drop table public.iu_vector_sync_point;
end
$rollback$;

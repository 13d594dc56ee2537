-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_004', true), '') <> 'true'
     and exists (select from public.iu_lifecycle_log) then
    raise exception '004 rollback REFUSED: iu_lifecycle_log holds rows'
      using hint = 'SET iu_core.force_rollback_004 = ''true'' drops them.';
  end if;

  drop table public.iu_lifecycle_log;
end
$rollback$;

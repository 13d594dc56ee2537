-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_009', true), '') <> 'true'
     and exists (select from public.dot_iu_command_run) then
    raise exception '009 rollback REFUSED: dot_iu_command_run holds rows'
      using hint = 'SET iu_core.force_rollback_009 = ''true'' drops them.';
  end if;

  drop function public.fn_iu_command_run_record(jsonb);
  drop table public.dot_iu_command_run;
end
$rollback$;

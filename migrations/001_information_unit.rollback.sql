-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_001', true), '') <> 'true'
     and exists (select from public.information_unit) then
    raise exception '001 rollback REFUSED: information_unit holds rows'
      using hint = 'SET iu_core.force_rollback_001 = ''true'' drops them.';
  end if;

  drop table public.information_unit;
  drop function public.fn_iu_text_digest(text);
end
$rollback$;

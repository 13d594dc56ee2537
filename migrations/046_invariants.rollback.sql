-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_046', true), '') <> 'true'
     and exists (select from public.iu_invariant_snapshot) then
    raise exception '046 rollback REFUSED: iu_invariant_snapshot holds rows'
      using hint = 'SET iu_core.force_rollback_046 = ''true'' drops the snapshots.';
  end if;

  drop view public.v_iu_invariant_snapshot;
  drop function public.fn_iu_invariant_compare(text, text, jsonb);
  drop function public.fn_iu_invariant_snapshot(text, text);
  drop function public.fn_iu_invariant_surfaces();
  drop table public.iu_invariant_snapshot;
end
$rollback$;

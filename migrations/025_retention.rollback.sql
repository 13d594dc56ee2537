-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_025', true), '') <> 'true'
     and (exists (select from public.iu_core_retention_log)
          or exists (select from public.iu_core_retention_policy_change c where c.changed_by not like 'migration %')) then
    raise exception '025 rollback REFUSED: iu_core_retention_log holds removed rows or an operator has set a policy'
      using hint = 'SET iu_core.force_rollback_025 = ''true'' drops the policies, their record and the removed rows.';
  end if;

  drop view public.v_iu_core_retention_archive;
  drop view public.v_iu_core_retention_cleanup;
  drop view public.v_iu_core_retention_policy;
  drop function public.fn_iu_core_retention_cleanup(text, boolean, text, integer, text);
  drop function public.fn_iu_core_retention_candidates();
  drop function public.fn_iu_core_retention_judge(public.iu_core_retention_policy, text, tid[]);
  drop function public.fn_iu_core_retention_references(text);
  drop function public.fn_iu_core_retention_policy_set(text, text, interval, text, boolean, text, text, text);
  drop table public.iu_core_retention_log;
  drop table public.iu_core_retention_policy;
  drop table public.iu_core_retention_policy_change;
  drop function public.fn_iu_core_retention_policy_change_trigger();
  drop function public.fn_iu_core_retention_policy_check_trigger();
  drop function public.fn_iu_core_retention_policy_fault(text, text, text);
end
$rollback$;

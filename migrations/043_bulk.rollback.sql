-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_043', true), '') <> 'true'
     and exists (select from public.iu_piece_collection c where c.retired_at is not null) then
    raise exception '043 rollback REFUSED: iu_piece_collection holds the record of what was retired'
      using hint = 'SET iu_core.force_rollback_043 = ''true'' drops when and why; the collections stay retired.';
  end if;

  update public.dot_iu_command_catalog set target_functions = '{fn_iu_auto_instantiate_from_event}'
  where command_name = 'dot_iu_scaleout';

  -- If exists: the rollback of 032, run by hand, takes what stands on its table along.
  drop view if exists public.v_iu_piece_sharing;
  drop view if exists public.v_iu_shared_piece;
  drop view public.v_iu_retired_collection;
  drop function public.fn_iu_lineage_soft_erase(text, boolean);
  drop function public.fn_iu_collection_retire_by_actor(text, boolean, text);
  alter table public.iu_piece_collection drop column retired_at, drop column retire_reason;
  drop function public.fn_iu_auto_instantiate_scaleout(jsonb, text, text, text);
  drop function public.fn_iu_scaleout_plan_fault(jsonb);
  drop function public.fn_iu_scaleout_items(jsonb);
end
$rollback$;

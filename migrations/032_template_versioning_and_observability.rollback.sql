-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_032', true), '') <> 'true'
     and exists (select from public.iu_collection_template_version) then
    raise exception '032 rollback REFUSED: iu_collection_template_version holds live version rows'
      using hint = 'SET iu_core.force_rollback_032 = ''true'' drops them.';
  end if;

  drop view public.v_iu_template_version_chain;
  drop view public.v_iu_template_observability;
  drop function public.fn_iu_collection_retire_template_version(uuid, text, text);
  drop function public.fn_iu_collection_register_template_version(uuid, text, text, integer, uuid, text);
  drop table public.iu_collection_template_version;
end
$rollback$;

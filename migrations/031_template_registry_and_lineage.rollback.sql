-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_031', true), '') <> 'true'
     and (exists (select from public.iu_collection_template_registry)
          or exists (select from public.iu_collection_template_instance_lineage)) then
    raise exception '031 rollback REFUSED: the template registry or the lineage holds rows'
      using hint = 'SET iu_core.force_rollback_031 = ''true'' drops them.';
  end if;

  drop function public.fn_iu_collection_record_template_instance(uuid, uuid, text, text);
  drop function public.fn_iu_collection_mark_template(uuid, text, text);
  drop table public.iu_collection_template_instance_lineage;
  drop table public.iu_collection_template_registry;
end
$rollback$;

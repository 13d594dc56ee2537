-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  -- Operators run this file by hand too, with later migrations still on top: then it is gone when the runner comes.
  if to_regclass('public.iu_collection_template_version') is null then
    return;
  end if;
  if coalesce(current_setting('iu_core.force_rollback_032', true), '') <> 'true'
     and exists (select from public.iu_collection_template_version) then
    raise exception '032 rollback REFUSED: iu_collection_template_version holds live version rows'
      using hint = 'SET iu_core.force_rollback_032 = ''true'' drops them.';
  end if;

  -- Cascade: what later migrations built on these goes too; db:rollback and db:migrate bring it back.
  drop view public.v_iu_template_version_chain cascade;
  drop view public.v_iu_template_observability cascade;
  drop function public.fn_iu_collection_retire_template_version(uuid, text, text);
  drop function public.fn_iu_collection_register_template_version(uuid, text, text, integer, uuid, text);
  drop table public.iu_collection_template_version cascade;
end
$rollback$;

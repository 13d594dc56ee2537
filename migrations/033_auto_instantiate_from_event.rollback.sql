-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  -- Operators run this file by hand too, with later migrations still on top: then it is gone when the runner comes.
  if to_regclass('public.iu_auto_instantiate_event_log') is null then
    return;
  end if;
  if coalesce(current_setting('iu_core.force_rollback_033', true), '') <> 'true'
     and exists (select from public.iu_auto_instantiate_event_log) then
    raise exception '033 rollback REFUSED: iu_auto_instantiate_event_log holds rows'
      using hint = 'Roll the actors back first, or SET iu_core.force_rollback_033 = ''true'' to drop the log.';
  end if;

  -- Cascade: what later migrations built on these goes too; db:rollback and db:migrate bring it back.
  drop view public.v_iu_auto_instantiate_event_summary cascade;
  drop view public.v_iu_auto_instantiate_event_log cascade;
  drop function public.fn_iu_auto_instantiate_rollback_by_actor(text, boolean);
  drop function public.fn_iu_auto_instantiate_from_event(uuid, text, uuid, text, text, text, text);
  delete from public.event_type_registry where event_type = 'iu.template.instance_auto_composed';
  delete from public.iu_gate where key = 'iu_core.auto_instantiate_enabled';
  perform set_config('iu_core.actor', 'migration 033', true);
  delete from public.dot_config where key = 'iu_core.auto_instantiate_enabled';
  perform set_config('iu_core.actor', '', true);
  drop table public.iu_auto_instantiate_event_log cascade;
end
$rollback$;

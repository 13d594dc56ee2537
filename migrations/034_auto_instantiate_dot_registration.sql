-- The orchestrator and its rollback become governed commands. Rows only: no object is made or changed.

do $preflight$
declare
  v_have_from_event constant boolean :=
    to_regprocedure('public.fn_iu_auto_instantiate_from_event(uuid,text,uuid,text,text,text,text)') is not null;
  v_have_rollback constant boolean :=
    to_regprocedure('public.fn_iu_auto_instantiate_rollback_by_actor(text,boolean)') is not null;
begin
  if not v_have_from_event or not v_have_rollback then
    raise exception '034 preflight: migration 033 substrate missing (fn_iu_auto_instantiate_from_event %, fn_iu_auto_instantiate_rollback_by_actor %) — apply 033 first',
      case when v_have_from_event then 'present' else 'missing' end,
      case when v_have_rollback then 'present' else 'missing' end;
  end if;
end
$preflight$;

insert into public.dot_iu_command_catalog
  (command_name, category, mutating, reversible, target_functions, gates, dry_run_gates, description)
values
  ('dot_iu_auto_instantiate_from_event', 'collection', true, true, '{fn_iu_auto_instantiate_from_event}',
   '{iu_core.auto_instantiate_enabled,iu_core.composer_enabled}', '{iu_core.composer_enabled}',
   'Compose an instance of a template for an event.'),
  ('dot_iu_auto_instantiate_rollback_by_actor', 'lifecycle', true, true, '{fn_iu_auto_instantiate_rollback_by_actor}', '{}', '{}',
   'Take back every instance that an actor''s events made.')
on conflict (command_name) do nothing;

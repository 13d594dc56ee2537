-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_006', true), '') <> 'true'
     and exists (select from public.dot_config_change c where c.changed_by not like 'migration %') then
    raise exception '006 rollback REFUSED: dot_config_change holds the record of changes made by operators'
      using hint = 'SET iu_core.force_rollback_006 = ''true'' drops the configuration and its record.';
  end if;

  drop function public.fn_iu_gates_put_back(jsonb, text, text);
  drop function public.fn_iu_gates_open(text[], text, text);
  drop function public.fn_iu_gate_set(text, boolean, text, text);
  drop function public.fn_iu_config_write(text, text, text, text);
  drop function public.fn_iu_composer_enabled();
  drop function public.fn_iu_gate_is_open(text);
  drop trigger dot_config_change_updated on public.dot_config;
  drop trigger dot_config_change_written on public.dot_config;
  drop function public.fn_iu_config_change_trigger();
  drop table public.dot_config_change;
  drop table public.iu_gate;
  drop table public.dot_config;
end
$rollback$;

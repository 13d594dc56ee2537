-- The three-axis envelope follows what the orchestrator composes.

create function public.fn_iu_three_axis_envelope_lineage_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  -- The same pair recorded again inserts nothing. The refresh itself comes once, at the end of the transaction.
  if exists (select from new_rows) then
    perform public.fn_iu_three_axis_envelope_request('iu_auto_instantiate_trigger');
  end if;
  return null;
end
$$;
comment on function public.fn_iu_three_axis_envelope_lineage_trigger() is
  'Trigger: asks for a refresh of the three-axis envelope when instances are recorded, while the gate for it is open.';

create trigger iu_three_axis_envelope_instance_recorded
  after insert on public.iu_collection_template_instance_lineage
  referencing new table as new_rows
  for each statement execute function public.fn_iu_three_axis_envelope_lineage_trigger();

revoke execute on function public.fn_iu_three_axis_envelope_lineage_trigger() from public;

-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_012', true), '') <> 'true'
     and exists (
       select from public.dot_iu_command_catalog c
       where c.command_name not in (
         'dot_iu_compose', 'dot_iu_scaleout', 'dot_iu_collection_mark_template', 'dot_iu_record_template_instance',
         'dot_iu_register_template_version', 'dot_iu_retire_template_version', 'dot_iu_collection_retire',
         'dot_iu_piece_create', 'dot_iu_piece_update', 'dot_iu_piece_split', 'dot_iu_piece_merge', 'dot_iu_piece_retire',
         'dot_iu_piece_supersede', 'dot_iu_piece_emit_event', 'dot_iu_outbox_deliver', 'dot_iu_outbox_requeue',
         'dot_iu_route_register', 'dot_iu_route_remove', 'dot_iu_three_axis_envelope_refresh', 'dot_iu_gate_set',
         'dot_iu_healthcheck', 'dot_iu_invariant_snapshot', 'dot_iu_retention_check', 'dot_iu_retention_cleanup')) then
    raise exception '012 rollback REFUSED: dot_iu_command_catalog holds commands that it did not come with'
      using hint = 'SET iu_core.force_rollback_012 = ''true'' drops them.';
  end if;

  drop view public.v_iu_command_catalog;
  drop table public.dot_iu_command_catalog;
end
$rollback$;

const WORDS: Record<string, string> = {
  auto_instantiate_from_event: 'Orchestrate',
  auto_instantiate_rollback_by_actor: 'Roll back by actor',
  auto_instantiate_scaleout: 'Scale out',
  collection_retire: 'Retire by actor',
  lineage_soft_erase: 'Erase lineage',
  register_template_version: 'Register a version',
  retire_template_version: 'Retire a version',
  gate_set: 'Set a gate',
  collection_import: 'Import a text file',
  retention_cleanup: 'Clean up by age',
  retention_policy_set: 'Set a retention policy',
  invariant_snapshot: 'Take a snapshot',
  outbox_deliver: 'Deliver events',
  outbox_requeue: 'Requeue a dead letter',
  route_register: 'Register a route',
  route_set_active: 'Switch a route',
  route_remove: 'Remove a route',
  delivery_live_routes_set: 'Set the live routes',
  event_type_internal_only_set: 'Move the internal-only boundary',
  compose: 'Compose a collection',
  collection_mark_template: 'Mark a template',
  record_template_instance: 'Record an instance',
}

/**
 * @param name a governed command as the catalog has it, e.g. `dot_iu_auto_instantiate_from_event`
 * @returns the command in an operator's words; an unknown one without its prefix
 */
export function commandWord(name: string): string {
  const bare = name.replace(/^dot_iu_/, '')
  return WORDS[bare] ?? bare.replaceAll('_', ' ')
}

/**
 * @param name a governed command as the catalog has it
 * @returns whether it is run dry or live; the others just do what they are called
 */
export const hasMode = (name: string): boolean =>
  name.startsWith('dot_iu_auto_instantiate_') || name === 'dot_iu_outbox_deliver' || name === 'dot_iu_retention_cleanup'
  || name === 'dot_iu_collection_retire' || name === 'dot_iu_lineage_soft_erase'

/**
 * The one word that matters most about a run: that it was refused or failed, what else came of it, or else its mode.
 * @returns a status of shared/utils/status.ts
 */
export function runOutcome(run: { command_name: string, phase: string, status: string, refused: boolean, dry_run: boolean }): string {
  if (run.refused) return 'refused'
  if (run.status !== 'ok') return run.status
  if (run.phase === 'preview') return 'preview'
  if (!hasMode(run.command_name)) return 'ok'
  return run.dry_run ? 'dry_run' : 'live'
}

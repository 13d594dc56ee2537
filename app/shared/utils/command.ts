const WORDS: Record<string, string> = {
  auto_instantiate_from_event: 'Orchestrate',
  auto_instantiate_rollback_by_actor: 'Roll back by actor',
  register_template_version: 'Register a version',
  retire_template_version: 'Retire a version',
  gate_set: 'Set a gate',
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

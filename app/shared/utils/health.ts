/** What an operator should know about a surface of the healthcheck. */
export interface SurfaceWords {
  title: string
  /** What to do when it is red. */
  advice: string
}

const SURFACES: Record<string, SurfaceWords> = {
  digest_recomputed: {
    title: 'Stored digests',
    advice: 'Members were written past the triggers. Touch the collection (update manifest_digest to itself) and it is computed anew; then find out who switched the triggers off.',
  },
  manifest_present: {
    title: 'Manifests',
    advice: 'A manifest was deleted or rewritten. Touching a collection that has the digest writes it again; a base that no collection has any more comes from a backup.',
  },
  lineage_ends: {
    title: 'Lineage',
    advice: 'Mark the template again, or erase the lineage of the instances that should not have one.',
  },
  auto_log: {
    title: 'Auto-made instances',
    advice: 'Retire an instance whose lineage was erased on purpose. Otherwise record its lineage again, or take the actor’s run back and run it anew.',
  },
  version_chain: {
    title: 'Version chains',
    advice: 'Mark the version as a template again, or register or retire versions until the family has one that is current.',
  },
  members_active: {
    title: 'Members',
    advice: 'Replace the piece in the collections that hold it, register a version without it, or retire those collections.',
  },
  outbox_types: {
    title: 'Outbox',
    advice: 'Register the type, or find out who writes events that nobody has agreed on. They are not delivered.',
  },
  gates: {
    title: 'Gates',
    advice: 'Close the gate, or give its row a readable value. Until then an unreadable gate counts as closed.',
  },
  triggers: {
    title: 'Triggers',
    advice: 'Enable the trigger, or make it again from its migration. Then look at the stored digests: edits made without it are not in them.',
  },
  internal_only: {
    title: 'Internal-only boundary',
    advice: 'Take the route away by its key, or put the event type back into its lane. What was delivered meanwhile is in the delivery log.',
  },
}

/**
 * @param surface a surface as `fn_iu_core_healthcheck()` names it
 * @returns its title and what to do; one that nobody explained yet by its name
 */
export function surfaceWords(surface: string): SurfaceWords {
  return SURFACES[surface] ?? { title: surface.replaceAll('_', ' '), advice: 'Look at what is named here.' }
}

import type { CommandRun } from '#shared/schemas/run'

/** A run as far as words about it need to know it. */
export type ToldRun = Pick<CommandRun, 'actor' | 'parameters' | 'result'>

/** A page to go on to. */
export interface CommandLink { label: string, to: string | { path: string, query: Record<string, string | undefined> }, icon?: string }

/** What the screen says about a command. */
export interface CommandEntry {
  /** What an operator does with it: in menus and lists. */
  word: string
  /** Heads the page of one run. */
  title: (run: ToldRun) => string
  /** Of a command with a dry and a live mode: what the live one is called, and its colour. The others just do what they are called. */
  live?: { word: string, tone: 'secondary' | 'error' }
  /** Its dry run composes for real, and only the log tells it apart. */
  dryRunWrites?: true
  /** How what it did is taken back, or why it is not. */
  wayBack: (run: ToldRun) => string
  /** Where the way back begins. */
  undo?: (run: ToldRun) => CommandLink[]
  /** The page with its form; without one it is run on the command line. */
  form?: (run: ToldRun) => string
  /** The form takes the values of a run: `?from=` and the run's id. */
  refills?: true
  /** What is written beside it goes with what it makes, and is no reason. */
  noted?: true
}

/** A value of the run as text, from its parameters, else from the function's answer. */
export const toldValue = ({ parameters, result }: ToldRun, name: string): string | undefined => {
  const value = parameters[name] ?? parameters[`p_${name}`] ?? result[name]
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
}

const LIVE = { word: 'live run', tone: 'secondary' } as const
const of = (what: string, name: string) => (run: ToldRun) => {
  const value = toldValue(run, name)
  return value ? `${what} of ${value}` : what
}
const ofActor = (what: string) => ({ actor }: ToldRun) => (actor ? `${what} of ${actor}` : what)
const always = (text: string) => () => text
const byActor = (path: string, label: string, icon: string) => ({ actor }: ToldRun): CommandLink[] =>
  (actor ? [{ label, icon, to: { path, query: { actor } } }] : [])
const goTo = (to: string, label: string) => (): CommandLink[] => [{ label, to }]
const page = (path: string, name: string, label: string) => (run: ToldRun): CommandLink[] => {
  const value = toldValue(run, name)
  return value ? [{ label, to: `${path}/${encodeURIComponent(value)}` }] : []
}
const pieceForm = (run: ToldRun) => `/pieces/${toldValue(run, 'iu_id') ?? ''}`

const rollbackOf = byActor('/rollback', 'Preview its rollback', 'i-lucide-undo-2')
const toRoutes = goTo('/outbox/delivery', 'Go to the routes')
const toPiece = page('/pieces', 'iu_id', 'Go to the piece')
const toFamily = page('/families', 'template_family', 'Go to the family')

/** Every governed command, by its name: the one place that knows what the screen says about it. */
export const COMMAND_TABLE: Record<string, CommandEntry> = {
  // Instances
  dot_iu_auto_instantiate_from_event: {
    word: 'Orchestrate', live: LIVE, dryRunWrites: true, noted: true, form: always('/orchestrate'), refills: true,
    title: (run) => {
      const suffix = toldValue(run, 'instance_key_suffix')
      return suffix ? `Orchestration of ${suffix}` : 'Orchestration'
    },
    wayBack: ({ actor }) => `The instance goes with all others of ${actor ?? 'its actor'} when that actor is rolled back.`,
    undo: rollbackOf,
  },
  dot_iu_scaleout: {
    word: 'Scale out', title: ofActor('Scale-out'), live: LIVE, dryRunWrites: true, noted: true, form: always('/scaleout'), refills: true,
    wayBack: ({ actor }) => `Rolling back ${actor ?? 'its actor'} takes every instance back; retiring by actor keeps the rows.`,
    undo: run => [...rollbackOf(run), ...byActor('/retire', 'Preview retiring them', 'i-lucide-archive')(run)],
  },
  dot_iu_auto_instantiate_rollback_by_actor: {
    word: 'Roll back by actor', title: ofActor('Rollback'), live: { word: 'live rollback', tone: 'error' }, form: always('/rollback'), refills: true,
    wayBack: always('There is no undo: the rows are deleted. Running the same event with the same template and suffix again composes the instance anew.'),
  },
  dot_iu_collection_retire: {
    word: 'Retire by actor', title: ({ actor }) => `Retirement of what ${actor ?? 'an actor'} made`, live: LIVE, form: always('/retire'), refills: true,
    wayBack: always('A retired instance keeps its rows and stays visible. A rollback of its actor still takes it back.'), undo: rollbackOf,
  },
  dot_iu_lineage_soft_erase: {
    word: 'Erase lineage', title: ofActor('Erasure of the lineage'), live: { word: 'live erasure', tone: 'error' }, form: always('/erase-lineage'), refills: true,
    wayBack: always('The collections stay, but what they were made from is gone. Lineage is recorded anew one by one; the event log’s rows are not.'),
  },
  dot_iu_record_template_instance: {
    word: 'Record an instance', title: always('Recording of an instance'), noted: true,
    wayBack: always('A lineage row goes only with every other of its actor, by erasing the lineage.'),
    undo: run => [...page('/instances', 'instance_collection_id', 'Go to the instance')(run), ...byActor('/erase-lineage', 'Preview erasing it', 'i-lucide-unlink')(run)],
  },

  // Collections and templates
  dot_iu_compose: {
    word: 'Compose a collection', title: of('Composition', 'collection_key'),
    wayBack: always('A collection is not deleted: others may hold it by its key. Left unmarked, nothing is made from it.'),
  },
  dot_iu_collection_import: {
    word: 'Import a text file', title: of('Import', 'collection_key'),
    wayBack: always('Nothing is put back by itself: import the file as it was before.'),
  },
  dot_iu_collection_mark_template: {
    word: 'Mark a template', title: always('Marking of a template'), noted: true,
    wayBack: always('The mark stays: instances may have been made from it since.'), undo: page('/templates', 'collection_id', 'Go to the template'),
  },
  dot_iu_register_template_version: {
    word: 'Register a version', title: of('Registration', 'version_label'), form: run => `/families/${encodeURIComponent(toldValue(run, 'template_family') ?? '')}`,
    wayBack: always('A version is not unregistered: it can be retired, or replaced by a next version. Its predecessor stays superseded.'), undo: toFamily,
  },
  dot_iu_retire_template_version: {
    word: 'Retire a version', title: always('Retirement of a version'), form: always('/families'),
    wayBack: always('A retired version stays on record with its label and its instances. Register a next version to go on.'), undo: goTo('/families', 'Go to the families'),
  },

  // Pieces
  dot_iu_piece_create: {
    word: 'Create a piece', title: of('Creation', 'canonical_address'),
    wayBack: always('A piece is not deleted. Retired, it takes part in nothing new; its address stays taken.'), undo: toPiece,
  },
  dot_iu_piece_update: {
    word: 'Change a piece', title: always('Change of a piece'), form: pieceForm,
    wayBack: always('Change it back to the text it had; the change stays on record.'), undo: toPiece,
  },
  dot_iu_piece_split: {
    word: 'Split a piece', title: always('Splitting of a piece'), form: pieceForm,
    wayBack: always('The piece stays ended and leads to its parts. Merge them to go on with one piece.'), undo: toPiece,
  },
  dot_iu_piece_merge: {
    word: 'Merge pieces', title: of('Merging into', 'canonical_address'),
    wayBack: always('The merged pieces stay ended and lead to the new one. Split it to go on with several.'), undo: toPiece,
  },
  dot_iu_piece_retire: {
    word: 'Retire a piece', title: always('Retirement of a piece'), form: pieceForm,
    wayBack: always('A retired piece does not come back. Its text stays readable; create a new piece to go on.'), undo: toPiece,
  },
  dot_iu_piece_supersede: {
    word: 'Supersede a piece', title: always('Superseding of a piece'), form: pieceForm,
    wayBack: always('A superseded piece does not come back; it leads to the one that took its place.'), undo: page('/pieces', 'by_iu_id', 'Go to its successor'),
  },
  dot_iu_piece_emit_event: {
    word: 'Emit a piece event', title: of('Emission', 'event_type'),
    wayBack: always('An event stays in the outbox. Without a live route it goes nowhere.'), undo: run => [{ label: 'Go to the event', to: { path: '/outbox', query: { q: toldValue(run, 'event_id') } } }],
  },

  // Outbox and delivery
  dot_iu_outbox_deliver: {
    word: 'Deliver events', title: ofActor('Delivery step'), live: { word: 'live step', tone: 'secondary' }, form: always('/outbox/delivery'), refills: true,
    wayBack: always('A delivery is not taken back, and every attempt stays in the delivery log. What failed is tried again.'),
  },
  dot_iu_outbox_requeue: {
    word: 'Requeue a dead letter', title: of('Requeueing along', 'route_key'), form: run => `/outbox?q=${toldValue(run, 'event_id') ?? ''}`,
    wayBack: always('It is in line again. To hold it back, switch its route off.'), undo: toRoutes,
  },
  dot_iu_route_register: {
    word: 'Register a route', title: of('Registration', 'route_key'), form: always('/outbox/delivery'),
    wayBack: always('Remove the route: nothing is delivered along it any more, and its key is free again.'), undo: toRoutes,
  },
  dot_iu_route_set_active: {
    word: 'Switch a route', title: of('Switching', 'route_key'), form: always('/outbox/delivery'),
    wayBack: always('Switch the route the other way; both changes stay on record.'), undo: toRoutes,
  },
  dot_iu_route_remove: {
    word: 'Remove a route', title: of('Removal', 'route_key'), form: always('/outbox/delivery'),
    wayBack: always('Register the route again under the same key.'), undo: toRoutes,
  },
  dot_iu_delivery_live_routes_set: {
    word: 'Set the live routes', title: always('Setting of the live routes'), form: always('/outbox/delivery'),
    wayBack: always('Set the live routes as they were before. What was delivered meanwhile stays delivered.'), undo: toRoutes,
  },
  dot_iu_event_type_internal_only_set: {
    word: 'Move the internal-only boundary', title: of('Moving of the boundary', 'event_type'), form: always('/outbox/delivery'),
    wayBack: always('Move the boundary back. What was delivered meanwhile stays delivered.'), undo: goTo('/outbox/delivery', 'Go to the event types'),
  },

  // Gates, envelope, health, retention
  dot_iu_gate_set: {
    word: 'Set a gate', title: of('Setting', 'key'), form: always('/gates'),
    wayBack: always('Set the gate to what it was before; both changes stay on record.'), undo: goTo('/gates', 'Go to the gates'),
  },
  dot_iu_three_axis_envelope_refresh: {
    word: 'Refresh the envelope', title: always('Refresh of the three-axis envelope'),
    wayBack: always('There is nothing to take back: it is computed from the pieces, and is computed anew whenever they change.'),
  },
  dot_iu_healthcheck: {
    word: 'Check the health', title: always('Health check'), form: always('/health'), wayBack: always('A check reads and writes nothing.'),
  },
  dot_iu_invariant_snapshot: {
    word: 'Take a snapshot', title: of('Snapshot', 'name'), form: always('/invariants'),
    wayBack: always('A snapshot stays on record under its name, and changes nothing else.'), undo: goTo('/invariants', 'Go to the snapshots'),
  },
  dot_iu_retention_policy_set: {
    word: 'Set a retention policy', title: of('Retention policy', 'table_name'), form: always('/retention'),
    wayBack: always('Set the policy as it was before; both changes stay on record. Rows that a cleanup removed meanwhile stay removed.'), undo: goTo('/retention', 'Go to the policies'),
  },
  dot_iu_retention_check: {
    word: 'Count what is past its age', title: always('Count of what is past its age'), form: always('/retention'), refills: true,
    wayBack: always('A count reads and removes nothing.'),
  },
  dot_iu_retention_cleanup: {
    word: 'Clean up by age', title: run => (toldValue(run, 'table_name') ? `Cleanup of ${toldValue(run, 'table_name')}` : 'Cleanup by age'),
    live: { word: 'live cleanup', tone: 'error' }, form: always('/retention'), refills: true,
    wayBack: always('The rows have left their tables. Retention keeps every one of them whole on record, but no command puts them back.'), undo: goTo('/retention', 'Go to the cleanups'),
  },
}

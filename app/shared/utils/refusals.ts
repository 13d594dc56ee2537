/** What an operator should know about a rule that refused. */
export interface Rule {
  /** The refusal in words: a title. */
  title: string
  /** What the rule is there for. */
  protects?: string
  /** What to do now. */
  advice?: string
}

const RULES: Record<string, Rule> = {
  invalid_input: { title: 'The value was refused' },
  gate_not_found: { title: 'There is no such gate' },
  live_gate_closed: {
    title: 'The live gate is closed',
    protects: 'Nothing is composed live while the operators have not opened the way for it.',
    advice: 'Open the gates inside the run’s own transaction, or try a dry run first.',
  },
  composer_gate_closed: {
    title: 'The composer gate is closed',
    protects: 'No collection is composed, dry run or live, while composing is switched off.',
    advice: 'Open the gates inside the run’s own transaction.',
  },
  gate_opening_not_allowed: {
    title: 'Only an administrator opens gates',
    protects: 'A gate is opened by somebody who is answerable for it, also when it is only for one transaction.',
    advice: 'Ask an administrator to open the gate or to do this run.',
  },
  role_above_own: {
    title: 'A token cannot do more than you may',
    protects: 'Nobody hands out a role that is not theirs.',
    advice: 'Choose your own role or a lesser one.',
  },
  last_administrator: {
    title: 'This is the last administrator',
    protects: 'Somebody is always left who can let people in.',
    advice: 'Make somebody else an administrator first.',
  },
  email_taken: {
    title: 'There is a person of this address',
    protects: 'An address stands for one person on every record.',
    advice: 'Look for the person in the list; a new link can be made there.',
  },
  invitation_invalid: {
    title: 'This link is not good any more',
    protects: 'A link works once, for 24 hours, and a newer one ends it.',
    advice: 'Ask an administrator for a new link; before there is one, start the console again.',
  },
  already_set_up: {
    title: 'The console is set up',
    protects: 'The first administrator is made once.',
    advice: 'Ask an administrator to add you.',
  },
  person_not_found: { title: 'There is no such person' },
  session_not_found: { title: 'There is no such session', advice: 'It has ended already.' },
  own_second_factor: {
    title: 'This is your own second factor',
    protects: 'An open session alone takes no second factor off.',
    advice: 'Take it off in your account, with your password.',
  },
  no_second_factor: { title: 'This person has no second factor', advice: 'Nothing is left to be taken off.' },
  token_not_found: { title: 'There is no such token' },
  template_not_marked: {
    title: 'This collection is not a template',
    protects: 'Instances are made only from collections that were marked as templates on purpose.',
    advice: 'Pick a template from the list, or have the collection marked as one.',
  },
  template_collection_not_found: {
    title: 'There is no such template',
    protects: 'An instance always has a template to be compared with.',
    advice: 'Pick a template from the list.',
  },
  instance_key_conflict: {
    title: 'The instance key is taken',
    protects: 'Two events never share an instance: each instance leads back to exactly one event.',
    advice: 'Choose another suffix.',
  },
  invalid_emit_mode: {
    title: 'There is no such mode',
    protects: 'Every row of the log is either a dry run or live.',
    advice: 'Choose dry run or live.',
  },
  idempotent_replay: {
    title: 'This was done before',
    protects: 'The same event, template and suffix give one instance, however often they are sent.',
    advice: 'Nothing to do: the existing instance is shown.',
  },
  self_predecessor_refused: {
    title: 'A version cannot replace itself',
    protects: 'A version chain has a beginning.',
    advice: 'Choose another predecessor, or none for the first version of a family.',
  },
  previous_not_found: {
    title: 'The predecessor is no version',
    protects: 'A version chain has no holes.',
    advice: 'Choose a predecessor that is registered in this family.',
  },
  previous_not_marked: {
    title: 'The predecessor is not a template',
    protects: 'A chain consists of templates only.',
    advice: 'Choose another predecessor.',
  },
  family_seq_collision: {
    title: 'This place in the chain is taken',
    protects: 'A family has one version per number.',
    advice: 'Choose the next free number.',
  },
  version_not_found: {
    title: 'There is no such version',
    protects: 'Only registered versions are retired.',
    advice: 'Reload the family; somebody may have changed it.',
  },
  collection_not_found: {
    title: 'There is no such collection',
    protects: 'Only what exists can be registered or recorded.',
    advice: 'Reload the page; it may have been taken back.',
  },
  collection_key_conflict: {
    title: 'The key is taken',
    protects: 'A key names one collection.',
    advice: 'Choose another key.',
  },
  collection_changed_meanwhile: {
    title: 'The collection was changed meanwhile',
    protects: 'An edit replaces only the list of pieces that it was made from.',
    advice: 'Export the collection again and make the edit in the new file.',
  },
  piece_changed_meanwhile: {
    title: 'The text of a piece was changed meanwhile',
    protects: 'An edit replaces only the text that it was made from.',
    advice: 'Take the text as it is now and make the edit in it.',
  },
  piece_gate_closed: {
    title: 'The gate for writing pieces is closed',
    protects: 'No piece is written while writing pieces is switched off.',
    advice: 'Open the gates inside the run’s own transaction.',
  },
  piece_not_found: {
    title: 'A piece is missing',
    protects: 'Only pieces that exist are held by collections or changed.',
    advice: 'Look it up in the list of pieces before you try again.',
  },
  piece_not_active: {
    title: 'A piece is not active',
    protects: 'Nothing new is made from pieces that were put out of use, and what has ended stays as it ended.',
    advice: 'Look at what took its place and use that, also in the templates that still hold it.',
  },
  canonical_address_conflict: {
    title: 'The address is taken',
    protects: 'An address leads to one piece, for good.',
    advice: 'Choose another address.',
  },
  self_supersede_refused: {
    title: 'A piece cannot supersede itself',
    protects: 'What supersedes a piece takes its place.',
    advice: 'Choose another piece, or retire this one.',
  },
  emit_gate_closed: {
    title: 'The gate for piece events is closed',
    protects: 'No piece event reaches the outbox while emitting is switched off.',
    advice: 'Open the gate inside the run’s own transaction.',
  },
  blocked_by_reference: {
    title: 'Something else depends on this',
    protects: 'What others refer to is never deleted under them, and nothing is half deleted.',
    advice: 'Settle what refers to it first, then preview again.',
  },
  self_instance_refused: {
    title: 'A collection cannot descend from itself',
    protects: 'An instance and its template are two collections.',
    advice: 'Name the template it was made from.',
  },
  lineage_conflict: {
    title: 'The instance already has another template',
    protects: 'An instance descends from one template.',
    advice: 'Look at the instance’s lineage before you go on.',
  },
  delivery_gate_closed: {
    title: 'The delivery gate is closed',
    protects: 'No event leaves the outbox while the operators have not opened the way for it.',
    advice: 'Open the gate inside the step’s own transaction, or try a dry run first.',
  },
  internal_only_refused: {
    title: 'This event type stays inside',
    protects: 'Events of an internal-only type are never delivered: the type can have no route.',
    advice: 'Choose another type, or open this one on purpose in the list of event types.',
  },
  event_type_not_found: {
    title: 'There is no such event type',
    protects: 'Only registered event types have routes.',
    advice: 'Pick a type from the list.',
  },
  type_has_routes: {
    title: 'The event type has a route',
    protects: 'A type that stays inside has no way out.',
    advice: 'Remove its routes first.',
  },
  route_not_found: {
    title: 'There is no such route',
    protects: 'Only registered routes deliver.',
    advice: 'Reload the page; it may have been removed.',
  },
  route_key_conflict: {
    title: 'The route key is taken',
    protects: 'A key names one route: what was delivered along it stays told apart.',
    advice: 'Choose another key.',
  },
  delivery_not_found: {
    title: 'There is no such delivery',
    protects: 'Only what was tried can be tried again.',
    advice: 'Reload the event.',
  },
  delivery_not_dead: {
    title: 'This is no dead letter',
    protects: 'What was delivered is not delivered twice, and what is pending is in line already.',
    advice: 'Reload the event; somebody may have put it back in line.',
  },
  retention_gate_closed: {
    title: 'The gate of the cleanup is closed',
    protects: 'Rows past their age are only counted while the operators have not opened the way for their removal.',
    advice: 'Open the gate inside the run’s own transaction, or try a dry run first.',
  },
  policy_not_found: {
    title: 'There is no such retention policy',
    protects: 'Nothing is removed from a table for which nobody has said how long its rows are kept.',
    advice: 'Add a policy for the table, or choose another table.',
  },
  policy_inactive: {
    title: 'The retention policy is not active',
    protects: 'Its rows are counted and kept.',
    advice: 'Activate the policy first, if its rows may go.',
  },
  policy_without_actor_column: {
    title: 'The policy names no actor column',
    protects: 'Only a policy that says which column names the actor can be narrowed to one actor.',
    advice: 'Leave the actor out, or name the column in the policy.',
  },
  policy_table_not_found: {
    title: 'There is no such table',
    protects: 'A policy is about a table that exists.',
    advice: 'Look at the table’s name; it stands in schema public.',
  },
  policy_table_protected: {
    title: 'This table is kept for good',
    protects: 'Retention is for records that grow old, not for what the factory is made of and not for its own record.',
    advice: 'Choose another table.',
  },
  policy_column_not_found: {
    title: 'There is no such column',
    protects: 'A policy is about columns that exist.',
    advice: 'Look at the column’s name.',
  },
  policy_column_unsuitable: {
    title: 'The column is of the wrong type',
    protects: 'Age is told by a point in time, an actor by a text.',
    advice: 'Choose another column.',
  },
  snapshot_name_taken: {
    title: 'The name is taken',
    protects: 'A snapshot that was taken stays as it was.',
    advice: 'Choose another name.',
  },
  snapshot_not_found: {
    title: 'There is no such snapshot',
    protects: 'Only what was counted can be compared.',
    advice: 'Choose a snapshot from the list.',
  },
  surface_not_found: {
    title: 'There is no such surface',
    protects: 'An expectation about something that does not exist would never be checked.',
    advice: 'Look at the surface’s name.',
  },
  stopped: {
    title: 'It was stopped',
    protects: 'A run that is stopped takes back everything it had done.',
    advice: 'Nothing remains. Preview again when you are ready.',
  },
  preview_outdated: {
    title: 'The world has moved since the preview',
    protects: 'Only what was previewed is run.',
    advice: 'Preview again and look at what changed.',
  },
  preview_refused: {
    title: 'The preview did not go through',
    protects: 'Only what a preview has shown is run.',
    advice: 'Look at why it was refused, settle that, and preview again.',
  },
  preview_expired: {
    title: 'The preview is too old',
    protects: 'What is run was seen a moment ago.',
    advice: 'Preview again.',
  },
}

/** Reasons that a function gives beside its status. */
const REASONS: Record<string, string> = {
  duplicate_piece: 'A piece is listed twice.',
  duplicate_address: 'An address is listed twice.',
  nothing_to_change: 'The collection holds these pieces in this order already.',
  previous_of_another_family: 'The predecessor belongs to another family.',
  another_version_is_current: 'Another version of this family is current. Name it as the one that is replaced, or retire it first.',
  too_many_instances: 'One run composes at most 10,000 instances.',
  duplicate_suffix: 'Two instances of the plan would have the same suffix.',
  registered_otherwise: 'This template is registered already, under another family, number or label.',
}

/**
 * @param status the refusal as SQL or the server names it
 * @returns the rule behind it, or undefined when nobody has explained it yet
 */
export function ruleOf(status: string): Rule | undefined {
  return RULES[status]
}

/**
 * @param outcome a SQL function's answer: its status, and the reason where it gives one
 * @returns one sentence that says why it refused
 */
export function refusalMessage({ status, reason }: { status: string, reason?: unknown }): string {
  if (typeof reason === 'string') return REASONS[reason] ?? reason
  const rule = ruleOf(status)
  return rule ? `${rule.title}.` : `Refused: ${status}.`
}

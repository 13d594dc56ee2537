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
  piece_not_found: {
    title: 'A piece is missing',
    protects: 'A collection holds only pieces that exist.',
    advice: 'Look at the template’s pieces before you try again.',
  },
  piece_not_active: {
    title: 'A piece is not active',
    protects: 'Nothing new is made from pieces that were put out of use.',
    advice: 'Replace the piece in the template, or register a version without it.',
  },
  blocked_by_reference: {
    title: 'Something else depends on this',
    protects: 'What others refer to is never deleted under them, and nothing is half deleted.',
    advice: 'Settle what refers to it first, then preview again.',
  },
  lineage_conflict: {
    title: 'The instance already has another template',
    protects: 'An instance descends from one template.',
    advice: 'Look at the instance’s lineage before you go on.',
  },
  preview_outdated: {
    title: 'The world has moved since the preview',
    protects: 'Only what was previewed is run.',
    advice: 'Preview again and look at what changed.',
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
  previous_of_another_family: 'The predecessor belongs to another family.',
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

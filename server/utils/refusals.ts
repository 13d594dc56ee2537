/** What an operator reads when a rule refuses, by the status of the SQL function. */
interface Explanation { message: string, hint?: string }

const EXPLANATIONS: Record<string, Explanation> = {
  invalid_input: { message: 'The value was refused.' },
  invalid_emit_mode: { message: 'There is no such mode.', hint: 'Use dry_run or live.' },
  live_gate_closed: {
    message: 'Live auto-instantiation is switched off: its gate is closed.',
    hint: 'Choose a dry run, have the gates opened inside the transaction, or open the gate on the gates page.',
  },
  composer_gate_closed: {
    message: 'Composing is switched off: the composer gate is closed.',
    hint: 'Have the gate opened inside the transaction, or open it on the gates page.',
  },
  template_collection_not_found: { message: 'There is no collection with this id.', hint: 'Pick a template from the list.' },
  template_not_marked: {
    message: 'This collection is not marked as a template.',
    hint: 'Only marked collections are templates; mark it with fn_iu_collection_mark_template first.',
  },
  instance_key_conflict: {
    message: 'The instance key is taken by another event.',
    hint: 'Choose another suffix: a key belongs to one event and template for good.',
  },
  piece_not_found: { message: 'A piece of the template does not exist.' },
  piece_not_active: {
    message: 'A piece of the template is not active.',
    hint: 'Replace it in the template, or register a new version without it.',
  },
  collection_key_conflict: { message: 'There is a collection with this key already.' },
  collection_not_found: { message: 'There is no collection with this id.' },
  self_predecessor_refused: { message: 'A version cannot replace itself.', hint: 'Pick another predecessor.' },
  previous_not_found: { message: 'The predecessor does not exist.' },
  previous_not_marked: { message: 'The predecessor is not marked as a template.' },
  family_seq_collision: { message: 'Another template has this number in the family.', hint: 'Take the next free number.' },
  version_not_found: { message: 'This collection is not registered as a version.' },
  gate_not_found: { message: 'There is no such gate.' },
  blocked_by_reference: {
    message: 'Something else refers to one of these instances, so nothing was deleted.',
    hint: 'The reason names the table that refers to it.',
  },
  preview_expired: { message: 'This preview can no longer be run.', hint: 'Preview again: a preview is good for 15 minutes.' },
  preview_outdated: {
    message: 'The world has moved since the preview, so nothing was run.',
    hint: 'Look at what changed, then preview again.',
  },
}

const REASONS: Record<string, string> = {
  duplicate_piece: 'A piece is listed twice.',
  previous_of_another_family: 'The predecessor belongs to another family.',
  registered_otherwise: 'This template is registered already, under another family, number or label.',
}

/** A refusal's HTTP code: what does not exist is 404, what is malformed 400, what a rule forbids 409. */
const httpCode = (status: string) =>
  status === 'template_collection_not_found' || status === 'collection_not_found' || status === 'gate_not_found'
  || status === 'version_not_found'
    ? 404
    : status.startsWith('invalid_') ? 400 : 409

/**
 * A refusal of the domain in words.
 * @param outcome the SQL function's answer, with its status and, where it has them, field, gate and reason
 * @returns HTTP code and the parts of the answer; the field as the request names it
 */
export function explainRefusal(outcome: { status: string, [key: string]: unknown }) {
  const { status, field, reason } = outcome
  const explanation = EXPLANATIONS[status] ?? { message: `Refused: ${status}.` }
  return {
    code: httpCode(status),
    status,
    message: typeof reason === 'string' ? REASONS[reason] ?? reason : explanation.message,
    hint: explanation.hint,
    field: typeof field === 'string' ? field.replace(/^p_/, '') : undefined,
  }
}

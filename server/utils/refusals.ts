import { refusalMessage, ruleOf } from '#shared/utils/refusals'

const NOT_FOUND = new Set(['template_collection_not_found', 'collection_not_found', 'gate_not_found', 'version_not_found', 'route_not_found', 'delivery_not_found', 'snapshot_not_found', 'policy_not_found', 'piece_not_found', 'person_not_found', 'session_not_found', 'token_not_found'])
const NOT_ALLOWED = new Set(['gate_opening_not_allowed', 'role_above_own'])

/** A refusal's HTTP code: what does not exist is 404, what the role is not enough for 403, what is malformed 400, what a rule forbids 409. */
const httpCode = (status: string) => (NOT_FOUND.has(status) ? 404 : NOT_ALLOWED.has(status) ? 403 : status.startsWith('invalid_') ? 400 : 409)

/**
 * A refusal of the domain as an answer.
 * @param outcome the SQL function's answer, with its status and, where it has them, field and reason
 * @returns HTTP code and the parts of the answer; the field as the request names it
 */
export function explainRefusal(outcome: { status: string, [key: string]: unknown }) {
  const { status, field } = outcome
  return {
    code: httpCode(status),
    status,
    message: refusalMessage(outcome),
    hint: ruleOf(status)?.advice,
    field: typeof field === 'string' ? field.replace(/^p_/, '') : undefined,
  }
}

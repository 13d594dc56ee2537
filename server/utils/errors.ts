import { isError } from 'h3'
import { ZodError } from 'zod'
import { consoleDb } from './database'
import { explainRefusal } from './refusals'
import { Crowded } from '../auth/passwords'
import { getGate } from '../db/gates'
import { InvalidCursorError } from '../db/keyset'
import { PreviewError, Refusal } from '../db/runs'
import type { ApiError } from '#shared/schemas/error'

/** An error with its answer: HTTP code, body without the request's id, and after how many seconds to try again. */
export interface Answer { code: number, error: Omit<ApiError, 'request_id'>, retryAfter?: number }

/** A field that the schemas cannot judge on their own. */
export class FieldError extends Error {
  constructor(readonly field: string, message: string) {
    super(message)
  }
}

/** What was asked for is not there. */
export class NotFound extends Error {}

/** Nobody we know, or not allowed to do this. */
export class Denied extends Error {
  constructor(readonly code: 401 | 403, message: string) {
    super(message)
  }
}

/** Asked too often; after so many seconds one may ask again. */
export class TooMany extends Error {
  constructor(readonly retryAfter: number) {
    super('too many attempts')
  }
}

const AWAY = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN|08|57P0|53300)/
const BUSY = new Set(['55P03', '40001', '40P01'])
const BEHIND = new Set(['42P01', '42883', '42703', '3F000'])

function databaseAnswer(error: { code?: unknown, message?: string }): Answer | null {
  const code = String(error.code ?? '')
  const message = error.message ?? ''
  if (AWAY.test(code) || /Connection terminated|connection timeout|timeout exceeded when trying to connect|Client has encountered a connection error/i.test(message)) {
    return { code: 503, retryAfter: 2, error: { status: 'database_unavailable', message: 'The database cannot be reached at the moment.', hint: 'Nothing was changed. The console tries again by itself.' } }
  }
  if (BUSY.has(code)) {
    return { code: 503, retryAfter: 2, error: { status: 'database_busy', message: 'Another transaction holds what this one needs.', hint: 'Nothing was changed. Try again in a moment.' } }
  }
  if (code === '57014') {
    return { code: 503, retryAfter: 10, error: { status: 'database_too_slow', message: 'The database took too long and the statement was stopped.', hint: 'Nothing was changed. Try again, or ask for less.' } }
  }
  if (BEHIND.has(code)) {
    return { code: 503, retryAfter: 60, error: { status: 'database_behind', message: 'The database lacks something this console needs.', hint: 'Bring it up to date with: npm run db:migrate' } }
  }
  return null
}

function invalidRequest(error: ZodError): Answer {
  const fields = error.issues.flatMap(issue => issue.code === 'unrecognized_keys'
    ? issue.keys.map(key => ({ path: [...issue.path, key].join('.'), message: 'there is no such field' }))
    : [{ path: issue.path.join('.') || 'body', message: issue.message }])
  const [first] = fields
  return {
    code: 400,
    error: { status: 'invalid_request', message: `${first!.path}: ${first!.message}`, field: first!.path, fields },
  }
}

async function refusalAnswer(refusal: Refusal): Promise<Answer> {
  const { code, ...error } = explainRefusal(refusal.outcome)
  const { gate } = refusal.outcome
  return {
    code,
    error: {
      ...error,
      gate: typeof gate === 'string' ? await getGate(consoleDb(), gate) ?? undefined : undefined,
      changes: refusal instanceof PreviewError ? refusal.changes : undefined,
    },
  }
}

/**
 * The one map from errors to answers.
 * @param error whatever a route threw
 * @returns its answer; null when it is a fault of ours, of which the answer says nothing but an id
 */
export async function answerTo(error: unknown): Promise<Answer | null> {
  const cause = isError(error) && error.data instanceof Error ? error.data : error
  if (cause instanceof ZodError) return invalidRequest(cause)
  if (cause instanceof Refusal) return refusalAnswer(cause)
  if (cause instanceof FieldError || cause instanceof InvalidCursorError) {
    return { code: 400, error: { status: 'invalid_request', message: `${cause.field}: ${cause.message}`, field: cause.field } }
  }
  if (cause instanceof NotFound) return { code: 404, error: { status: 'not_found', message: cause.message } }
  if (cause instanceof Denied) {
    return { code: cause.code, error: { status: cause.code === 401 ? 'not_signed_in' : 'not_allowed', message: cause.message } }
  }
  if (cause instanceof TooMany) {
    return { code: 429, retryAfter: cause.retryAfter, error: { status: 'too_many_attempts', message: 'There were too many attempts.', hint: `Try again in ${Math.ceil(cause.retryAfter / 60)} minutes.` } }
  }
  if (cause instanceof Crowded) {
    return { code: 503, retryAfter: 5, error: { status: 'busy', message: 'Too many people sign in at this moment.', hint: 'Try again in a few seconds.' } }
  }
  if (isError(cause) && cause.statusCode < 500) {
    const bodyIsNoJson = cause.message === 'Invalid JSON body' || cause.statusMessage === 'Bad Request'
    return {
      code: cause.statusCode,
      error: bodyIsNoJson
        ? { status: 'invalid_request', message: 'body: must be JSON', field: 'body' }
        : { status: 'invalid_request', message: cause.message },
    }
  }
  return databaseAnswer((cause ?? {}) as { code?: unknown })
}

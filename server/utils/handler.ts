import { randomUUID } from 'node:crypto'
import {
  type EventHandlerRequest, type H3Event, createError, defineEventHandler, getRequestHeader, setResponseHeader, setResponseStatus,
} from 'h3'
import { consoleDb } from './database'
import { Denied, answerTo } from './errors'
import { log } from './log'
import { clientAddress, isForThisConsole, isFromOwnPages } from '../auth/address'
import type { Identity, Operator } from '../auth/identify'
import { recordAudit } from '../db/audit'
import type { Db } from '../db/client'
import type { Asked } from '../db/runs'
import { OPENS_GATES, ROUTES, type RouteName, may } from '#shared/access'
import type { ApiErrorBody } from '#shared/schemas/error'

const SAFE_METHODS = new Set(['GET', 'HEAD'])
const MAX_BODY_BYTES = 1024 * 1024

/** What a route gets besides the event: the database, who is asking and from where, and both as commands want it. */
export interface Context { db: Db, user: Operator, address: string, asked: Asked }

/** Who asks where everybody may. */
const NOBODY: Operator = { id: '', name: 'nobody', role: 'viewer', sessionId: null }

function checkHost(event: H3Event) {
  if (!isForThisConsole(event)) throw createError({ statusCode: 421, message: 'This console has another address.' })
}

function authorise(event: H3Event, route: RouteName): Operator {
  const { operator, failure } = event.context.identity as Identity
  checkHost(event)
  if (failure !== undefined) throw failure
  if (!operator) throw new Denied(401, 'Sign in first.')
  if (ROUTES[route] === 'person' && operator.sessionId === null) throw new Denied(403, 'A token cannot do this; sign in with a browser.')
  if (!may(operator.role, route)) throw new Denied(403, `This needs the role ${ROUTES[route]}.`)
  return operator
}

/** A write comes from the console's own pages or from no browser at all, and says that it is JSON. */
function checkWrite(event: H3Event) {
  if (SAFE_METHODS.has(event.method)) return
  // Here too, for what anyone may ask: the origin is compared with it.
  checkHost(event)
  if (!isFromOwnPages(event)) throw new Denied(403, 'Another site may not write here.')
  if (!/^application\/json\b/i.test(getRequestHeader(event, 'content-type') ?? '')) {
    throw createError({ statusCode: 415, message: 'The body must be sent as application/json.' })
  }
  // Without a length, the limit would only be noticed by reading past it.
  if (getRequestHeader(event, 'transfer-encoding')) {
    throw createError({ statusCode: 411, message: 'The body must be sent with its length.' })
  }
  if (Number(getRequestHeader(event, 'content-length') ?? 0) > MAX_BODY_BYTES) {
    throw createError({ statusCode: 413, message: 'The body is larger than 1 MB.' })
  }
}

/**
 * The one wrapper that every route goes through: it lets in only those whom the table of access names for the route, maps
 * every error to an answer and logs one line a request. A route that is not in the table does not compile.
 * @param name the route as `app/shared/access.ts` has it
 * @param route validates, calls, returns
 * @returns the event handler
 */
export function defineConsoleHandler<Result>(
  name: RouteName,
  route: (event: H3Event<EventHandlerRequest>, context: Context) => Result | Promise<Result>,
) {
  return defineEventHandler(async (event): Promise<Result> => {
    const id = randomUUID()
    const started = performance.now()
    setResponseHeader(event, 'x-request-id', id)
    setResponseHeader(event, 'cache-control', 'no-store')
    let user = NOBODY
    let code = 200
    let fault: unknown
    try {
      if (ROUTES[name] !== 'anyone') user = authorise(event, name)
      // What is not there writes nothing, whatever was sent.
      if (name !== '* /api/**') checkWrite(event)
      const address = clientAddress(event)
      const asked = { operator: user.name, address, mayOpenGates: may(user.role, OPENS_GATES) }
      return await route(event, { db: consoleDb(), user, address, asked })
    }
    catch (error) {
      const answer = await answerTo(error).catch(() => null)
      code = answer?.code ?? 500
      if (!answer || code === 503) fault = error
      if (error instanceof Denied && error.code === 403) await auditDenial(event, name)
      setResponseStatus(event, code)
      if (answer?.retryAfter) setResponseHeader(event, 'retry-after', answer.retryAfter)
      const body: ApiErrorBody = {
        error: {
          ...(answer?.error ?? { status: 'internal_error', message: 'Something went wrong on our side. The log has the details under this id.' }),
          request_id: id,
        },
      }
      return body as Result
    }
    finally {
      log[code >= 500 ? 'error' : 'info']({
        id, method: event.method, path: event.path.split('?')[0], status: code,
        ms: Math.round(performance.now() - started), user: user.name, ...(fault instanceof Error ? { err: describe(fault) } : {}),
      }, 'request')
    }
  })
}

/** Somebody we know tried what is not for them; where it cannot be written down, the log has it. */
async function auditDenial(event: H3Event, route: RouteName) {
  const who = (event.context.identity as Identity).operator?.name
  if (who) await recordAudit(consoleDb(), { kind: 'denied', outcome: 'refused', who, address: clientAddress(event), subject: route }).catch(() => {})
}

/** The parts of an error that help and hold no data: PostgreSQL puts row values into `detail`. */
const describe = (error: Error & { code?: unknown }) => ({ type: error.name, code: error.code, message: error.message, stack: error.stack })

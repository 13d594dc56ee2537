import { randomUUID } from 'node:crypto'
import {
  type EventHandlerRequest, type H3Event, createError, defineEventHandler, getRequestHeader, setResponseHeader, setResponseStatus,
} from 'h3'
import { consoleDb } from './database'
import { Denied, answerTo } from './errors'
import { log } from './log'
import type { Operator, Role } from './operator'
import type { Db } from '../db/client'
import type { ApiErrorBody } from '#shared/schemas/error'

const RANK: Record<Role, number> = { viewer: 1, operator: 2, administrator: 3 }
const SAFE_METHODS = new Set(['GET', 'HEAD'])
const MAX_BODY_BYTES = 1024 * 1024

/** What a route gets besides the event: the database and who is asking. */
export interface Context { db: Db, user: Operator }

function authorise(event: H3Event, role: Role): Operator {
  const user = event.context.operator as Operator | null | undefined
  if (!user) throw new Denied(401, 'This console only answers on the machine it runs on.')
  if (RANK[user.role] < RANK[role]) throw new Denied(403, `This needs the role ${role}.`)
  return user
}

/** A write comes from the console's own pages or from no browser at all, and says that it is JSON. */
function checkWrite(event: H3Event) {
  if (SAFE_METHODS.has(event.method)) return
  const site = getRequestHeader(event, 'sec-fetch-site')
  if (site && site !== 'same-origin' && site !== 'none') throw new Denied(403, 'Another site may not write here.')
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
 * The one wrapper that every route goes through: it knows who asks, lets in only the role the route names, maps every
 * error to an answer and logs one line a request. A route that forgets its role does not compile.
 * @param access the least role; 'anyone' for liveness only
 * @param route validates, calls, returns
 * @returns the event handler
 */
export function defineConsoleHandler<Result>(
  access: { role: Role | 'anyone' },
  route: (event: H3Event<EventHandlerRequest>, context: Context) => Result | Promise<Result>,
) {
  return defineEventHandler(async (event): Promise<Result> => {
    const id = randomUUID()
    const started = performance.now()
    setResponseHeader(event, 'x-request-id', id)
    setResponseHeader(event, 'cache-control', 'no-store')
    let user: Operator = { name: 'nobody', role: 'viewer' }
    let code = 200
    let fault: unknown
    try {
      if (access.role !== 'anyone') user = authorise(event, access.role)
      checkWrite(event)
      return await route(event, { db: consoleDb(), user })
    }
    catch (error) {
      const answer = await answerTo(error).catch(() => null)
      code = answer?.code ?? 500
      if (!answer || code === 503) fault = error
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

/** The parts of an error that help and hold no data: PostgreSQL puts row values into `detail`. */
const describe = (error: Error & { code?: unknown }) => ({ type: error.name, code: error.code, message: error.message, stack: error.stack })

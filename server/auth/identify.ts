import { createHash } from 'node:crypto'
import { type H3Event, getRequestHeader } from 'h3'
import { sql } from 'kysely'
import { tokenPerson } from '../db/tokens'
import { consoleDb } from '../utils/database'
import { accessLibrary } from './library'
import type { Role } from '#shared/access'

/** Who is asking. */
export interface Operator {
  id: string
  /** What stands on the records: the e-mail address, with the token's name where a token was shown. */
  name: string
  role: Role
  /** The browser's session; null for a token. */
  sessionId: string | null
}

/** What is known of a request: the person, or why it could not be found out. */
export interface Identity { operator: Operator | null, failure?: unknown }

/** What a page hands on when it fetches from a route in this very process; a request from outside cannot have it. */
interface InternalRequest { __unenv__?: { identity?: Identity } }

/** How a secret that is only ever compared is kept: it is random, so a fast hash is enough. */
export const hashToken = (token: string) => createHash('sha256').update(token).digest('hex')

async function lookUp(event: H3Event): Promise<Operator | null> {
  const bearer = /^Bearer (\S{20,200})$/.exec(getRequestHeader(event, 'authorization') ?? '')?.[1]
  if (bearer) return tokenPerson(consoleDb(), hashToken(bearer))
  if (!getRequestHeader(event, 'cookie')?.includes('__Host-iu-session=')) return null
  const found = await accessLibrary().api.getSession({ headers: event.headers })
  if (!found || found.user.disabledAt) return null
  return { id: found.user.id, name: found.user.email, role: found.user.role as Role, sessionId: found.session.id }
}

/** The library keeps to itself why it failed: if the database is the reason, the database says so itself. */
async function reasonOf(failure: unknown): Promise<unknown> {
  try {
    await sql`select 1`.execute(consoleDb())
    return failure
  }
  catch (reason) {
    return reason
  }
}

/**
 * Finds out who is asking, by token or by session; both are looked up in the database each time.
 * @returns never throws: a database that is away is the answer's business
 */
export async function identify(event: H3Event): Promise<Identity> {
  const page = (event.node.req as InternalRequest).__unenv__
  if (page) return page.identity ?? { operator: null }
  try {
    return { operator: await lookUp(event) }
  }
  catch (failure) {
    return { operator: null, failure: await reasonOf(failure) }
  }
}

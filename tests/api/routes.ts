/**
 * Every route below server/api, for the tests that go through all of them. A new route gets a row here: the test of this
 * table fails without one. Those that read are in routes-reading.ts, those that write in routes-writing.ts.
 */
import type { z } from 'zod'
import type { Db } from '../../server/db/client'
import type { Field, Sent } from './kinds'
import { READING } from './routes-reading'
import { TAKEN_NAME, WRITING } from './routes-writing'
import type { Own } from './support'
import type { Role } from '#shared/access'

export interface RouteBase {
  /** Below server/api, without `.ts`. */
  file: string
  /** The least role that it answers. */
  role: Role | 'anyone'
  /** Parts of the path by name. */
  path?: Record<string, Sent>
  /** What a success is answered with. */
  answer: z.ZodType | 'file'
}

/** A route that reads. */
export interface ReadingRoute extends RouteBase {
  /** Fields of the query, the schema that judges them, and a value for each that is needed; without it a query is ignored. */
  query?: { schema: z.ZodObject, fields: Record<string, Sent>, needed?: Record<string, string> }
  /** Addresses below the path that answer; the path alone when left out. */
  asked?: (db: Db) => Promise<{ params?: Record<string, string>, query?: string }[]>
}

/** A route that writes. */
export interface WritingRoute extends RouteBase {
  /** The schema that judges the body. */
  request: z.ZodObject
  fields: Record<string, Field>
  params?: Record<string, string>
  /** A body with every field that comes close to what the route takes, but changes nothing but the record of runs. */
  close: (db: Db) => Promise<Record<string, unknown>>
  /** Tables that a body which differs from `close` in one field may rightly write. */
  mayWrite?: string[]
  /** A body, and the names in the path, with which it succeeds; it sets up what it needs. */
  succeeds: (own: Own) => Promise<{ params?: Record<string, string>, body: Record<string, unknown> }>
}

/** The method and the address of a route. */
export function addressOf(file: string, params: Record<string, string> = {}): { method: string, path: string } {
  const [, path, method] = /^(.+)\.(get|post|put)$/.exec(file)!
  const filled = path!.replace(/\/index$/, '').replace(/\[(\w+)\]/g, (_, name: string) => encodeURIComponent(params[name] ?? `no-${name}`))
  return { method: method!.toUpperCase(), path: `/api/${filled}` }
}

export { READING, TAKEN_NAME, WRITING }

/**
 * Every route below server/api, for the tests that go through all of them. A new route gets a row here: the test of this
 * table fails without one. Those that read are in routes-reading.ts, those that write in routes-writing.ts.
 */
import type { z } from 'zod'
import type { Db } from '../../server/db/client'
import type { Field, Sent } from './kinds'
import { ACTING, ANSWERED_BY_PROVIDER } from './routes-acting'
import { READING } from './routes-reading'
import { TAKEN_NAME, WRITING } from './routes-writing'
import type { Asks, Own } from './support'
import type { RouteName } from '#shared/access'

export interface RouteBase {
  /** Below server/api, without `.ts`. */
  file: string
  /** Parts of the path by name. */
  path?: Record<string, Sent>
  /** What a success is answered with. */
  answer: z.ZodType | 'file'
}

/** A route that does something without a body. */
export interface ActingRoute extends RouteBase {
  /** The names in the path with which it succeeds, and who asks; it sets up what it needs. */
  succeeds: (own: Own) => Promise<{ params?: Record<string, string>, as?: Asks }>
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
  /** The field that only the account can judge: `close` is refused for it. */
  judgedByAccount?: string
  /** A body, and the names in the path, with which it succeeds, and who asks; it sets up what it needs. */
  succeeds: (own: Own) => Promise<{ params?: Record<string, string>, body: Record<string, unknown>, as?: Asks }>
}

/** The method and the address of a route. */
export function addressOf(file: string, params: Record<string, string> = {}): { method: string, path: string } {
  const [, path, method] = /^(.+)\.(get|post|put)$/.exec(file)!
  const filled = path!.replace(/\/index$/, '').replace(/\[(\w+)\]/g, (_, name: string) => encodeURIComponent(params[name] ?? `no-${name}`))
  return { method: method!.toUpperCase(), path: `/api/${filled}` }
}

/** The name that the table of access has for a route. */
export function nameOf(file: string): RouteName {
  const { method, path } = addressOf(file)
  const names = [...file.matchAll(/\[(\w+)\]/g)].map(([, name]) => name!)
  return names.reduce((address, name) => address.replace(`no-${name}`, `:${name}`), `${method} ${path}`) as RouteName
}

export { ACTING, ANSWERED_BY_PROVIDER, READING, TAKEN_NAME, WRITING }

import { type H3Event, getRequestHeader, getRequestIP } from 'h3'

export type Role = 'viewer' | 'operator' | 'administrator'
export interface Operator { name: string, role: Role }

const LOOPBACK_ADDRESS = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/

/** What a page hands on when it fetches from a route in this very process; a request from outside cannot have it. */
interface InternalRequest { __unenv__?: { operator?: Operator | null } }

/**
 * Who is asking. Until there are accounts, everybody on loopback is the operator and nobody else is anybody; this is
 * the one place where that changes. The host name is looked at too, so that a foreign page whose name is bound to
 * 127.0.0.1 gets nowhere.
 * @returns null when nobody we know
 */
export function identifyOperator(event: H3Event): Operator | null {
  const page = (event.node.req as InternalRequest).__unenv__
  if (page) return page.operator ?? null
  const local = LOOPBACK_ADDRESS.test(getRequestIP(event) ?? '') && LOOPBACK_HOST.test(getRequestHeader(event, 'host') ?? '')
  return local ? { name: 'operator', role: 'administrator' } : null
}

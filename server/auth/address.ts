import { type H3Event, getRequestHeader } from 'h3'
import { accessSettings } from './settings'

/** Header in which `server/auth` tells the library where a request comes from; never taken from outside. */
export const CLIENT_ADDRESS = 'x-iu-client-address'

const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/

/**
 * The address a request comes from. Behind a trusted proxy it is the last one in X-Forwarded-For: what stands before it
 * was sent by the client, who may write what he likes.
 * @returns `unknown` when the connection is gone already
 */
export function clientAddress(event: H3Event): string {
  const forwarded = accessSettings().trustProxy ? getRequestHeader(event, 'x-forwarded-for')?.split(',').at(-1)?.trim() : undefined
  return (forwarded || event.node.req.socket?.remoteAddress || 'unknown').replace(/^::ffff:/, '')
}

/**
 * Whether a request was meant for this console: for the address it was given or, without one, for this machine. A foreign
 * page whose name is bound to 127.0.0.1 is told apart by that.
 */
export function isForThisConsole(event: H3Event): boolean {
  const host = getRequestHeader(event, 'host') ?? ''
  const { origin } = accessSettings()
  return origin !== null && host === new URL(origin).host ? true : LOOPBACK_HOST.test(host)
}

/**
 * Whether a request that writes comes from the console's own pages, or from no browser at all.
 * @param event its Sec-Fetch-Site and Origin are looked at; browsers send them, and pages cannot change them
 */
export function isFromOwnPages(event: H3Event): boolean {
  const site = getRequestHeader(event, 'sec-fetch-site')
  if (site && site !== 'same-origin' && site !== 'none') return false
  const from = getRequestHeader(event, 'origin')
  if (from === undefined) return true
  const { origin } = accessSettings()
  return from === origin || from === `http://${getRequestHeader(event, 'host')}` || (origin !== null && from === `https://${getRequestHeader(event, 'host')}`)
}

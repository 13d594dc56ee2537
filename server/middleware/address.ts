import { defineEventHandler } from 'h3'

/** A question mark, a hash or a per cent sign, written so that it is part of a name. */
const ENCODED = /%(?:3F|23|25)/i

// h3 decodes the path before it looks for the route: what is a name in the address would begin a query or a fragment.
// Such a path is routed as it was sent; routes and pages decode their parameters themselves.
export default defineEventHandler((event) => {
  const sent = event.node.req.originalUrl ?? event.node.req.url ?? '/'
  if (ENCODED.test(sent.split('?')[0]!)) Object.defineProperty(event, 'path', { value: sent })
})

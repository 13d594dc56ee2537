import type { Server } from 'node:http'

/** A request that takes longer to arrive than this is no request of ours. Answers may take their time. */
const ARRIVAL_MS = 30_000

/** Keeps connections that send a byte now and then from being held for ever; the server is first met with a request. */
export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook('request', ({ node }) => {
    const server = (node.req.socket as unknown as { server?: Server } | undefined)?.server
    if (server) server.requestTimeout = server.headersTimeout = ARRIVAL_MS
  })
})

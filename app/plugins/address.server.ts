// The page of the address that was sent: decoded by h3 and encoded again by Nuxt, a name with ? or % in it is another one.
export default defineNuxtPlugin({
  name: 'address',
  // Before the router reads it.
  order: -30,
  setup({ ssrContext, payload }) {
    if (!ssrContext || ssrContext.error) return
    ssrContext.url = ssrContext.event.node.req.originalUrl ?? ssrContext.url
    payload.path = ssrContext.url
  },
})

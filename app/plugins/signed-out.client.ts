/** The one place that notices that the session has ended, or that there is one again: every request of a page passes here. */
export default defineNuxtPlugin(() => {
  const signedOut = useSignedOut()
  globalThis.$fetch = $fetch.create({
    onResponse({ response }) {
      if (response.status === 401) signedOut.value = true
      else if (response.ok) signedOut.value = false
    },
  }) as typeof $fetch
})

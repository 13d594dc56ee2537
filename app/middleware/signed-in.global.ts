import type { Identity } from '../../server/auth/identify'
import type { SignedIn } from '#shared/schemas/account'
import { toApiError } from '#shared/utils/api-error'

/**
 * Nobody sees a page who is not signed in, unless the page says that it is for anyone. The data is guarded where it is
 * served; this only spares a stranger the empty rooms.
 */
export default defineNuxtRouteMiddleware(async (to) => {
  if (to.meta.access === 'anyone') return
  const person = usePerson()
  if (import.meta.server) {
    const { operator, failure } = useRequestEvent()!.context.identity as Identity
    // The database is away: the page says so.
    if (failure !== undefined) return
    person.value = operator && { id: operator.id, name: operator.name, role: operator.role }
  }
  else if (!person.value || useSignedOut().value) {
    try {
      person.value = await $fetch<SignedIn>('/api/session')
    }
    catch (error) {
      // Only the server can say that nobody is signed in; while it or its database is away, the page says so.
      if (toApiError(error).statusCode !== 401) return
      person.value = null
    }
  }
  if (!person.value) return navigateTo({ path: '/sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } })
})

import type { Identity } from '../../server/auth/identify'
import type { SignedIn } from '#shared/schemas/account'

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
    person.value = await $fetch<SignedIn>('/api/session').catch(() => null)
  }
  if (!person.value) return navigateTo({ path: '/sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } })
})

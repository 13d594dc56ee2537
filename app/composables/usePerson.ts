import { type RouteName, may } from '#shared/access'
import type { SignedIn } from '#shared/schemas/account'

/** Who is signed in; null while nobody is. */
export const usePerson = () => useState<SignedIn | null>('person', () => null)

/**
 * Whether the person who is signed in may use a route: what buttons go by. The server decides in any case.
 * @returns a function of the route's name
 */
export function useMay() {
  const person = usePerson()
  return (route: RouteName) => person.value !== null && may(person.value.role, route)
}

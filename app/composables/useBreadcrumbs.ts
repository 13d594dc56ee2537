import type { InjectionKey, MaybeRefOrGetter } from 'vue'

export interface Crumb {
  label: string
  /** Left out for the page itself and for a group of the navigation that has no page. */
  to?: string
}

const key: InjectionKey<MaybeRefOrGetter<Crumb[]>> = Symbol('breadcrumbs')

/**
 * Says where the page stands; CommonPageHeader shows it. Call it in the page's setup.
 * Handed down by injection, not through shared state: the server has rendered the layout before it reaches the page.
 * @param crumbs from the outermost to the page itself
 */
export function useBreadcrumbs(crumbs: MaybeRefOrGetter<Crumb[]>) {
  provide(key, crumbs)
}

/** @returns the crumbs of the page around the calling component; empty when it named none */
export function injectBreadcrumbs() {
  const crumbs = inject(key, [])
  return computed(() => toValue(crumbs))
}

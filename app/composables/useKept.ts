/**
 * Keeps what came last: useFetch empties its data when a renewal fails, and that must not empty the page.
 * @param data the `data` of a useFetch, already awaited
 * @returns the same, without going back to nothing
 */
export function useKept<T>(data: Readonly<Ref<T | null | undefined>>) {
  const kept = shallowRef(data.value)
  watch(data, (next) => {
    if (next) kept.value = next
  }, { flush: 'sync' })
  return kept
}

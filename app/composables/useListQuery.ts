type Value = string | number | boolean
/** Widens the literal types of the defaults: `''` is any text, `false` any switch. */
type Filters<T> = { [K in keyof T]: T[K] extends boolean ? boolean : T[K] extends number ? number : T[K] extends string ? string : T[K] }

interface SetOptions {
  /** Adds to the history, so that Back undoes it: for a choice. Without it the address is replaced: for typing. */
  push?: boolean
}

function read(raw: unknown, fallback: Value): Value {
  const text = Array.isArray(raw) ? raw[0] : raw
  if (typeof text !== 'string') return fallback
  if (typeof fallback === 'boolean') return text === 'true'
  if (typeof fallback === 'number') return Number.isFinite(Number(text)) ? Number(text) : fallback
  return text
}

/**
 * Filters, sort and page of a list, kept in the address: what is seen can be sent to a colleague.
 * @param defaults every filter with the value that means "not set"; its type decides how the address is read
 * @returns `filters` (all values), `query` (only what differs from the defaults, for useFetch and exports),
 *   `isFiltered`, `set`, `model` (for v-model), `clear`, `cursor` and `goTo` (a page by its cursor)
 */
export function useListQuery<T extends Record<string, Value>>(defaults: T) {
  const route = useRoute()
  const router = useRouter()
  const keys = Object.keys(defaults) as (keyof T & string)[]

  const filters = computed(() =>
    Object.fromEntries(keys.map(key => [key, read(route.query[key], defaults[key]!)])) as Filters<T>)
  const cursor = computed(() => (typeof route.query.cursor === 'string' ? route.query.cursor : undefined))

  const compact = (values: Record<string, Value>) =>
    Object.fromEntries(keys.filter(key => values[key] !== defaults[key]).map(key => [key, String(values[key])]))
  const query = computed<Record<string, string>>(() => ({
    ...compact(filters.value),
    ...(cursor.value ? { cursor: cursor.value } : {}),
  }))
  const isFiltered = computed(() => keys.some(key => key !== 'sort' && key !== 'dir' && filters.value[key] !== defaults[key]))

  const others = () => Object.fromEntries(Object.entries(route.query).filter(([key]) => key !== 'cursor' && !keys.includes(key)))
  const go = (next: Record<string, unknown>, push: boolean) =>
    router[push ? 'push' : 'replace']({ query: { ...others(), ...next } as Record<string, string>, hash: route.hash })

  /** Changes filters. The cursor belongs to the old list and is dropped. */
  const set = (patch: Partial<Filters<T>>, { push = false }: SetOptions = {}) =>
    go(compact({ ...filters.value, ...patch } as Record<string, Value>), push)

  const clear = () => go({}, true)
  const goTo = (next: string | undefined) => go({ ...compact(filters.value), ...(next ? { cursor: next } : {}) }, true)

  /** One filter for v-model; with `debounce` (ms) the address follows once typing pauses. */
  function model<K extends keyof T & string>(key: K, { debounce = 0, push = debounce === 0 }: SetOptions & { debounce?: number } = {}) {
    const local = ref(filters.value[key]) as Ref<Filters<T>[K]>
    let timer: ReturnType<typeof setTimeout> | undefined
    const commit = () => {
      timer = undefined
      set({ [key]: local.value } as unknown as Partial<Filters<T>>, { push })
    }
    watch(() => filters.value[key], (value) => {
      if (timer === undefined) local.value = value
    })
    // On the way to another page, what was typed last would come after it and hold the reader back.
    const leaving = router.beforeEach((to, from) => {
      if (to.path !== from.path) clearTimeout(timer)
    })
    onScopeDispose(() => {
      clearTimeout(timer)
      leaving()
    })
    return computed<Filters<T>[K]>({
      get: () => local.value,
      set: (value) => {
        local.value = value
        clearTimeout(timer)
        if (debounce === 0) commit()
        else timer = setTimeout(commit, debounce)
      },
    })
  }

  return { filters, query, cursor, isFiltered, set, model, clear, goTo }
}

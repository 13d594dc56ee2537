interface Actions {
  openSearch: () => void
  showShortcuts: () => void
}

/** Puts the cursor into the page's filter, the element marked `data-page-filter` (or the field inside it). */
function focusFilter() {
  const marked = document.querySelector<HTMLElement>('[data-page-filter]')
  const field = marked?.matches('input') ? marked : marked?.querySelector<HTMLElement>('input')
  field?.focus()
  if (field instanceof HTMLInputElement) field.select()
}

/** The keys that work on every page. For the layout, once. */
export function useConsoleShortcuts({ openSearch, showShortcuts }: Actions) {
  const { entries } = useNavigation()
  const goTo = Object.fromEntries(entries.value.map(({ key, to }) => [`g-${key}`, () => void navigateTo(to)]))
  defineShortcuts({
    'meta_k': { usingInput: true, handler: openSearch },
    '/': focusFilter,
    '?': showShortcuts,
    ...goTo,
  })
}

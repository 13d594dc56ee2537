import { NAVIGATION } from '#shared/utils/navigation'

/**
 * The pages that the person who is signed in may use.
 * @returns `sections` as the side navigation shows them, and all `entries` in their order
 */
export function useNavigation() {
  const may = useMay()
  const sections = computed(() => NAVIGATION.map(section => ({
    ...section, entries: section.entries.filter(({ needs }) => needs === undefined || may(needs)),
  })))
  return { sections, entries: computed(() => sections.value.flatMap(section => section.entries)) }
}

import type { RouteName } from '../access'
import type { Shell } from '#shared/schemas/shell'

export interface NavEntry {
  label: string
  to: string
  icon: string
  /** Second key after `g`. */
  key: string
  /** The quiet figure at the end of the entry. */
  count?: (shell: Shell) => number | string
  /** Shown only to those who may use this route. */
  needs?: RouteName
}

export interface NavSection {
  /** Without a label: stands on its own at the top. */
  label?: string
  entries: NavEntry[]
}

/** The console's pages, as the side navigation, the search box and the `g` shortcuts know them: one line each. */
export const NAVIGATION: NavSection[] = [
  {
    entries: [
      { label: 'Overview', to: '/', icon: 'i-lucide-activity', key: 'h' },
    ],
  },
  {
    label: 'Observe',
    entries: [
      { label: 'Templates', to: '/templates', icon: 'i-lucide-layers', key: 't', count: shell => shell.counts.templates },
      { label: 'Families', to: '/families', icon: 'i-lucide-git-branch', key: 'f', count: shell => shell.counts.families },
      { label: 'Pieces', to: '/pieces', icon: 'i-lucide-file-text', key: 'p', count: shell => shell.counts.pieces },
      { label: 'Events', to: '/events', icon: 'i-lucide-scroll-text', key: 'e', count: shell => shell.counts.events },
      { label: 'Outbox', to: '/outbox', icon: 'i-lucide-inbox', key: 'b' },
    ],
  },
  {
    label: 'Act',
    entries: [
      { label: 'Orchestrate', to: '/orchestrate', icon: 'i-lucide-play', key: 'o' },
      { label: 'Scale out', to: '/scaleout', icon: 'i-lucide-copy-plus', key: 's' },
      { label: 'Roll back', to: '/rollback', icon: 'i-lucide-undo-2', key: 'r' },
    ],
  },
  {
    label: 'Govern',
    entries: [
      { label: 'Gates', to: '/gates', icon: 'i-lucide-shield', key: 'g', count: shell => `${shell.gates.open.length} open` },
      { label: 'Health', to: '/health', icon: 'i-lucide-heart-pulse', key: 'k' },
      { label: 'Conformance', to: '/conformance', icon: 'i-lucide-list-checks', key: 'm' },
      { label: 'Retention', to: '/retention', icon: 'i-lucide-archive', key: 'n' },
      { label: 'Invariants', to: '/invariants', icon: 'i-lucide-scale', key: 'i' },
      { label: 'Commands', to: '/commands', icon: 'i-lucide-square-terminal', key: 'c' },
      { label: 'Runs', to: '/runs', icon: 'i-lucide-history', key: 'u' },
      { label: 'Audit', to: '/audit', icon: 'i-lucide-file-clock', key: 'a', needs: 'GET /api/audit' },
      { label: 'People', to: '/people', icon: 'i-lucide-users', key: 'l', needs: 'GET /api/people' },
    ],
  },
]

/** Every page of the navigation, in its order. */
export const PAGES: NavEntry[] = NAVIGATION.flatMap(section => section.entries)

/** Pages that are reached from a list and belong to an entry: the entry stays marked while one of them is open. */
const BELONGS: [prefix: string, entry: string][] = [
  ['/instances', '/templates'],
  ['/sharing', '/templates'],
  ['/retire', '/rollback'],
  ['/erase-lineage', '/rollback'],
]

/**
 * @param to an entry's address
 * @param path the address now
 * @returns whether the entry is the one the page belongs to
 */
export function isCurrentEntry(to: string, path: string): boolean {
  if (to === '/') return path === '/'
  const under = (prefix: string) => path === prefix || path.startsWith(`${prefix}/`)
  return under(to) || BELONGS.some(([prefix, entry]) => entry === to && under(prefix))
}

/** The semantic colours of @nuxt/ui; app.config.ts says which hue each one is. */
export type Tone = 'primary' | 'secondary' | 'success' | 'info' | 'warning' | 'error' | 'neutral'

export interface StatusWord {
  /** What an operator reads. Colour never stands alone: the word is always shown. */
  label: string
  tone: Tone
}

/**
 * Every status and mode the console shows, with its word and its colour. Fixed: dry run blue, live orange,
 * destructive red, diverged amber, matching green, current teal, superseded and retired neutral.
 */
const STATUS: Record<string, StatusWord> = {
  // modes
  dry_run: { label: 'dry run', tone: 'info' },
  live: { label: 'live', tone: 'secondary' },
  live_destructive: { label: 'live', tone: 'error' },
  preview: { label: 'preview', tone: 'info' },
  run: { label: 'run', tone: 'secondary' },
  destructive: { label: 'destructive', tone: 'error' },

  // versions
  current: { label: 'current', tone: 'primary' },
  superseded: { label: 'superseded', tone: 'neutral' },
  retired: { label: 'retired', tone: 'neutral' },

  // drift
  in_sync: { label: 'matches', tone: 'success' },
  matching: { label: 'matches', tone: 'success' },
  diverged: { label: 'diverged', tone: 'warning' },
  instance_edited: { label: 'edited by hand', tone: 'warning' },
  template_moved: { label: 'template has moved', tone: 'warning' },
  both_changed: { label: 'both changed', tone: 'warning' },
  no_base: { label: 'no base recorded', tone: 'neutral' },

  // flags of the observability view
  template_without_version: { label: 'without a version', tone: 'warning' },
  version_without_template_marker: { label: 'version without marker', tone: 'warning' },

  // gates and health
  open: { label: 'open', tone: 'secondary' },
  closed: { label: 'closed', tone: 'neutral' },
  missing: { label: 'missing', tone: 'neutral' },
  present: { label: 'present', tone: 'success' },
  unreadable: { label: 'unreadable', tone: 'warning' },
  healthy: { label: 'healthy', tone: 'success' },
  green: { label: 'green', tone: 'success' },
  red: { label: 'red', tone: 'error' },

  // conformance
  pass: { label: 'pass', tone: 'success' },
  differs: { label: 'differs', tone: 'error' },
  extra: { label: 'extra', tone: 'warning' },
  changed: { label: 'changed', tone: 'warning' },

  // pieces and memberships
  active: { label: 'active', tone: 'success' },
  removed: { label: 'removed', tone: 'neutral' },
  draft: { label: 'draft', tone: 'neutral' },

  // deliveries
  not_routed: { label: 'not routed', tone: 'neutral' },
  due: { label: 'due', tone: 'info' },
  pending: { label: 'pending', tone: 'info' },
  delivered: { label: 'delivered', tone: 'success' },
  dead: { label: 'dead letter', tone: 'error' },
  not_live: { label: 'not live', tone: 'neutral' },
  switched_off: { label: 'switched off', tone: 'warning' },
  type_inactive: { label: 'type not in use', tone: 'warning' },
  inactive: { label: 'not in use', tone: 'neutral' },
  internal_only: { label: 'internal only', tone: 'primary' },
  unregistered: { label: 'not registered', tone: 'neutral' },

  // outcomes
  ok: { label: 'done', tone: 'success' },
  idempotent_replay: { label: 'already done before', tone: 'info' },
  refused: { label: 'refused', tone: 'warning' },
  blocked: { label: 'blocked', tone: 'warning' },
  failed: { label: 'failed', tone: 'error' },
  safe: { label: 'safe to take back', tone: 'success' },

  // people
  invited: { label: 'invited', tone: 'info' },
  not_invited: { label: 'not invited', tone: 'warning' },
  disabled: { label: 'disabled', tone: 'neutral' },
  second_factor_on: { label: 'on', tone: 'success' },
  second_factor_off: { label: 'off', tone: 'warning' },

  // the regression matrix
  invariant: { label: 'unchanged', tone: 'success' },
  expected: { label: 'as expected', tone: 'success' },
  unexpected: { label: 'not expected', tone: 'error' },
  gone: { label: 'gone', tone: 'error' },
  not_judged: { label: 'not judged', tone: 'neutral' },
}

/**
 * The word and colour of a status or mode.
 * @param value the status as SQL gives it, e.g. `dry_run`
 * @returns its word and tone; an unknown one is shown as it is, spaces for underscores, neutral
 */
export function statusWord(value: string): StatusWord {
  return STATUS[value] ?? { label: value.replaceAll('_', ' '), tone: 'neutral' }
}

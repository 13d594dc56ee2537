import { StepDelivery } from '#shared/schemas/outbox'
import type { CommandRun, Effects } from '#shared/schemas/run'

/** One fact that was otherwise in the preview. */
export interface Change { what: string, previewed: string, now: string }

const NOTHING = 'none'

/** Everything an operator was shown and counts on, one fact a line; ids of rows that are only about to exist are none. */
function facts(outcome: { status: string, [key: string]: unknown }, effects: Effects | null): Map<string, string> {
  const all = new Map([['status', outcome.status]])
  for (const step of StepDelivery.array().safeParse(outcome.deliveries).data ?? []) {
    all.set(`event ${step.event_id} along ${step.route_key}`, `attempt ${step.attempt}, ${step.outcome}`)
  }
  for (const row of effects?.tables ?? []) {
    all.set(`rows of ${row.table}`, `${row.inserted} inserted, ${row.updated} updated, ${row.deleted} deleted`)
  }
  for (const gate of effects?.gates_opened ?? []) all.set(`gate ${gate.key}`, `opened, was ${gate.was ?? 'missing'}`)
  if (effects?.instance) {
    const { instance_key, template_key, pieces } = effects.instance
    all.set('instance', `${instance_key} from ${template_key}`)
    for (const piece of pieces) all.set(`piece ${piece.position}`, `${piece.title} (${piece.canonical_address}, ${piece.role})`)
  }
  for (const row of effects?.rollback?.instances ?? []) {
    const fate = row.blocked_reason ? `stays: ${row.blocked_reason}` : 'goes'
    all.set(row.instance_key, `${fate}, ${row.membership_rows} pieces, digest ${row.instance_digest.slice(0, 8)}, ${row.drift_state}`)
  }
  for (const [what, is] of Object.entries(effects?.facts ?? {})) all.set(what, is)
  return all
}

/**
 * What has moved between a preview and its run.
 * @returns one entry per fact that differs; empty when the run does exactly what the preview showed
 */
export function compareWithPreview(preview: CommandRun, run: { outcome: { status: string }, effects: Effects }): Change[] {
  const previewed = facts({ ...preview.result, status: preview.status }, preview.effects)
  const now = facts(run.outcome, run.effects)
  return [...new Set([...previewed.keys(), ...now.keys()])]
    .map(what => ({ what, previewed: previewed.get(what) ?? NOTHING, now: now.get(what) ?? NOTHING }))
    .filter(change => change.previewed !== change.now)
}

import { factSheet } from './output'
import type { CommandRun } from '#shared/schemas/run'
import { refusalMessage, ruleOf } from '#shared/utils/refusals'
import { plural } from '#shared/utils/format'

/**
 * What came of a preview or a run, in lines.
 * @param run as it was recorded
 */
export function report(run: CommandRun): string {
  const { effects } = run
  const title = run.phase === 'preview' ? 'Preview, nothing of it was kept' : 'Done'
  return `${title}: ${run.command_name}\n${factSheet([
    ['actor', run.actor],
    ['status', run.status],
    ['answer', answerOf(run)],
    ['rows', effects?.tables.map(row => `${row.table}: ${counts(row)}`).join('\n') || 'none'],
    ['gates opened', effects?.gates_opened.map(gate => `${gate.key}, put back to ${gate.was ?? 'missing'}`).join('\n')],
    ['instance', effects?.instance && `${effects.instance.instance_key} from ${effects.instance.template_key}, ${plural(effects.instance.pieces.length, 'piece')}, ${effects.instance.digest_matches_template ? 'digest matches' : 'digest differs'}`],
    ['goes', effects?.rollback && `${plural(effects.rollback.collection_rows, 'instance')}, ${plural(effects.rollback.membership_rows, 'membership')}, ${plural(effects.rollback.log_rows, 'log row')}`],
    ['stays', effects?.rollback?.instances.filter(row => row.blocked_reason).map(row => `${row.instance_key}: ${row.blocked_reason}`).join('\n')],
    [run.phase, run.id],
  ])}`
}

/** What the function said in single words and numbers. */
const answerOf = ({ result }: CommandRun) => Object.entries(result)
  .filter(([name, value]) => name !== 'status' && ['string', 'number', 'boolean'].includes(typeof value))
  .map(([name, value]) => `${name}: ${value}`).join('\n')

const counts = (row: { inserted: number, updated: number, deleted: number }) =>
  (['inserted', 'updated', 'deleted'] as const).filter(how => row[how] > 0).map(how => `${row[how]} ${how}`).join(', ')

/** A refusal as a machine reads it. */
export const refusalOf = (outcome: { status: string, [key: string]: unknown }) =>
  ({ error: { ...outcome, message: refusalMessage(outcome), hint: ruleOf(outcome.status)?.advice } })

/**
 * A refusal in lines: which rule, what it protects, what to do.
 * @param outcome the function's own answer
 */
export function reportRefusal(outcome: { status: string, [key: string]: unknown }): string {
  const rule = ruleOf(outcome.status)
  const changes = Array.isArray(outcome.changes) ? outcome.changes as { what: string, previewed: string, now: string }[] : []
  return `Refused: ${refusalMessage(outcome)}\n${factSheet([
    ['status', outcome.status],
    ['gate', typeof outcome.gate === 'string' ? `${outcome.gate} is closed` : null],
    ['field', typeof outcome.field === 'string' ? outcome.field.replace(/^p_/, '') : null],
    ['protects', rule?.protects],
    ['what now', typeof outcome.gate === 'string' ? `${rule?.advice ?? ''} The option --open-gates does that.`.trim() : rule?.advice],
    ['has moved', changes.map(change => `${change.what}: ${change.previewed} → ${change.now}`).join('\n')],
  ])}`
}

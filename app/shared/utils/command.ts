import { COMMAND_TABLE, type CommandLink, type ToldRun } from './command-table'
import type { CommandRun } from '#shared/schemas/run'
import { FAILED } from '#shared/schemas/run'

const entryOf = (name: string) => (Object.hasOwn(COMMAND_TABLE, name) ? COMMAND_TABLE[name] : undefined)

/**
 * @param name a governed command as the catalog has it, e.g. `dot_iu_auto_instantiate_from_event`
 * @returns the command in an operator's words; an unknown one without its prefix
 */
export const commandWord = (name: string): string =>
  entryOf(name)?.word ?? name.replace(/^dot_iu_/, '').replaceAll('_', ' ')

/**
 * @param name a governed command as the catalog has it
 * @returns whether it is run dry or live; the others just do what they are called
 */
export const hasMode = (name: string): boolean => entryOf(name)?.live !== undefined

/** @returns what heads the page of a run */
export const runTitle = (run: ToldRun & { command_name: string }): string => entryOf(run.command_name)?.title(run) ?? commandWord(run.command_name)

/** @returns what the text kept beside a run is: its reason, or a note that goes with what it made */
export const reasonWord = (name: string): 'Note' | 'Reason' => (entryOf(name)?.noted ? 'Note' : 'Reason')

/**
 * What a run is called by phase and mode, and its colour: a live run that deletes is red.
 * @returns e.g. `Preview of a live rollback`, `Dry run`, `Run`
 */
export function runPhase({ command_name, phase, dry_run }: Pick<CommandRun, 'command_name' | 'phase' | 'dry_run'>) {
  const mode = dry_run ? { word: 'dry run', tone: 'info' as const } : entryOf(command_name)?.live
  if (!mode) return { label: phase === 'preview' ? 'Preview' : 'Run', tone: 'neutral' as const }
  const { word, tone } = mode
  return { label: phase === 'preview' ? `Preview of a ${word}` : word.replace(/^./, first => first.toUpperCase()), tone }
}

/**
 * The one word that matters most about a run: that it was refused or failed, what else came of it, or else its mode.
 * @returns a status of shared/utils/status.ts
 */
export function runOutcome(run: { command_name: string, phase: string, status: string, refused: boolean, dry_run: boolean }): string {
  if (run.refused) return 'refused'
  if (run.status !== 'ok') return run.status
  if (run.phase === 'preview') return 'preview'
  if (run.dry_run) return 'dry_run'
  const live = entryOf(run.command_name)?.live
  return !live ? 'ok' : live.tone === 'error' ? 'live_destructive' : 'live'
}

/** Whether the run left anything behind besides its record. */
function changedSomething(run: CommandRun): boolean {
  const dry = run.dry_run && !entryOf(run.command_name)?.dryRunWrites
  return run.effects !== null && run.phase === 'run' && run.status === 'ok' && !dry
}

/**
 * How what a run did is taken back.
 * @returns the story, and the pages where it begins; none where there is nothing to take back
 */
export function wayBackOf(run: CommandRun): { story: string, links: CommandLink[] } {
  const entry = entryOf(run.command_name)
  const nothing = (why: string) => ({ story: `${why}, so there is nothing to take back.`, links: [] })
  if (run.refused || run.status === FAILED || run.effects === null) return nothing('Nothing was changed')
  if (run.phase === 'preview') return nothing('A preview leaves nothing behind but this record')
  if (run.status === 'idempotent_replay') return nothing('All of it was there before and this run wrote nothing')
  if (!changedSomething(run)) return nothing('A dry run changes nothing')
  return { story: entry?.wayBack(run) ?? 'Nothing is known here about a way back.', links: entry?.undo?.(run) ?? [] }
}

/**
 * Where the command of a run is run again.
 * @returns the form, with the run's values in it where it takes them; null: the command line alone
 */
export function againOf(run: CommandRun): CommandLink | null {
  const entry = entryOf(run.command_name)
  if (!entry?.form) return null
  const path = entry.form(run)
  return entry.refills
    ? { label: 'Preview again', icon: 'i-lucide-rotate-cw', to: { path, query: { from: run.id } } }
    : { label: 'Go to where it is run', icon: 'i-lucide-rotate-cw', to: path }
}

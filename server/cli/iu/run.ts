import { userInfo } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { defineCommand } from 'citty'
import { PlainError } from '../../../bin/progress.mjs'
import { listCommands } from '../../db/command-catalog'
import type { Db } from '../../db/client'
import { parametersOf } from '../../db/command-input'
import { Refusal, previewCommand, runCommand, runPreviewed } from '../../db/runs'
import { reason as describeError } from '../database'
import { type Asked, commandNamed, parametersFrom } from './input'
import { onDatabase } from './on-database'
import { answer } from './output'
import { refusalOf, report, reportRefusal } from './report'
import { Told, UsageError } from './usage'
import type { CommandRun } from '#shared/schemas/run'

const ARGS = {
  'command': { type: 'positional', required: true, description: 'Its name, as in npx iu list; key=value… follow' },
  'dry-run': { type: 'boolean', default: false, description: 'Only preview: run it in a transaction that is rolled back' },
  'open-gates': { type: 'boolean', default: false, description: 'Open the gates it needs inside its transaction, and put them back' },
  'reason': { type: 'string', valueHint: 'text', description: 'Kept with the run; what deletes needs one' },
  'yes': { type: 'boolean', default: false, description: 'Run after the preview without asking' },
  'json': { type: 'boolean', default: false, description: 'Write JSON' },
} as const
type Options = { 'dry-run': boolean, 'open-gates': boolean, 'reason'?: string, 'yes': boolean, 'json': boolean }

/** `iu run`: preview a command, then run exactly what was previewed. */
export const run = defineCommand({
  meta: { name: 'run', description: 'Preview a command, then run what was previewed; both are recorded' },
  args: ARGS,
  run: ({ args }) => onDatabase(async (db) => {
    const entry = commandNamed(args.command, await listCommands(db))
    const parameters = await parametersFrom(db, entry, args._.slice(1), fromOptions(entry, args))
    try {
      const done = await perform(db, { entry, parameters }, args)
      answer(args.json, done, report(done.run ?? done.preview!))
      if (done.run?.result.health === 'red') throw new Told(1)
    }
    catch (error) {
      if (error instanceof PlainError || error instanceof Told) throw error
      if (!(error instanceof Refusal)) throw new PlainError(`It failed, and nothing was changed: ${describeError(error)}`)
      answer(args.json, refusalOf(error.outcome), reportRefusal(error.outcome))
      throw new Told(1)
    }
  }),
})

/** The options that are parameters of the command too. */
function fromOptions(entry: Asked['entry'], options: Options): Record<string, string> {
  const names = parametersOf(entry).map(({ name }) => name)
  if (options['open-gates'] && !names.includes('open_gates')) throw new UsageError(`${entry.command.name} opens no gates.`)
  return {
    ...(options['open-gates'] ? { open_gates: 'true' } : {}),
    ...(options.reason !== undefined && names.includes('reason') ? { reason: options.reason } : {}),
  }
}

async function perform(db: Db, { entry, parameters }: Asked, options: Options): Promise<{ preview?: CommandRun, run?: CommandRun }> {
  const { command, mutating, previewable, deletes } = entry
  const reason = options.reason ?? [parameters.reason, parameters.note].find(value => typeof value === 'string')
  const asked = { operator: operatorName(), reason }
  const dryRun = options['dry-run']
  const destructive = deletes?.(parameters) ?? false
  if (dryRun && !previewable) throw new UsageError(`${command.name} cannot be previewed.`)
  if (destructive && !dryRun && !reason?.trim()) throw new UsageError('--reason: is missing; this deletes.')
  if (mutating && !dryRun && !options.yes && !process.stdin.isTTY) {
    throw new UsageError('This writes, and nobody can be asked here. Look with --dry-run first, then say --yes.')
  }
  if (!mutating && !dryRun) return { run: await runCommand(db, command, parameters, asked) }

  const preview = previewable ? await previewCommand(db, command, parameters, asked) : undefined
  if (dryRun) return { preview }
  if (!options.yes) {
    if (preview) process.stderr.write(`${report(preview)}\n\n`)
    await confirm(destructive ? command.actor(parameters) : 'yes')
  }
  return { preview, run: preview ? await runPreviewed(db, command, preview, parameters, asked) : await runCommand(db, command, parameters, asked) }
}

async function confirm(word: string) {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    if ((await terminal.question(`Type ${word} to run it: `)).trim() === word) return
  }
  catch (error) {
    // Ctrl-C and Ctrl-D say no, too.
    if ((error as Error).name !== 'AbortError') throw error
    process.stderr.write('\n')
  }
  finally {
    terminal.close()
  }
  process.stderr.write('Nothing was run.\n')
  throw new Told(1)
}

/** Who runs it, as the machine knows them; an account without a name has its number. */
function operatorName(): string {
  try {
    return userInfo().username
  }
  catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

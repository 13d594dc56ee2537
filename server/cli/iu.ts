import { stripVTControlCharacters } from 'node:util'
import { type ArgsDef, type CommandDef, defineCommand, renderUsage, runCommand } from 'citty'
import { say } from '../../bin/progress.mjs'
import { exampleLine } from '../db/command-catalog'
import { parametersOf } from '../db/command-input'
import { COMMANDS } from '../db/commands'
import { commands as databaseCommands } from './db'
import { textAsCode, textAsCodeExamples } from './text-as-code'
import { access } from './iu/access'
import { conformanceCommand } from './iu/conformance'
import { explain } from './iu/explain'
import { healthCommand } from './iu/health'
import { list } from './iu/list'
import { table } from './iu/output'
import { run } from './iu/run'
import { Told, UsageError, checkOptions, suggestion } from './iu/usage'

type AnyCommand = CommandDef<ArgsDef>

/** What `iu` can do: one line each, with an example that works. */
const SUBCOMMANDS: Record<string, { command: AnyCommand, examples: string[] }> = {
  list: { command: list as AnyCommand, examples: ['npx iu list'] },
  explain: { command: explain as AnyCommand, examples: [exampleLine('explain', COMMANDS.get('dot_iu_auto_instantiate_from_event')!)] },
  run: { command: run as AnyCommand, examples: [`${exampleLine('run', COMMANDS.get('dot_iu_gate_set')!)} --dry-run`] },
  health: { command: healthCommand as AnyCommand, examples: ['npx iu health'] },
  conformance: { command: conformanceCommand as AnyCommand, examples: ['npx iu conformance --json'] },
  ...Object.fromEntries(Object.entries(textAsCode).map(([name, command]) =>
    [name, { command: command as AnyCommand, examples: textAsCodeExamples[name as keyof typeof textAsCodeExamples] }])),
  ...Object.fromEntries(Object.entries(access).map(([name, command]) =>
    [`access ${name}`, { command, examples: [`npx iu access ${name}${command.args && 'email' in command.args ? ' operator@example.org' : ''}`] }])),
  ...Object.fromEntries(Object.entries(databaseCommands).map(([name, command]) =>
    [`db ${name}`, { command, examples: [name === 'rollback' ? 'npx iu db rollback --to 034' : `npx iu db ${name}`] }])),
}

/** First words that stand for several commands. */
const GROUPS = ['access', 'db']

const iu = defineCommand({
  meta: { name: 'npx iu', description: 'Work on DATABASE_URL or, without it, on the embedded database' },
  subCommands: Object.fromEntries(Object.entries(SUBCOMMANDS).map(([name, { command }]) => [name, command])),
})

/**
 * The command line. Exit code 0: done; 1: refused, red or failed; 2: it cannot be meant as it was typed.
 * @param rawArgs what was typed after `iu`
 * @throws PlainError with what went wrong, in words
 */
export async function main(rawArgs: string[]): Promise<void> {
  try {
    await dispatch(rawArgs)
  }
  catch (error) {
    // What citty says about its arguments is meant for the operator as it is.
    if (error instanceof UsageError || (error as Error).name === 'CLIError') {
      const { message } = error as Error
      if (rawArgs.includes('--json')) console.log(JSON.stringify({ error: { status: 'usage', message } }, null, 2))
      say(`\n${message}`)
      process.exitCode = 2
    }
    else if (error instanceof Told) process.exitCode = error.exitCode
    else throw error
  }
}

async function dispatch(rawArgs: string[]): Promise<void> {
  const wantsHelp = rawArgs.includes('--help') || rawArgs.includes('-h')
  const words = GROUPS.includes(rawArgs[0] ?? '') ? 2 : 1
  const name = rawArgs.slice(0, words).filter(word => !word.startsWith('-')).join(' ')
  const found = SUBCOMMANDS[name]
  if (!found) {
    if (name !== '' && !GROUPS.includes(name)) throw new UsageError(`There is no "iu ${name}".${suggestion(name, Object.keys(SUBCOMMANDS))} See: npx iu --help`)
    show(await renderUsage(iu))
    if (!wantsHelp) throw new Told(2)
    return
  }
  const rest = rawArgs.slice(words)
  if (wantsHelp) return help(name, found, rest)
  checkOptions(`npx iu ${name}`, found.command, rest)
  await runCommand(found.command, { rawArgs: rest })
}

async function help(name: string, { command, examples }: typeof SUBCOMMANDS[string], rest: string[]): Promise<void> {
  const governed = name === 'run' || name === 'explain' ? COMMANDS.get(rest.find(word => !word.startsWith('-')) ?? '') : undefined
  show(await renderUsage({ ...command, meta: { ...await resolved(command.meta), name } } as AnyCommand, { meta: { name: 'npx iu' } } as AnyCommand))
  const lines = governed ? [exampleLine(name as 'run' | 'explain', governed) + (name === 'run' && governed.previewable ? ' --dry-run' : '')] : examples
  if (governed) {
    console.log(`${table([governed.command.name, 'takes', 'default'], parametersOf(governed).map(parameter =>
      [`  ${parameter.name}`, parameter.takes, parameter.required ? 'needed' : parameter.default ?? '']))}\n`)
  }
  console.log(`EXAMPLE\n\n${lines.map(line => `  ${line}`).join('\n')}\n`)
}

/** citty colours its help, whoever reads it. */
const show = (usage: string) => console.log(process.stdout.isTTY ? usage : stripVTControlCharacters(usage))

const resolved = async (meta: AnyCommand['meta']) => (typeof meta === 'function' ? meta() : meta)

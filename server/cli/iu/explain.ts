import { defineCommand } from 'citty'
import { describeCommand, gatesOf, listCommands } from '../../db/command-catalog'
import { statementOf } from '../../db/explain'
import { gatesNeeded } from '../../db/gates'
import { gatesToOpen } from '../../db/runs'
import { commandNamed, parametersFrom } from './input'
import { onDatabase } from './on-database'
import { answer, factSheet } from './output'

/** `iu explain`: what a command would call, with its gates. Runs nothing. */
export const explain = defineCommand({
  meta: { name: 'explain', description: 'Say what a command would call, its gates and whether it writes; run nothing' },
  args: {
    command: { type: 'positional', required: true, description: 'Its name, as in npx iu list; key=value… follow' },
    json: { type: 'boolean', default: false, description: 'Write JSON' },
  },
  run: ({ args }) => onDatabase(async (db) => {
    const described = await describeCommand(db, args.command)
    const entry = commandNamed(args.command, described ? [described.command] : await listCommands(db))
    const parameters = await parametersFrom(db, entry, args._.slice(1))
    const dryRun = entry.command.dryRun?.(parameters) ?? null
    const gates = await gatesOf(db, await gatesNeeded(db, entry.command.name, dryRun ?? false))
    const opened = await gatesToOpen(db, entry.command, parameters)
    const sql = await statementOf(entry.command, parameters)
    const { category, description, reversible } = described!.command
    answer(args.json, {
      command_name: entry.command.name, category, description, mutating: entry.mutating, reversible, previewable: entry.previewable,
      deletes: entry.deletes?.(parameters) ?? false, dry_run: dryRun, parameters, sql, gates,
      gates_opened_for_it: opened,
    }, `${entry.command.name}: ${description}\n${factSheet([
      ['would call', sql],
      ['writes', !entry.mutating ? 'no' : entry.deletes?.(parameters) ? 'yes, it deletes' : 'yes'],
      ['reversible', !entry.mutating ? 'nothing to take back' : reversible ? 'yes' : 'no'],
      ['gates', gates.length === 0 ? 'needs none' : gates.map(gate => `${gate.key}: ${gate.is_open ? 'open' : 'closed'}`).join('\n')],
      ['opens them', openedFor(opened, gates.filter(gate => !gate.is_open).length)],
    ])}\nNothing was run.`)
  }),
})

function openedFor(opened: string[], closed: number): string | null {
  if (closed === 0) return null
  return opened.length > 0 ? 'inside its own transaction, and puts them back' : 'no: it would be refused (open_gates=true lets it)'
}

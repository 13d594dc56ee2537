import { defineCommand } from 'citty'
import { listCommands } from '../../db/command-catalog'
import { onDatabase } from './on-database'
import { answer, table } from './output'

/** `iu list`: the governed commands and the console's own. */
export const list = defineCommand({
  meta: { name: 'list', description: 'List the commands, their gates and their last run' },
  args: { json: { type: 'boolean', default: false, description: 'Write JSON' } },
  run: ({ args }) => onDatabase(async (db) => {
    const rows = await listCommands(db)
    answer(args.json, rows, table(['command', 'category', 'writes', 'reversible', 'gates', 'last run'], rows.map(row => [
      row.command_name,
      row.category,
      row.mutating ? 'yes' : 'no',
      !row.mutating ? '' : row.reversible ? 'yes' : 'no',
      row.missing_functions.length > 0 ? 'its function is missing' : row.closed_gates.length > 0 ? `${row.closed_gates.length} closed` : row.gates.length > 0 ? 'open' : '',
      row.last_run_at ? `${row.last_run_at.slice(0, 16).replace('T', ' ')} ${row.last_run_refused ? 'refused' : row.last_run_status}` : '',
    ])))
  }),
})

import type { Db } from './client'
import { UnknownName, parametersOf, readTyped } from './command-input'
import { COMMANDS, type Governed } from './commands'
import { statementOf } from './explain'
import { CatalogRow, type CommandDetail } from '#shared/schemas/command'
import { Gate } from '#shared/schemas/gate'

const withRegistry = (row: { command_name: string | null }): CatalogRow => CatalogRow.parse({
  ...row, runnable: COMMANDS.has(row.command_name!), page: COMMANDS.get(row.command_name!)?.page ?? null,
})

/** The governed commands and the console's own, by category and name. */
export async function listCommands(db: Db): Promise<CatalogRow[]> {
  const rows = await db.selectFrom('v_iu_command_catalog').selectAll().orderBy('category').orderBy('command_name').execute()
  return rows.map(withRegistry)
}

/** Gates as they stand, by key. */
export async function gatesOf(db: Db, keys: string[]): Promise<Gate[]> {
  if (keys.length === 0) return []
  return Gate.array().parse(await db.selectFrom('v_iu_gate').selectAll().where('key', 'in', keys).orderBy('key').execute())
}

/**
 * One command: its parameters, its gates, and what its example would send. Nothing is run.
 * @returns null when there is none of that name
 */
export async function describeCommand(db: Db, name: string): Promise<CommandDetail | null> {
  const row = await db.selectFrom('v_iu_command_catalog').selectAll().where('command_name', '=', name).executeTakeFirst()
  if (!row) return null
  const command = withRegistry(row)
  const entry = COMMANDS.get(name)
  return {
    command,
    gates: await gatesOf(db, command.gates),
    parameters: entry ? parametersOf(entry) : [],
    example: entry ? { line: exampleLine('explain', entry), sql: await exampleStatement(db, entry) } : null,
  }
}

/** What to type for the example of a command, quoted for a shell. */
export const exampleLine = (verb: 'explain' | 'run', { command, example }: Governed) =>
  ['npx iu', verb, command.name, ...Object.entries(example).map(([name, value]) => `${name}=${quoted(value)}`)].join(' ')

const quoted = (value: string) => (/^[\w:/.-]+$/.test(value) ? value : `'${value.replaceAll('\'', '\'\\\'\'')}'`)

async function exampleStatement(db: Db, entry: Governed): Promise<string | null> {
  try {
    const parameters = entry.parameters.parse(await readTyped(db, entry, entry.example))
    return await statementOf(entry.command, parameters)
  }
  catch (error) {
    // The examples are written for the demo data; another database need not have what they name.
    if (error instanceof UnknownName) return null
    throw error
  }
}

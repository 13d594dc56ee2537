import { UnknownName, parametersOf, readTyped } from '../../db/command-input'
import { COMMANDS, type Governed } from '../../db/commands'
import type { Db } from '../../db/client'
import { UsageError, readPairs, suggestion } from './usage'
import type { CatalogRow } from '#shared/schemas/command'

/** What was asked for: a command of the registry and its parameters, checked. */
export interface Asked { entry: Governed, parameters: Record<string, unknown> }

/**
 * Finds a command by its name.
 * @param catalogue what else there is
 * @throws UsageError for a name that is none, and for a command that is run another way
 */
export function commandNamed(name: string, catalogue: Pick<CatalogRow, 'command_name' | 'description'>[]): Governed {
  const entry = COMMANDS.get(name)
  if (entry) return entry
  const other = catalogue.find(row => row.command_name === name)
  if (other) throw new UsageError(`${name} is not run by iu run. ${other.description}`)
  const names = new Set([...COMMANDS.keys(), ...catalogue.map(row => row.command_name)])
  throw new UsageError(`There is no command "${name}".${suggestion(name, [...names])} See: npx iu list`)
}

/**
 * Reads the parameters of a command.
 * @param words `key=value…` as typed
 * @param more what options add; what was typed goes before it
 * @returns checked by the very schema that the console's routes use
 * @throws UsageError naming every key that is unknown, missing or wrong
 */
export async function parametersFrom(db: Db, entry: Governed, words: string[], more: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const typed = { ...more, ...readPairs(words) }
  const known = parametersOf(entry)
  const names = known.map(({ name }) => name)
  const wrong = [
    ...Object.keys(typed).filter(key => !names.includes(key)).map(key => `${key}: there is no such key.${suggestion(key, names)}`),
    ...known.filter(({ name, required }) => required && !(name in typed)).map(({ name, takes }) => `${name}: is missing (${takes}).`),
  ]
  if (wrong.length > 0) throw wrongKeys(entry, wrong)
  const { data, error } = entry.parameters.safeParse(await readNames(db, entry, typed))
  if (error) {
    throw wrongKeys(entry, error.issues.map(({ code, path, message }) => {
      const takes = code === 'invalid_type' ? known.find(({ name }) => name === path.join('.'))?.takes : undefined
      return `${path.join('.')}: ${takes ? `must be ${takes}` : message}.`
    }))
  }
  return data
}

async function readNames(db: Db, entry: Governed, typed: Record<string, string>) {
  try {
    return await readTyped(db, entry, typed)
  }
  catch (error) {
    if (error instanceof UnknownName) throw wrongKeys(entry, [`${error.field}: ${error.message}.`])
    throw error
  }
}

const wrongKeys = (entry: Governed, lines: string[]) =>
  new UsageError(`${lines.join('\n')}\nSee: npx iu run ${entry.command.name} --help`)

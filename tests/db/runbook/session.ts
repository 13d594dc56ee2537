import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import pg from 'pg'
import { migrationsFolder } from '../../../server/cli/migration-files'

/**
 * Opens a session such as psql has, for the length of the work.
 * @param url the database
 * @param work gets the session
 * @returns what `work` returns
 */
export async function inSession<T>(url: string, work: (session: pg.Client) => Promise<T>): Promise<T> {
  const session = new pg.Client({ connectionString: url })
  await session.connect()
  try {
    return await work(session)
  }
  finally {
    await session.end()
  }
}

/**
 * A recipe of the operators' runbook, word for word, with its placeholders filled in.
 * @param name the file beside this one, without `.sql`
 * @param placeholders what stands for each, such as `{ '<actor>': 'operator' }`
 * @throws Error naming a placeholder that is not in the recipe or was left open
 */
export function recipe(name: string, placeholders: Record<string, string> = {}): string {
  let text = readFileSync(join(import.meta.dirname, `${name}.sql`), 'utf8')
  for (const [placeholder, value] of Object.entries(placeholders)) {
    if (!text.includes(placeholder)) throw new Error(`${name}.sql has no ${placeholder}`)
    text = text.replaceAll(placeholder, () => value)
  }
  const open = text.match(/<[a-z_0-9]+>/)
  if (open) throw new Error(`${name}.sql still has ${open[0]}`)
  return text
}

/**
 * Does what psql does with a line `\i file`: runs the file's text in the same session. Statements before it run first.
 * @param session the session
 * @param script SQL with `\i` lines
 * @returns the error of each `\i` in order, null where there was none; psql too goes on after an error
 */
export async function runAsPsql(session: pg.Client, script: string): Promise<(string | null)[]> {
  const errors: (string | null)[] = []
  const [first = '', ...parts] = script.split(/^\\i /m)
  await session.query(first)
  for (const part of parts) {
    const [file = '', ...rest] = part.split('\n')
    const error = await session.query(readFileSync(join(migrationsFolder, basename(file.trim())), 'utf8')).then(() => null, (failed: Error) => failed.message)
    errors.push(error)
    await session.query(rest.join('\n'))
  }
  return errors
}

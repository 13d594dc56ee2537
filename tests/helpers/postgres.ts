import { execFile, spawnSync } from 'node:child_process'
import { chmod, chown, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from '../../server/cli/ports'
import { findPostgres, postgresUser } from '../../server/cli/postgres-binaries'
import type { SystemUser } from '../../server/cli/postgres-binaries'
import { startGuarded } from './guarded'
import { findPostgres15 } from './machine.mjs'
import { waitFor } from './wait'

export type PostgresVersion = 15 | 18

/** A throw-away PostgreSQL server. */
export type Postgres = Awaited<ReturnType<typeof startPostgres>>

/** Who runs it, when that is not this user. */
type Account = Pick<SystemUser, 'uid' | 'gid'> | undefined

/** Durability is worth nothing to a server that lives as long as a test run. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
}

/** The bin directory of a PostgreSQL of that version; 18 is the one that comes with the dependencies. */
async function binaries(version: PostgresVersion) {
  if (version === 15) {
    const found = findPostgres15()
    if (!found) throw new Error('No PostgreSQL 15: install Debian\'s postgresql-15 or set PG15_BIN to its bin directory.')
    return found
  }
  return dirname((await findPostgres()).postgres)
}

/** A clone inside a private home is out of reach for the unprivileged account: then it gets a copy of the server. */
async function reachable(bin: string, account: Account, home: string) {
  if (spawnSync(join(bin, 'postgres'), ['--version'], account).status === 0) return bin
  await cp(dirname(bin), join(home, 'native'), { recursive: true, verbatimSymlinks: true })
  return join(home, 'native', 'bin')
}

async function answers(url: string) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  }
  finally {
    await client.end()
  }
}

/**
 * Starts an empty PostgreSQL server on a free port of 127.0.0.1: UTF-8, locale C, superuser "postgres", no password.
 * @param version 18 (from the dependencies) or 15 (from the machine)
 * @returns the address of its maintenance database; `stop` and `start` interrupt it, `end` removes it with its files
 * @throws Error when the version is not there or the server does not come up, with what it wrote
 */
export async function startPostgres(version: PostgresVersion) {
  const user = postgresUser()
  const account = user ? { uid: user.uid, gid: user.gid } : undefined
  const home = await mkdtemp(join(tmpdir(), 'iu-postgres-'))
  try {
    await chmod(home, 0o755)
    if (account) await chown(home, account.uid, account.gid)
    const bin = await reachable(await binaries(version), account, home)
    const data = join(home, 'data')
    await promisify(execFile)(join(bin, 'initdb'), [
      '-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync',
    ], { ...account, cwd: home })

    const port = await freePort()
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const server = startGuarded({
      command: join(bin, 'postgres'),
      args: ['-D', data, '-p', String(port), ...settings],
      options: { ...account, cwd: home },
      signal: 'SIGINT',
      remove: home,
    })
    const ready = () => waitFor(`PostgreSQL ${version}`, () => answers(url), {
      gaveUp: () => server.exited && `${server.exited}\n${server.logs}`,
    })
    try {
      await ready()
    }
    catch (error) {
      await server.end()
      throw error
    }
    return {
      url,
      stop: server.stop,
      start: async () => {
        await server.start()
        await ready()
      },
      end: server.end,
    }
  }
  catch (error) {
    await rm(home, { recursive: true, force: true })
    throw error
  }
}

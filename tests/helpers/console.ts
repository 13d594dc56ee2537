import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../server/cli/ports'
import { createDb } from '../../server/db/client'
import { consoleLogin, createDatabase } from './databases'
import type { Contents } from './databases'
import { startGuarded } from './guarded'
import { addPerson, emailOf, giveToken, signIn } from './people'
import { waitFor } from './wait'
import { ROLES, type Role } from '#shared/access'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A running console. */
export type Console = Awaited<ReturnType<typeof startConsole>>

/**
 * Starts the built server on a free port of 127.0.0.1 and waits until it is alive.
 * @param databaseUrl the database it works on
 * @param env further environment variables
 * @returns its address, `fetch` for paths below it, what it logged, and `stop`
 * @throws Error when it does not come up, with what it wrote
 */
export async function startConsole(databaseUrl: string, env: Record<string, string> = {}) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = startGuarded({
    command: process.execPath,
    args: [join(ROOT, '.output/server/index.mjs')],
    options: {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        TMPDIR: process.env.TMPDIR,
        NODE_ENV: 'production',
        NITRO_SHUTDOWN_TIMEOUT: '2000',
        HOST: '127.0.0.1',
        PORT: String(port),
        DATABASE_URL: databaseUrl,
        IU_SECRET: 'a secret of the tests, which is long enough',
        ...env,
      },
    },
    signal: 'SIGTERM',
  })
  try {
    await waitFor('The console', async () => (await fetch(`${url}/api/health/live`)).ok, {
      gaveUp: () => server.exited && `${server.exited}\n${server.logs}`,
    })
  }
  catch (error) {
    await server.end()
    throw new Error(`The console did not come up.\n${server.logs}`, { cause: error })
  }
  return {
    url,
    /** Fetches a path of the console; a redirect is an answer, not a way on. */
    fetch: (path: string, init?: RequestInit) => fetch(new URL(path, url), { redirect: 'manual', ...init }),
    /** What the server wrote so far. */
    get logs() {
      return server.logs
    },
    stop: server.end,
  }
}

/** What a console of a test's own may have besides. */
export interface OwnConsoleOptions { password?: string, env?: Record<string, string> }

/** A running console with a database of its own. */
export type OwnConsole = Awaited<ReturnType<typeof startOwnConsole>>

/**
 * Starts a console on a new database.
 * @param postgres address of the PostgreSQL server's maintenance database
 * @param contents what the database starts with
 * @param options `password`: what stands in its connection string; `env`: further environment variables
 * @returns the console, with `db` for looking and editing behind its back; `stop` ends everything
 */
export async function startOwnConsole(postgres: string, contents: Contents, { password, env }: OwnConsoleOptions = {}) {
  const database = await createDatabase(postgres, contents)
  try {
    const address = new URL(contents === 'empty' ? database.url : await consoleLogin(database.url))
    if (password) address.password = password
    const server = await startConsole(address.href, env)
    const db = createDb(database.url)
    const tokens = Object.fromEntries(await Promise.all(ROLES.map(async role =>
      [role, await giveToken(db, await addPerson(db, { email: emailOf(role), role }), role)]))) as Record<Role, string>
    return {
      server,
      db,
      /** Where it keeps its data. */
      databaseUrl: address.href,
      /** A token of somebody in each role, for the Authorization header. */
      tokens,
      /** The cookie of the administrator's session. */
      session: await signIn(server.url, emailOf('administrator')),
      async stop() {
        await db.destroy()
        await server.stop()
        await database.drop()
      },
    }
  }
  catch (error) {
    await database.drop()
    throw error
  }
}

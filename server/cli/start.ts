import { join } from 'node:path'
import { tryLock } from '../../bin/lock.mjs'
import { sleep } from '../../bin/process.mjs'
import { fail } from '../../bin/progress.mjs'
import { announceRunning } from '../../bin/running.mjs'
import { consoleName, dataDir } from '../../bin/state.mjs'
import { makePrivateFolder } from './data-dir'
import { postgresUser } from './postgres-binaries'
import { RunningConsole, Stopped } from './running-console'

/**
 * Brings the console up and keeps it up until it is told to stop. Ends the process: with 0 after Ctrl-C or SIGTERM or
 * when a console runs already, with 1 after a failure; nothing of its own is left running.
 * @param options `dev`: with Nuxt's development server instead of the built one
 */
export async function start({ dev }: { dev: boolean }): Promise<void> {
  const databaseUrl = process.env.DATABASE_URL || undefined
  const name = consoleName(databaseUrl)
  makePrivateFolder(dataDir, databaseUrl ? null : postgresUser())
  const release = await takeTurn(name)
  if (!release) process.exit(0)

  const asked = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => asked.abort())
  const running = new RunningConsole({ name, dev, databaseUrl, asked: asked.signal })
  try {
    await running.run()
  }
  catch (error) {
    if (!(error instanceof Stopped)) fail(error)
  }
  await running.stop()
  release()
  process.exit()
}

/** The release of this console's lock, or null when another launcher runs it: then that was said. */
async function takeTurn(name: string): Promise<(() => void) | null> {
  for (;;) {
    const release = tryLock(join(dataDir, `${name}.lock`))
    if (release) return release
    if (await announceRunning()) return null
    await sleep(200)
  }
}

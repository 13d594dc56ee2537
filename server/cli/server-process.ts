import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type ProcessRef, isAlive, refTo, sleep } from '../../bin/process.mjs'
import { PlainError } from '../../bin/progress.mjs'
import { dataDir, root } from '../../bin/state.mjs'
import { openLog } from './log-file'

/** Where the server writes what it logs. */
export const serverLog = join(dataDir, 'server.log')

/** What the server needs to know. */
export interface ServerOptions { host: string, port: number, databaseUrl: string, secret: string, dev: boolean }

/** A started server. */
export interface ServerProcess {
  ref: ProcessRef
  /** Settles with a description when it is gone. */
  exited: Promise<string>
  /** Lets it finish its requests, then ends it and everything it started. */
  stop(): Promise<void>
}

/**
 * Starts the built server, or Nuxt's development server, as a process of its own that ends when this one does.
 * @returns the process; it does not answer yet
 */
export function startServer({ host, port, databaseUrl, secret, dev }: ServerOptions): ServerProcess {
  const program = dev
    ? [join(root, 'node_modules/nuxt/bin/nuxt.mjs'), 'dev', '--host', host, '--port', String(port)]
    : [join(root, '.output/server/index.mjs')]
  const output = dev ? 'inherit' as const : openLog(serverLog)
  // Detached: Ctrl-C reaches the launcher alone, and what the server starts can be ended with it.
  const child = spawn(process.execPath, ['--import', pathToFileURL(join(root, 'bin/exit-with-parent.mjs')).href, ...program], {
    cwd: root,
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
    env: {
      ...process.env,
      NODE_ENV: dev ? 'development' : 'production',
      HOST: host,
      PORT: String(port),
      NITRO_HOST: host,
      NITRO_PORT: String(port),
      NITRO_SHUTDOWN_TIMEOUT: '4000',
      // Over a socket file the development server would not know that a request comes from this machine.
      NITRO_NO_UNIX_SOCKET: '1',
      NUXT_TELEMETRY_DISABLED: '1',
      DATABASE_URL: databaseUrl,
      IU_SECRET: secret,
    },
  })
  if (typeof output === 'number') closeSync(output)
  const ref = refTo(child.pid)
  return { ref, exited: ending(child), stop: () => stopServer(ref) }
}

/**
 * Waits until the server answers.
 * @param server the started server
 * @param address where
 * @param seconds how long to wait at most
 * @param signal ends the waiting
 * @throws PlainError with the server's last output when it ends or does not answer in time
 */
export async function waitUntilLive(server: ServerProcess, address: string, seconds: number, signal: AbortSignal): Promise<void> {
  let ended: string | undefined
  void server.exited.then(how => (ended = how))
  for (const until = Date.now() + seconds * 1000; ;) {
    if (ended) throw new PlainError(serverGone(ended))
    if (Date.now() > until) throw new PlainError(`${lastOutput()}The server did not answer within ${seconds} seconds.`)
    const answer = await fetch(`${address}/api/health/live`, { signal: AbortSignal.timeout(5000) }).catch(() => null)
    if (answer?.status === 200 || signal.aborted) return
    await sleep(150)
  }
}

/**
 * Ends a server that an earlier launcher left behind.
 * @param ref the server as recorded in the state
 */
export async function stopServer(ref: ProcessRef): Promise<void> {
  for (const [name, patience] of [['SIGTERM', 6000], ['SIGKILL', 2000]] as const) {
    if (!isAlive(ref)) break
    signalGroup(ref.pid, name)
    for (const until = Date.now() + patience; Date.now() < until && isAlive(ref);) await sleep(50)
  }
}

/** @returns what is said when the server ended by itself: its last output and how it ended */
export const serverGone = (how: string) => `${lastOutput()}The server ${how}.`

function lastOutput(): string {
  if (!existsSync(serverLog)) return ''
  const tail = readFileSync(serverLog, 'utf8').trimEnd().split('\n').slice(-20).join('\n')
  return tail ? `${tail}\n\n` : ''
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  }
  catch {
    // It ended in between.
  }
}

const ending = (child: ChildProcess) => new Promise<string>((resolve) => {
  child.once('error', error => resolve(`could not be started: ${error.message}`))
  child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`))
})

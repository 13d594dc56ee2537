import { join } from 'node:path'
import { lockHolder, tryLock } from '../../bin/lock.mjs'
import { isAlive, refTo, sleep } from '../../bin/process.mjs'
import { PlainError, say, step } from '../../bin/progress.mjs'
import { type ConsoleState, dataDir, readState, removeState, root, writeState } from '../../bin/state.mjs'
import { consoleSecret, setUpLink } from './access'
import { embeddedConsoleUrl, mayDoTooMuch } from './console-login'
import { prepareEmbedded, requireCurrent } from './database-checks'
import { type EmbeddedServer, startEmbedded } from './embedded'
import { choosePort } from './ports'
import { type ServerProcess, serverGone, serverLog, startServer, stopServer, waitUntilLive } from './server-process'
import { embeddedLock } from './with-database'

/** Thrown between two steps when the operator asked to stop. */
export class Stopped extends Error {}

interface Options {
  /** Under which state and lock are kept. */
  name: string
  dev: boolean
  /** The operator's own database; without it the embedded one is used. */
  databaseUrl: string | undefined
  /** Aborted when the operator asks to stop. */
  asked: AbortSignal
}

const RESTARTS_IN_A_ROW = 5

/** One console from start to stop: its database, its server, and what is written down about them. */
export class RunningConsole {
  private readonly state: ConsoleState = { launcher: refTo() }
  private postgres?: EmbeddedServer
  private server?: ServerProcess
  private releaseEmbedded?: () => void
  private stopping = false

  constructor(private readonly options: Options) {}

  /**
   * Brings everything up, prints the address and returns when the operator asks to stop.
   * @throws Stopped when that happens before it is up
   * @throws PlainError when something cannot be brought up, or ends by itself later
   */
  async run(): Promise<void> {
    const { databaseUrl, asked, name, dev } = this.options
    await this.clearLeftovers()
    this.record({})
    const serverUrl = databaseUrl ? await this.lookAt(databaseUrl) : await this.startDatabase()
    this.stopIfAsked()

    const host = process.env.HOST || '127.0.0.1'
    const port = await choosePort(host, process.env.PORT)
    const address = `http://${reachableHost(host)}:${port}`
    const server = await step(dev ? 'starting the development server' : 'starting the server', async () => {
      this.server = startServer({ host, port, dev, databaseUrl: serverUrl, secret: consoleSecret(name) })
      this.record({ server: this.server.ref })
      await waitUntilLive(this.server, address, dev ? 300 : 60, asked)
      return this.server
    })
    this.stopIfAsked()
    this.record({ address })
    if (!dev) say(`  log: ${relative(serverLog)}   state: ${relative(join(dataDir, `${name}.json`))}`)
    const entrance = process.env.IU_ORIGIN || address
    const link = await setUpLink(serverUrl, name, entrance)
    if (link) say('  Nobody has an account yet. This link makes yours; it is good once, for 24 hours:')
    console.log(`IU Console is up: ${link ?? entrance}`)
    await Promise.race([
      new Promise(resolve => asked.addEventListener('abort', resolve)),
      server.exited.then(how => this.giveUp(serverGone(how))),
      this.keepDatabase(),
    ])
  }

  /** Stops the server, then PostgreSQL, and forgets them. */
  async stop(): Promise<void> {
    this.stopping = true
    const { server, postgres } = this
    if (server && isAlive(server.ref)) await step('stopping the server', () => server.stop())
    if (postgres) await step('stopping PostgreSQL', () => postgres.stop())
    removeState(this.options.name)
    this.releaseEmbedded?.()
  }

  private async lookAt(url: string): Promise<string> {
    await requireCurrent(url)
    if (await mayDoTooMuch(url)) say('  ! this login may do more than the console needs; README.md, "Point it at your database", has one that may not')
    return url
  }

  /** Resolves with the address of the login that the server gets. */
  private async startDatabase(): Promise<string> {
    this.releaseEmbedded = await this.takeEmbedded()
    this.postgres = await step('starting PostgreSQL', () => this.embedded())
    this.stopIfAsked()
    this.record({ databaseUrl: this.postgres.url })
    await prepareEmbedded(this.postgres.url)
    return embeddedConsoleUrl(this.postgres.url)
  }

  private embedded(port?: number) {
    return startEmbedded({ dataDir: join(dataDir, 'postgres'), port, log: line => say(`  ! ${line}`) })
  }

  /** Restarts the embedded PostgreSQL on its port whenever it ends; the server finds it again there by itself. */
  private async keepDatabase(): Promise<void> {
    if (!this.postgres) return new Promise(() => {})
    for (let failures = 0; ;) {
      await this.postgres.exited
      if (this.stopping) return
      say('  ! PostgreSQL has ended by itself; starting it again')
      while (!isUp(this.postgres)) {
        try {
          this.postgres = await this.embedded(this.postgres.port)
          say('  ✓ PostgreSQL is back')
          setTimeout(() => (failures = 0), 60_000).unref()
        }
        catch (error) {
          failures += 1
          if (failures >= RESTARTS_IN_A_ROW) this.giveUp((error as Error).message)
          // Processes of the old server may need a moment to notice that it is gone.
          await sleep(1000)
        }
      }
    }
  }

  private async takeEmbedded() {
    for (let told = false; ; told = true) {
      const release = tryLock(embeddedLock)
      if (release) return release
      this.stopIfAsked()
      if (!told) say(`  … waiting for process ${lockHolder(embeddedLock)?.pid}, which uses the embedded database`)
      await sleep(300)
    }
  }

  private async clearLeftovers() {
    const left = readState(this.options.name)?.server
    if (!left || !isAlive(left)) return
    await step('ending the server that an earlier start left behind', () => stopServer(left))
  }

  private record(news: Partial<ConsoleState>) {
    writeState(this.options.name, Object.assign(this.state, news))
  }

  private stopIfAsked() {
    if (this.options.asked.aborted) throw new Stopped()
  }

  private giveUp(message: string) {
    if (!this.stopping) throw new PlainError(message)
  }
}

const isUp = (server: EmbeddedServer) => isAlive(refTo(server.pid))

const relative = (path: string) => (path.startsWith(root) ? path.slice(root.length) : path)

/** Where a browser on this machine finds what listens on a host. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

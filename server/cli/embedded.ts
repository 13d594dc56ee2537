import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import pg from 'pg'
import { sleep } from '../../bin/process.mjs'
import { PlainError } from '../../bin/progress.mjs'
import { clusterPassword, giveTo, makePrivateFolder } from './data-dir'
import { findPlace } from './embedded-place'
import { stopLeftover, stopPostgres } from './leftover-postgres'
import { openLog } from './log-file'
import { freePort } from './ports'
import { postgresUser } from './postgres-binaries'

/** What to start. */
export interface EmbeddedOptions {
  /** The cluster's folder, absolute; created when missing. Password and log lie beside it. */
  dataDir: string
  /** Told what is worth knowing while it starts. */
  log?: (line: string) => void
  /** A port to keep; else a free one. */
  port?: number
  /** False trades safety against power loss for speed: for tests. */
  durable?: boolean
}

/** A running server. */
export interface EmbeddedServer {
  /** Connects to the database `iu_console`, with its password. */
  url: string
  port: number
  pid: number
  /** Settles when the server is gone, whoever ended it. */
  exited: Promise<void>
  /** Stops it and waits until it is gone. */
  stop(): Promise<void>
}

const DATABASE = 'iu_console'
const SPEED = ['fsync', 'full_page_writes'].flatMap(name => ['-c', `${name}=off`])

/**
 * Starts PostgreSQL 18 on the loopback interface, with a database `iu_console` (UTF8, locale C).
 * A server that an earlier start left behind on the same folder is stopped first; a crash recovery is waited for.
 * @returns the running server
 * @throws PlainError with the end of PostgreSQL's log
 */
export async function startEmbedded({ dataDir, log = () => {}, port, durable = true }: EmbeddedOptions): Promise<EmbeddedServer> {
  const user = postgresUser()
  makePrivateFolder(dirname(dataDir), user)
  const { cluster, binaries } = await findPlace(dataDir, user, log)
  const passwordFile = `${dataDir}.password`
  const password = clusterPassword(passwordFile, cluster)
  const runAs = user ? { uid: user.uid, gid: user.gid } : {}

  if (!existsSync(cluster)) await createCluster()
  await stopLeftover(cluster, log)

  const usedPort = port ?? await freePort()
  const logFile = `${dataDir}.log`
  const output = openLog(logFile)
  // Detached, so that Ctrl-C in the terminal reaches the launcher alone and the server can finish before its database.
  const child = spawn(binaries.postgres, [
    '-D', cluster, '-p', String(usedPort), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=',
    '-c', 'max_connections=200', '-c', 'timezone=UTC', ...(durable ? [] : SPEED),
  ], { ...runAs, detached: true, stdio: ['ignore', output, output] })
  closeSync(output)
  const exited = ended(child)
  const urlOf = (database: string) => `postgres://postgres:${password}@127.0.0.1:${usedPort}/${database}`
  await ready()
  await ensureDatabase(urlOf('postgres'))
  return { url: urlOf(DATABASE), port: usedPort, pid: child.pid!, exited, stop: () => stopPostgres(child.pid!) }

  async function createCluster() {
    const unfinished = `${cluster}.new`
    rmSync(unfinished, { recursive: true, force: true })
    const initialPassword = `${cluster}.initdb`
    writeFileSync(initialPassword, password, { mode: 0o600 })
    giveTo(initialPassword, user)
    makePrivateFolder(unfinished, null)
    giveTo(unfinished, user)
    try {
      let messages = ''
      const initdb = spawn(binaries.initdb, [
        `--pgdata=${unfinished}`, '--username=postgres', `--pwfile=${initialPassword}`, '--auth=scram-sha-256',
        '--encoding=UTF8', '--locale=C', ...(durable ? [] : ['--no-sync']),
      ], { ...runAs, stdio: ['ignore', 'ignore', 'pipe'] })
      initdb.stderr.on('data', chunk => (messages += chunk))
      if (await exitCode(initdb) !== 0) throw new PlainError(`${messages.trim()}\n\nThe database cluster could not be created.`)
      // Only a finished cluster gets the name that the next start looks for.
      renameSync(unfinished, cluster)
    }
    finally {
      rmSync(initialPassword, { force: true })
    }
  }

  async function ready() {
    let gone = false
    void exited.then(() => (gone = true))
    for (let attempt = 1; ; attempt += 1) {
      if (gone) {
        throw new PlainError(`${readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n')}\n\nPostgreSQL did not start. The end of its log is above.`)
      }
      const error = await connectionError(urlOf('postgres'))
      if (!error) return
      if (error.code === '28P01') {
        await stopPostgres(child.pid!)
        throw new PlainError(`The embedded database does not accept the password in ${passwordFile}. Put the right file back, or delete ${cluster} to start with a new database.`)
      }
      // 57P03: it answers, but is not yet ready.
      if (error.code === '57P03' && attempt === 50) log('PostgreSQL is recovering from a crash; waiting for it')
      await sleep(100)
    }
  }
}

const exitCode = (child: ChildProcess) => new Promise<number | null>((resolve, reject) => {
  child.once('error', reject)
  child.once('close', resolve)
})

const ended = (child: ChildProcess) => exitCode(child).then(() => {}, () => {})

async function connectionError(connectionString: string): Promise<(Error & { code?: string }) | null> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return null
  }
  catch (error) {
    return error as Error & { code?: string }
  }
}

async function ensureDatabase(connectionString: string) {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_catalog.pg_database where datname = $1', [DATABASE])
    if (!rowCount) await client.query(`create database ${DATABASE} template template0`)
  }
  finally {
    await client.end()
  }
}

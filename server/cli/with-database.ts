import { join } from 'node:path'
import { lockHolder, tryLock } from '../../bin/lock.mjs'
import { isAlive, sleep } from '../../bin/process.mjs'
import { say, step } from '../../bin/progress.mjs'
import { consoleName, dataDir, runningState } from '../../bin/state.mjs'
import { type Database, describeDatabase, openDatabase } from './database'
import { type EmbeddedServer, startEmbedded } from './embedded'

/** The lock of the embedded PostgreSQL: whoever starts it holds it. */
export const embeddedLock = join(dataDir, 'postgres.lock')

/** What a command gets to work with. */
export interface CommandDatabase {
  db: Database
  /** With the password: for a child process's environment only. */
  url: string
  /** Whether it is an operator's own, given by DATABASE_URL. */
  external: boolean
}

/**
 * Runs a command against DATABASE_URL, else against the embedded PostgreSQL: the one of a running console, or one that
 * is started for as long as the command takes.
 * @param work the command
 * @returns what the command returned
 */
export async function withDatabase<R>(work: (database: CommandDatabase) => Promise<R>): Promise<R> {
  const given = process.env.DATABASE_URL
  if (given) {
    say(`  database: ${describeDatabase(given)}`)
    return using(given, true, work)
  }
  const found = await joinOrLock()
  if ('url' in found) {
    say('  database: the embedded one of the running console')
    return using(found.url, false, work)
  }
  let server: EmbeddedServer | undefined
  try {
    server = await step('starting PostgreSQL', () => startEmbedded({ dataDir: join(dataDir, 'postgres'), log: line => say(`  ! ${line}`) }))
    return await using(server.url, false, work)
  }
  finally {
    await server?.stop()
    found.release()
  }
}

async function using<R>(url: string, external: boolean, work: (database: CommandDatabase) => Promise<R>): Promise<R> {
  const db = openDatabase(url)
  try {
    return await work({ db, url, external })
  }
  finally {
    await db.destroy()
  }
}

async function joinOrLock(): Promise<{ url: string } | { release: () => void }> {
  for (let told = false; ; told = true) {
    const release = tryLock(embeddedLock)
    if (release) return { release }
    const url = runningState(consoleName(undefined))?.databaseUrl
    if (url) return { url }
    const holder = lockHolder(embeddedLock)
    if (!told && isAlive(holder)) say(`  … waiting for process ${holder?.pid}, which uses the embedded database`)
    await sleep(300)
  }
}

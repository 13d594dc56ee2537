import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataDir } from '../../bin/state.mjs'
import { makeInvitation } from '../auth/invitations'
import { createDb } from '../db/client'
import { isSetUp } from '../db/people'

const linkFile = (name: string) => join(dataDir, `${name}.set-up-link`)

/**
 * What signs the console's cookies: IU_SECRET or, without it, a random one that is made at the first start and kept.
 * @param name of the console, from `consoleName`
 */
export function consoleSecret(name: string): string {
  if (process.env.IU_SECRET) return process.env.IU_SECRET
  const file = join(dataDir, `${name}.secret`)
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const secret = randomBytes(32).toString('base64url')
  writeFileSync(file, `${secret}\n`, { mode: 0o600 })
  return secret
}

/** Removes the file with the set-up link, which is good no longer. */
export const forgetSetUpLink = (name: string) => rmSync(linkFile(name), { force: true })

/**
 * Makes the one-time link that creates the first administrator, while there is nobody yet; it is kept in a file for this
 * user alone, until somebody has used it.
 * @param address where browsers reach the console
 * @returns the link, good for 24 hours; null when the console is set up
 */
export async function setUpLink(databaseUrl: string, name: string, address: string): Promise<string | null> {
  const db = createDb(databaseUrl, { max: 1 })
  try {
    forgetSetUpLink(name)
    if (await isSetUp(db)) return null
    const { path } = await makeInvitation(db, { personId: null, by: 'the start of the console', address: null })
    writeFileSync(linkFile(name), `${address}${path}\n`, { mode: 0o600 })
    return `${address}${path}`
  }
  finally {
    await db.destroy()
  }
}

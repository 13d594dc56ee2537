import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { dirname, parse } from 'node:path'
import { PlainError } from '../../bin/progress.mjs'
import type { SystemUser } from './postgres-binaries'

/**
 * Creates the folder that holds a cluster and its password.
 * @param folder its path
 * @param user who PostgreSQL runs as when that is not this user: it must be able to pass through, but not to look around
 */
export function makePrivateFolder(folder: string, user: SystemUser | null): void {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, user ? 0o711 : 0o700)
}

/**
 * Reads the superuser password of a cluster, or makes one for a new cluster.
 * @param dataDir the cluster's folder; the password lies beside it, readable for this user alone
 * @returns the password
 * @throws PlainError when there is a cluster but its password is gone
 */
export function clusterPassword(dataDir: string): string {
  const file = `${dataDir}.password`
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  if (existsSync(dataDir)) {
    throw new PlainError(`The password of the embedded database is gone (${file}). Put the file back, or delete ${dataDir} to start with a new database.`)
  }
  const password = randomBytes(24).toString('base64url')
  writeFileSync(file, `${password}\n`, { mode: 0o600 })
  return password
}

/**
 * Gives a path to the user that PostgreSQL runs as.
 * @param path a file or folder
 * @param user null when that is this user anyway
 */
export function giveTo(path: string, user: SystemUser | null): void {
  if (user) chownSync(path, user.uid, user.gid)
}

/**
 * Makes sure that the user that PostgreSQL runs as can get to a path.
 * @param path an existing file or folder
 * @param user null when that is this user anyway
 * @throws PlainError naming the folder that is in the way and what to do
 */
export function assertReachable(path: string, user: SystemUser | null): void {
  if (!user) return
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder)
    const mayPass = uid === user.uid ? mode & 0o100 : gid === user.gid ? mode & 0o010 : mode & 0o001
    if (!mayPass) {
      throw new PlainError([
        `PostgreSQL does not run as root, so it runs as the user "${user.name}", and that user cannot get into ${folder}.`,
        `Move this folder to where everybody may pass (for example /opt or /srv), allow passing with "chmod o+x ${folder}",`,
        'run it as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.',
      ].join('\n'))
    }
    if (folder === parse(folder).root) return
  }
}

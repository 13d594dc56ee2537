import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
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
 * @param file where it lies, readable for this user alone
 * @param cluster the cluster's folder
 * @returns the password
 * @throws PlainError when there is a cluster but its password is gone
 */
export function clusterPassword(file: string, cluster: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  if (existsSync(cluster)) {
    throw new PlainError(`The password of the embedded database is gone (${file}). Put the file back, or delete ${cluster} to start with a new database.`)
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
 * Finds what keeps the user that PostgreSQL runs as from a path.
 * @param path an existing file or folder
 * @param user null when that is this user anyway
 * @returns the innermost folder that it cannot pass through, or null
 */
export function closedFolder(path: string, user: SystemUser | null): string | null {
  if (!user) return null
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder)
    const mayPass = uid === user.uid ? mode & 0o100 : gid === user.gid ? mode & 0o010 : mode & 0o001
    if (!mayPass) return folder
    if (folder === parse(folder).root) return null
  }
}

/**
 * Finds a place for the cluster and the programs of a clone that lies where PostgreSQL's user cannot get to, a private
 * home of root for example.
 * @param dataDir where the cluster would lie; beside it is written where it lies instead
 * @returns a folder below /var/lib, the same one each time
 */
export function placeElsewhere(dataDir: string): string {
  const note = `${dataDir}.elsewhere`
  const known = existsSync(note) ? readFileSync(note, 'utf8').trim() : ''
  if (known && existsSync(known)) return known
  const place = mkdtempSync('/var/lib/iu-console-')
  chmodSync(place, 0o711)
  writeFileSync(note, `${place}\n`)
  return place
}

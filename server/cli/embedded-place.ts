import { cpSync, existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { closedFolder, placeElsewhere } from './data-dir'
import { type PostgresBinaries, type SystemUser, findPostgres } from './postgres-binaries'

/** Where the cluster lies and which programs run it. */
export interface Place { cluster: string, binaries: PostgresBinaries }

/**
 * Decides where the embedded cluster lies: where it was asked for, unless PostgreSQL has to run as a user that cannot
 * get there; then below /var/lib, together with a copy of the programs.
 * @param dataDir where the cluster should lie
 * @param user who PostgreSQL runs as when that is not this user
 * @param log told when it lies elsewhere
 * @returns the place
 */
export async function findPlace(dataDir: string, user: SystemUser | null, log: (line: string) => void): Promise<Place> {
  const binaries = await findPostgres()
  const closed = closedFolder(dataDir, user) ?? closedFolder(binaries.postgres, user)
  if (!closed) return { cluster: dataDir, binaries }

  const place = placeElsewhere(dataDir)
  log(`PostgreSQL runs as the user "${user!.name}", which cannot get into ${closed}; its files are in ${place}`)
  const installed = dirname(dirname(binaries.postgres))
  const copy = join(place, basename(installed))
  if (!existsSync(copy)) cpSync(installed, copy, { recursive: true, verbatimSymlinks: true })
  const program = (path: string) => join(copy, 'bin', basename(path))
  return { cluster: join(place, 'postgres'), binaries: { postgres: program(binaries.postgres), initdb: program(binaries.initdb) } }
}

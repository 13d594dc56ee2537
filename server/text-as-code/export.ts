import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Selection, getCollectionFile, selectCollections, withSnapshot } from '../db/collection-files'
import type { Db } from '../db/client'
import { COLLECTIONS, collectionPath } from './file-name'
import { renderCollection } from './format'

/** A file that an export wrote, or found to be the same already. */
export interface Exported { path: string, collection_key: string, piece_count: number, written: boolean }

/** Nothing goes by the name that was asked for. */
export class NothingSelected extends Error {}

/** The texts are exact to the byte: Git must not mend their line ends. */
const GIT_ATTRIBUTES = '*.md -text\n'

/** Writes a file in one step, and only if it is another than before. */
async function put(path: string, content: string): Promise<boolean> {
  const bytes = Buffer.from(content)
  const before = await readFile(path).catch(() => null)
  if (before?.equals(bytes)) return false
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}.draft`
  await writeFile(draft, bytes)
  await rename(draft, path)
  return true
}

/** @throws NothingSelected when the selection names a collection or family that is not there */
export function requireSome<Row>(rows: Row[], selection: Selection): Row[] {
  if (rows.length > 0 || selection === 'everything') return rows
  throw new NothingSelected('collection' in selection
    ? `There is no collection with the key "${selection.collection}".`
    : `There is no family "${selection.family}".`)
}

/**
 * Writes collections as files, all from one snapshot of the database. Files of other collections are left alone.
 * @param db the handle
 * @param selection one collection, the versions of a family, or everything
 * @param dir the operator's folder; it is made when it is missing
 * @returns one entry per collection, by key; `path` is below `dir`, with forward slashes
 * @throws NothingSelected; errors of the file system as they are
 */
export function exportCollections(db: Db, selection: Selection, dir: string): Promise<Exported[]> {
  return withSnapshot(db, async (trx) => {
    const collections = requireSome(await selectCollections(trx, selection), selection)
    await put(join(dir, COLLECTIONS, '.gitattributes'), GIT_ATTRIBUTES)
    const done: Exported[] = []
    for (const { collection_id, collection_key, collection_kind } of collections) {
      const path = collectionPath({ collection_key, collection_kind })
      const collection = (await getCollectionFile(trx, collection_id))!
      const written = await put(join(dir, path), renderCollection(collection))
      done.push({ path, collection_key, piece_count: collection.piece_count, written })
    }
    return done
  })
}

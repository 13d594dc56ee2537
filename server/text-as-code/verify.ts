import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type CollectionRef, type Selection, getCollectionFile, selectCollections, withSnapshot } from '../db/collection-files'
import type { Db } from '../db/client'
import { manifestDigest, textDigest } from './digests'
import { requireSome } from './export'
import { COLLECTIONS, collectionPath } from './file-name'
import { type CollectionFile, renderParts } from './format'
import { TextFileError, parseCollection } from './parse'

/** What is wrong with a file: `line` and `piece` count from 1 and name the first difference. */
export interface Finding {
  path: string
  problem: 'missing' | 'extra' | 'unreadable' | 'inconsistent' | 'different'
  message: string
  line?: number
  piece?: number
}

/** What verifying came to; it is proven when there are no findings. */
export interface Verified { files: number, pieces: number, findings: Finding[] }

const QUOTED = 80
const DIGEST = /^(content|manifest)_digest: /
const quoted = (line: string | undefined) =>
  line === undefined ? 'nothing' : JSON.stringify(line.length > QUOTED ? `${line.slice(0, QUOTED)}…` : line)

/** In a long line the difference may stand far to the right: where to begin showing it. */
function shownFrom(is = '', should = ''): number {
  let same = 0
  while (same < is.length && is[same] === should[same]) same++
  return same < QUOTED / 2 ? 0 : same - QUOTED / 4
}

/** Does the file hold together by itself? */
function inconsistency({ pieces, ...file }: CollectionFile): { message: string, piece?: number } | null {
  const edited = pieces.findIndex(piece => textDigest(piece.text) !== piece.content_digest)
  if (edited !== -1) {
    return { piece: edited + 1, message: `The text of piece ${edited + 1} (${pieces[edited]!.address}) is not the one its content_digest names.` }
  }
  if (pieces.length !== file.piece_count) return { message: `The front matter counts ${file.piece_count} pieces, the file has ${pieces.length}.` }
  if (manifestDigest(pieces) !== file.manifest_digest) return { message: 'The pieces, their order or roles are not those that manifest_digest names.' }
  return null
}

/** The first line in which a file differs from what the database would write. */
function firstDifference(file: string, parts: string[]) {
  const wanted = parts.join('')
  if (file === wanted) return null
  const is = file.split('\n')
  const should = wanted.split('\n')
  const differs = (line: string, i: number) => line !== is[i]
  // The digest above a text says only that it differs; what differs comes below.
  const telling = should.findIndex((line, i) => differs(line, i) && !(DIGEST.test(line) && DIGEST.test(is[i] ?? '')))
  const index = telling === -1 ? should.findIndex(differs) : telling
  const at = index === -1 ? should.length : index
  let end = 0
  const part = parts.findIndex(text => (end += text.split('\n').length - 1) > at)
  const piece = part > 0 && part < parts.length - 1 ? part : undefined
  const from = shownFrom(is[at], should[at])
  return { line: at + 1, piece, is: quoted(is[at]?.slice(from)), should: quoted(should[at]?.slice(from)) }
}

async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(join(dir, COLLECTIONS), { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter(entry => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map(entry => join(entry.parentPath, entry.name).slice(join(dir).length + 1).replaceAll('\\', '/'))
    .sort()
}

/**
 * Reads exported files back and proves that they say what the database holds, to the byte, and that each holds together
 * by itself: every text has its digest, the list of pieces has the manifest's. Nothing is changed.
 * @param db the handle
 * @param dir the operator's folder
 * @param selection whose files have to be there; every other file below the folder is verified as well
 * @returns how much was compared, and what is wrong, by path; a file has at most one finding, its first
 * @throws NothingSelected
 */
export function verifyFiles(db: Db, dir: string, selection: Selection = 'everything'): Promise<Verified> {
  return withSnapshot(db, async (trx) => {
    const wanted = requireSome(await selectCollections(trx, selection), selection)
    const known = new Map((await selectCollections(trx, 'everything')).map(row => [collectionPath(row), row]))
    const found = await filesBelow(dir)
    const verified: Verified = { files: 0, pieces: 0, findings: [] }

    for (const path of found) {
      verified.files++
      const collection = known.get(path)
      const bytes = await readFile(join(dir, path))
      const finding = collection
        ? compare(path, bytes, (await getCollectionFile(trx, collection.collection_id))!, verified)
        : stranger(path, bytes, known)
      if (finding) verified.findings.push(finding)
    }
    for (const path of wanted.map(collectionPath).filter(path => !found.includes(path))) {
      verified.findings.push({ path, problem: 'missing', message: `There is no file for the collection "${known.get(path)!.collection_key}". Export it again.` })
    }
    verified.findings.sort((a, b) => (a.path < b.path ? -1 : 1))
    return verified
  })
}

function compare(path: string, bytes: Uint8Array, collection: CollectionFile, verified: Verified): Finding | null {
  let file: CollectionFile
  try {
    file = parseCollection(bytes)
  }
  catch (error) {
    if (!(error instanceof TextFileError)) throw error
    return { path, problem: 'unreadable', message: error.message, line: error.line }
  }
  verified.pieces += file.pieces.length
  const difference = firstDifference(Buffer.from(bytes).toString(), renderParts(collection))
  const broken = inconsistency(file)
  if (broken) return { path, problem: 'inconsistent', line: difference?.line, piece: broken.piece ?? difference?.piece, message: broken.message }
  if (!difference) return null
  const { line, piece, is, should } = difference
  const where = piece ? `piece ${piece} (${collection.pieces[piece - 1]!.address})` : 'the collection'
  return { path, problem: 'different', line, piece, message: `In ${where} the file says ${is}, the database ${should}.` }
}

/** A file that stands where no collection's file belongs. */
function stranger(path: string, bytes: Uint8Array, known: Map<string, CollectionRef>): Finding {
  try {
    const { collection_key } = parseCollection(bytes)
    const place = [...known].find(([, row]) => row.collection_key === collection_key)?.[0]
    return {
      path, problem: 'extra', message: place
        ? `The file of "${collection_key}" belongs at ${place}.`
        : `The database has no collection with the key "${collection_key}".`,
    }
  }
  catch (error) {
    if (!(error instanceof TextFileError)) throw error
    return { path, problem: 'extra', message: `This file is not one of ours. ${error.message}`, line: error.line }
  }
}

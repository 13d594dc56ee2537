import { sql } from 'kysely'
import { getCollectionFile } from '../db/collection-files'
import type { Db, Trx } from '../db/client'
import { manifestDigest, textDigest } from './digests'
import type { CollectionFile, FilePiece } from './format'

/** One thing that an import would change, as an operator reads it. Positions count from 1. */
export type ImportChange = { iu_id: string, address: string, title: string } & (
  | { change: 'text_changed', position: number, lines_added: number, lines_removed: number, also_in: number }
  | { change: 'title_changed', position: number, from_title: string, also_in: number }
  | { change: 'added', position: number, role: string }
  | { change: 'removed', from_position: number, role: string }
  | { change: 'moved', position: number, from_position: number }
  | { change: 'role_changed', position: number, role: string, from_role: string }
)

/** What an edited file asks for. */
export interface ImportPlan {
  collection_id: string
  collection_key: string
  /** Pieces whose text or title is another, with the digest the text had when it was exported. */
  edits: Pick<FilePiece, 'iu_id' | 'title' | 'text' | 'content_digest'>[]
  /** The list of pieces, when it is another, with the digest it had when it was exported. */
  members: { pieces: { role: string, iu_id: string }[], manifest_digest: string } | null
  changes: ImportChange[]
}

/** A file that cannot be imported: it asks for something that an import does not do. */
export class ImportError extends Error {}

interface Held extends FilePiece { position: number }
const placed = (pieces: FilePiece[]): Map<string, Held> =>
  new Map(pieces.map((piece, i) => [piece.iu_id, { ...piece, position: i + 1 }]))

/** How many lines came and went, not counting where. */
function lineChanges(before: string, after: string) {
  const counts = new Map<string, number>()
  for (const line of before.split('\n')) counts.set(line, (counts.get(line) ?? 0) - 1)
  for (const line of after.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1)
  const sum = (sign: 1 | -1) => [...counts.values()].reduce((total, n) => total + Math.max(0, sign * n), 0)
  return { lines_added: sum(1), lines_removed: sum(-1) }
}

/** Positions before the edit that kept their order: everything else that stayed has moved. */
async function keptOrder(db: Db | Trx, positions: number[]): Promise<Set<number>> {
  const { rows } = await sql<{ kept: number[] }>`select public.fn_iu_longest_increasing(${positions}::integer[]) as kept`.execute(db)
  return new Set(rows[0]!.kept)
}

function requireOneOfEach(pieces: FilePiece[]) {
  const seen = new Set<string>()
  for (const { iu_id, address } of pieces) {
    if (seen.has(iu_id)) throw new ImportError(`The piece ${address} stands in the file twice; a collection holds a piece once.`)
    seen.add(iu_id)
  }
}

/**
 * Compares an edited file with the database. An edit is told by the file itself: a text, or the list of pieces, that no
 * longer has the digest it was exported with. What others changed meanwhile, and the file did not, is left as it is.
 * @param db handle or transaction; nothing is written
 * @param file as it was parsed
 * @returns what would change; `changes` is empty when there is nothing to do
 * @throws ImportError when the file asks for something that an import does not do
 */
export async function planImport(db: Db | Trx, file: CollectionFile): Promise<ImportPlan> {
  requireOneOfEach(file.pieces)
  const row = await db.selectFrom('v_iu_collection').select('collection_id').where('collection_key', '=', file.collection_key).executeTakeFirst()
  if (!row) throw new ImportError(`There is no collection with the key "${file.collection_key}". An import changes a collection, it makes none.`)
  const collection_id = row.collection_id!
  const held = (await getCollectionFile(db, collection_id))!
  for (const key of ['collection_kind', 'title', 'description'] as const) {
    if (file[key] !== held[key]) throw new ImportError(`The ${key} differs from the database's. An import changes pieces, their order, roles, titles and texts.`)
  }

  const wanted = placed(file.pieces)
  const before = placed(held.pieces)
  const known = new Map((await piecesOf(db, [...wanted.keys()])).map(piece => [piece.iu_id, piece]))
  const changes: ImportChange[] = []
  const edits: ImportPlan['edits'] = []
  for (const piece of wanted.values()) {
    const now = known.get(piece.iu_id)
    if (!now) throw new ImportError(`There is no piece with the id ${piece.iu_id} (${piece.address}). An import makes no pieces: create it first.`)
    if (now.address !== piece.address) throw new ImportError(`The piece ${piece.iu_id} has the address ${now.address}, not ${piece.address}; addresses do not change.`)
    const { iu_id, address, title, text, position, content_digest } = piece
    const textEdited = textDigest(text) !== content_digest && text !== now.text
    if (!textEdited && title === now.title) continue
    // A new title alone takes no text back that somebody wrote meanwhile.
    edits.push(textEdited ? { iu_id, title, text, content_digest } : { iu_id, title, text: now.text, content_digest: now.content_digest })
    if (textEdited) changes.push({ change: 'text_changed', iu_id, address, title, position, ...lineChanges(now.text, text), also_in: now.places - (before.has(iu_id) ? 1 : 0) })
    if (title !== now.title) changes.push({ change: 'title_changed', iu_id, address, title, position, from_title: now.title, also_in: now.places - (before.has(iu_id) ? 1 : 0) })
  }

  const pieces = file.pieces.map(({ role, iu_id }) => ({ role, iu_id }))
  const digest = manifestDigest(pieces)
  const membersEdited = digest !== file.manifest_digest && digest !== held.manifest_digest
  if (membersEdited) changes.push(...await memberChanges(db, before, wanted))
  return {
    collection_id, collection_key: file.collection_key, edits, changes,
    members: membersEdited ? { pieces, manifest_digest: file.manifest_digest } : null,
  }
}

async function piecesOf(db: Db | Trx, ids: string[]) {
  return db.selectFrom('v_iu_piece as u')
    .select(['u.id as iu_id', 'u.canonical_address as address', 'u.title', 'u.body as text', 'u.content_digest'])
    .select(eb => eb.selectFrom('v_iu_piece_place as p').whereRef('p.iu_id', '=', 'u.id').select(sql<number>`count(*)::integer`.as('n')).as('places'))
    .where('u.id', '=', sql<string>`any (${ids}::uuid[])`)
    .$narrowType<{ iu_id: string, address: string, title: string, text: string, content_digest: string, places: number }>()
    .execute()
}

async function memberChanges(db: Db | Trx, before: Map<string, Held>, after: Map<string, Held>): Promise<ImportChange[]> {
  const stayed = [...after.values()].filter(piece => before.has(piece.iu_id))
  const kept = await keptOrder(db, stayed.map(piece => before.get(piece.iu_id)!.position))
  const changes: ImportChange[] = []
  for (const { iu_id, address, title, role, position: from_position } of before.values()) {
    if (!after.has(iu_id)) changes.push({ change: 'removed', iu_id, address, title, role, from_position })
  }
  for (const { iu_id, address, title, role, position } of after.values()) {
    const was = before.get(iu_id)
    if (!was) changes.push({ change: 'added', iu_id, address, title, role, position })
    else if (!kept.has(was.position)) changes.push({ change: 'moved', iu_id, address, title, position, from_position: was.position })
    if (was && was.role !== role) changes.push({ change: 'role_changed', iu_id, address, title, role, from_role: was.role, position })
  }
  return changes
}

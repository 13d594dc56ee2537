import { z } from 'zod'
import { Digest, Id, PageQuery, SearchText, Timestamp, page } from './common'

export const Piece = z.object({
  id: Id,
  canonical_address: z.string(),
  title: z.string(),
  body: z.string(),
  lifecycle_status: z.string(),
  content_digest: Digest,
  created_by: z.string(),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type Piece = z.infer<typeof Piece>

/** A piece at its place in one collection, with how many other collections hold it too. */
export const PlacedPiece = Piece.pick({ canonical_address: true, title: true, body: true, lifecycle_status: true, content_digest: true }).extend({
  iu_id: Id,
  position: z.number().int(),
  role: z.string(),
  shared_with: z.number().int(),
})
export type PlacedPiece = z.infer<typeof PlacedPiece>

/** A piece and every collection that holds it. */
export const PieceDetail = Piece.extend({
  collections: z.array(z.object({
    collection_id: Id,
    collection_key: z.string(),
    collection_kind: z.string(),
    title: z.string(),
    position: z.number().int(),
    role: z.string(),
    /** Where the console shows it: a template, an instance, or neither. */
    shown_as: z.enum(['template', 'instance', 'collection']),
  })),
})
export type PieceDetail = z.infer<typeof PieceDetail>

export const PieceQuery = PageQuery.extend({ q: SearchText.optional() })
export const PiecePage = page(Piece.omit({ body: true }))

/** What became of one piece between two manifests. */
export const PieceChange = z.enum(['same', 'added', 'removed', 'moved', 'role_changed', 'replaced'])
export type PieceChange = z.infer<typeof PieceChange>

/**
 * One row of the piece-level difference between two manifests, in reading order of the newer one.
 * `removed` has no `to_*`, `added` no `from_*`; `replaced` has both, with two pieces.
 */
export const PieceDifference = z.object({
  change: PieceChange,
  from_iu_id: Id.nullable(),
  from_position: z.number().int().nullable(),
  from_role: z.string().nullable(),
  from_title: z.string().nullable(),
  from_address: z.string().nullable(),
  to_iu_id: Id.nullable(),
  to_position: z.number().int().nullable(),
  to_role: z.string().nullable(),
  to_title: z.string().nullable(),
  to_address: z.string().nullable(),
})
export type PieceDifference = z.infer<typeof PieceDifference>

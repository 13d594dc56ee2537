import { z } from 'zod'
import { DeliveryState, Digest, Id, PageQuery, SearchText, Timestamp, page } from './common'

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

/** One row of the list of pieces, without the text; `held_by` counts collections. */
export const PieceRow = Piece.omit({ body: true }).extend({ held_by: z.number().int() })
export type PieceRow = z.infer<typeof PieceRow>

/** A piece as another one's history names it. */
export const PieceLink = Piece.pick({ canonical_address: true, title: true, lifecycle_status: true }).extend({ iu_id: Id })
export type PieceLink = z.infer<typeof PieceLink>

/** One change of a piece's life, with what took its place. */
export const LifecycleChange = z.object({
  id: z.number().int(),
  change: z.string(),
  from_status: z.string().nullable(),
  to_status: z.string(),
  actor: z.string(),
  reason: z.string().nullable(),
  created_at: Timestamp,
  successors: z.array(PieceLink),
})
export type LifecycleChange = z.infer<typeof LifecycleChange>

/** A piece, every collection that holds it, its life, and its newest 20 events of the outbox. */
export const PieceDetail = Piece.extend({
  /** Newest first. */
  lifecycle: z.array(LifecycleChange),
  /** What it took the place of, and how. */
  predecessors: z.array(PieceLink.extend({ change: z.string(), created_at: Timestamp })),
  events: z.array(z.object({
    id: Id, event_type: z.string(), actor: z.string().nullable(), created_at: Timestamp, delivery_state: DeliveryState,
    /** Of a piece event; null for others. */
    emit_mode: z.string().nullable(),
  })),
  events_total: z.number().int(),
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

export const LifecycleStatus = z.enum(['active', 'superseded', 'retired'])
/** `q` looks into address and title; `held` tells pieces that a collection holds from those that none does. */
export const PieceFilters = z.object({
  q: SearchText.optional(),
  status: LifecycleStatus.optional(),
  held: z.enum(['held', 'loose']).optional(),
})
export type PieceFilters = z.infer<typeof PieceFilters>
export const PieceQuery = PageQuery.extend(PieceFilters.shape)
export const PiecePage = page(PieceRow)
export type PiecePage = z.infer<typeof PiecePage>

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

import { z } from 'zod'
import { Id, SearchText } from './common'

/** Most templates that stand in one matrix. */
export const MATRIX_TEMPLATES = 24

/** A template or version, as the matrix of shared pieces names it. */
export const SharingTemplate = z.object({
  collection_id: Id,
  collection_key: z.string(),
  title: z.string(),
  template_family: z.string().nullable(),
  version_label: z.string().nullable(),
  active_piece_count: z.number().int(),
})
export type SharingTemplate = z.infer<typeof SharingTemplate>

export const SharingQuery = z.object({ q: SearchText.optional() }).strict()

/** `GET /api/sharing?q=`: templates by family and key, and how many pieces each two of them share. */
export const SharingMatrix = z.object({
  templates: z.array(SharingTemplate),
  /** How many match; the matrix has the first `MATRIX_TEMPLATES` of them. */
  total: z.number().int(),
  /** Both directions; two that share nothing are left out. */
  pairs: z.array(z.object({ collection_id: Id, other_collection_id: Id, same_family: z.boolean(), shared_pieces: z.number().int() })),
})
export type SharingMatrix = z.infer<typeof SharingMatrix>

export const SharedPiecesQuery = z.object({ one: Id, other: Id }).strict()

/** `GET /api/sharing/pieces?one=&other=`: the pieces both hold, in the order of the first. */
export const SharedPieces = z.object({
  rows: z.array(z.object({
    iu_id: Id,
    canonical_address: z.string(),
    title: z.string(),
    lifecycle_status: z.string(),
    one_position: z.number().int(),
    other_position: z.number().int(),
    /** Every template that holds it, these two too. */
    held_by: z.array(z.object({ collection_id: Id, collection_key: z.string() })),
  })),
})
export type SharedPieces = z.infer<typeof SharedPieces>

import { z } from 'zod'
import { Actor, Digest, Id, Reason, Timestamp, oneLine, storable } from './common'
import { PieceDifference } from './piece'
import { TemplateRow, VersionStatus } from './template'

/** Route parameter `:family`, as it is registered. */
export const FamilyParam = z.object({ family: storable(z.string().max(200)) })

export const FamilyRow = z.object({
  template_family: z.string(),
  title: z.string(),
  collection_kind: z.string(),
  versions: z.number().int(),
  current_label: z.string().nullable(),
  current_collection_id: Id.nullable(),
  instances: z.number().int(),
  diverged: z.number().int(),
})
export type FamilyRow = z.infer<typeof FamilyRow>
export const FamilyList = z.object({ rows: z.array(FamilyRow) })

/** One row of `v_iu_template_version_chain`, with what was made from the version. */
export const ChainVersion = z.object({
  template_family: z.string(),
  version_seq: z.number().int(),
  version_label: z.string(),
  version_status: VersionStatus,
  collection_id: Id,
  collection_key: z.string(),
  collection_kind: z.string(),
  title: z.string(),
  previous_collection_id: Id.nullable(),
  manifest_digest: Digest,
  previous_manifest_digest: Digest.nullable(),
  digest_drift_from_previous: z.boolean().nullable(),
  family_chain_length: z.number().int(),
  active_piece_count: z.number().int(),
  pieces_shared: z.number().int().nullable(),
  pieces_added: z.number().int().nullable(),
  pieces_dropped: z.number().int().nullable(),
  registered_by: z.string(),
  registered_at: Timestamp,
  retired_by: z.string().nullable(),
  retired_at: Timestamp.nullable(),
  retire_reason: z.string().nullable(),
  instance_count: z.number().int(),
  digest_matching_instances: z.number().int(),
  digest_diverged_instances: z.number().int(),
})
export type ChainVersion = z.infer<typeof ChainVersion>

/** `GET /api/families/:family`: versions oldest first; `differences` has one entry per version with a predecessor. */
export const FamilyDetail = z.object({
  family: FamilyRow,
  versions: z.array(ChainVersion),
  differences: z.array(z.object({
    from_collection_id: Id,
    to_collection_id: Id,
    pieces: z.array(PieceDifference),
  })),
  /** Templates in no chain yet: what can be registered as the next version. */
  candidates: z.array(TemplateRow.pick({ collection_id: true, collection_key: true, title: true, active_piece_count: true, manifest_digest: true })),
})
export type FamilyDetail = z.infer<typeof FamilyDetail>

/** `POST /api/versions`: register a template as a version; the predecessor is superseded. */
export const RegisterVersionRequest = z.object({
  collection_id: Id,
  template_family: oneLine(z.string().trim().min(1, 'a family is needed').max(200).regex(/^(?!\.{1,2}$)/, 'no address leads to this name')),
  version_label: oneLine(z.string().trim().min(1, 'a label is needed').max(64)),
  version_seq: z.number().int().min(1, 'must be 1 or more').max(2147483647),
  previous_collection_id: Id.nullable(),
  actor: Actor,
}).strict()
export type RegisterVersionRequest = z.infer<typeof RegisterVersionRequest>

/** `POST /api/versions/:id/retire` */
export const RetireVersionRequest = z.object({ actor: Actor, reason: Reason }).strict()
export type RetireVersionRequest = z.infer<typeof RetireVersionRequest>

/** What both answer with: the function's own JSON and the record of the run. */
export const VersionOutcome = z.object({ run_id: Id, status: z.string(), result: z.record(z.string(), z.unknown()) })

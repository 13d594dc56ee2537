import { z } from 'zod'
import { Digest, EmitMode, Id, Timestamp } from './common'
import { PieceDifference, PlacedPiece } from './piece'

/** Instance against template, template against its own past: two facts in one word (`v_iu_template_instance`). */
export const DriftState = z.enum(['in_sync', 'instance_edited', 'template_moved', 'both_changed'])
export type DriftState = z.infer<typeof DriftState>

/** One row of `v_iu_template_instance`. */
export const InstanceRow = z.object({
  instance_collection_id: Id,
  instance_key: z.string(),
  instance_title: z.string(),
  template_collection_id: Id,
  template_key: z.string(),
  template_title: z.string(),
  template_family: z.string().nullable(),
  version_label: z.string().nullable(),
  instantiated_by: z.string(),
  instantiated_at: Timestamp,
  note: z.string().nullable(),
  /** The template's digest when the instance was composed. */
  base_digest: Digest,
  template_digest: Digest,
  instance_digest: Digest,
  digest_matches_template: z.boolean(),
  drift_state: DriftState,
  /** How the instance came about: null when by hand. */
  emit_mode: EmitMode.nullable(),
  collection_status: z.enum(['active', 'retired']),
})
export type InstanceRow = z.infer<typeof InstanceRow>

/** `GET /api/instances/:id` */
export const InstanceDetail = z.object({
  instance: InstanceRow.extend({
    description: z.string().nullable(),
    collection_kind: z.string(),
    /** When and why it was retired; null while it is in use. */
    retired_at: Timestamp.nullable(),
    retire_reason: z.string().nullable(),
  }),
  pieces: z.array(PlacedPiece),
  /** Template as it is now → instance as it is now. Empty: not even order differs. */
  instance_difference: z.array(PieceDifference),
  /** Template when composed → template as it is now. */
  template_difference: z.array(PieceDifference),
  /** The three manifests side by side, for the table. */
  base: z.array(z.object({ position: z.number().int(), role: z.string(), iu_id: Id, title: z.string().nullable() })),
  template: z.array(z.object({ position: z.number().int(), role: z.string(), iu_id: Id, title: z.string().nullable() })),
  /** The event that made it; null when composed by hand. */
  event: z.object({
    event_id: Id,
    event_type: z.string(),
    emit_mode: EmitMode,
    triggered_by: z.string(),
    idempotency_key: z.string(),
    created_at: Timestamp,
    /** How many instances that actor's rollback would take back together with this one. */
    rollback_scope: z.number().int(),
    /** Whether the event is in the outbox too. */
    in_outbox: z.boolean(),
  }).nullable(),
})
export type InstanceDetail = z.infer<typeof InstanceDetail>

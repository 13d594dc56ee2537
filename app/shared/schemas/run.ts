import { z } from 'zod'
import { Actor, Digest, EmitMode, Id, Note, Reason, Suffix, Timestamp, oneLine } from './common'
import { DriftState } from './instance'
import { PieceDifference } from './piece'
import { ChangedPiece } from './piece-change'

/** How many rows of one table a transaction wrote, as PostgreSQL counted them. */
export const TableChange = z.object({
  table: z.string(),
  inserted: z.number().int(),
  updated: z.number().int(),
  deleted: z.number().int(),
})
export type TableChange = z.infer<typeof TableChange>

/** A gate that was opened inside the transaction, and the value it had and has again (null: no row). */
export const OpenedGate = z.object({ key: z.string(), was: z.string().nullable() })

/** The instance an orchestration composes (or finds, on a replay). */
export const ComposedInstance = z.object({
  kind: z.literal('instance'),
  instance_key: z.string(),
  template_key: z.string(),
  template_title: z.string(),
  manifest_digest: Digest,
  digest_matches_template: z.boolean(),
  pieces: z.array(z.object({ position: z.number().int(), role: z.string(), iu_id: Id, title: z.string(), canonical_address: z.string() })),
})

/** One instance that a rollback takes back, or must leave. */
export const RollbackInstance = z.object({
  instance_collection_id: Id,
  instance_key: z.string(),
  template_key: z.string(),
  template_title: z.string(),
  event_id: Id,
  event_type: z.string(),
  emit_mode: EmitMode,
  created_at: Timestamp,
  instance_digest: Digest,
  membership_rows: z.number().int(),
  drift_state: DriftState,
  /** Against what it was composed from; empty when it was not edited. */
  edits: z.array(PieceDifference),
  /** Why it has to stay; null: it goes. */
  blocked_reason: z.string().nullable(),
})
export type RollbackInstance = z.infer<typeof RollbackInstance>

/** What a preview or a run did: counts first, then objects. */
export const Effects = z.object({
  tables: z.array(TableChange),
  gates_opened: z.array(OpenedGate),
  instance: ComposedInstance.nullable(),
  rollback: z.object({
    log_rows: z.number().int(),
    lineage_rows: z.number().int(),
    collection_rows: z.number().int(),
    membership_rows: z.number().int(),
    blocked_rows: z.number().int(),
    instances: z.array(RollbackInstance),
  }).nullable(),
  /** The pieces whose life a change of pieces touched. */
  pieces: z.array(ChangedPiece).optional(),
  /** What else an operator was shown and counts on: a run that comes out otherwise than its preview is refused. */
  facts: z.record(z.string(), z.string()).optional(),
})
export type Effects = z.infer<typeof Effects>

/** The status of a preview or run that neither went through nor was refused: something broke. */
export const FAILED = 'failed'

/** A row of `dot_iu_command_run`: a preview, a run, or a refusal or failure of either. */
export const CommandRun = z.object({
  id: Id,
  command_name: z.string(),
  phase: z.enum(['preview', 'run']),
  operator: z.string(),
  actor: z.string().nullable(),
  reason: z.string().nullable(),
  parameters: z.record(z.string(), z.unknown()),
  dry_run: z.boolean(),
  status: z.string(),
  refused: z.boolean(),
  result: z.record(z.string(), z.unknown()),
  effects: Effects.nullable(),
  preview_id: Id.nullable(),
  started_at: Timestamp,
  duration_ms: z.number(),
})
export type CommandRun = z.infer<typeof CommandRun>

/** How long a preview may be run, in minutes. */
export const PREVIEW_MINUTES = 15

/** Answer of `POST /api/orchestrations/preview` and `/api/rollbacks/preview`: nothing of it remains but its record. */
export const Preview = CommandRun.extend({ expires_at: Timestamp })
export type Preview = z.infer<typeof Preview>

/** What the orchestrator is asked to do; the names are the SQL function's parameters. */
export const OrchestrationRequest = z.object({
  event_id: Id,
  event_type: oneLine(z.string().trim().min(1, 'an event type is needed').max(200)),
  template_collection_id: Id,
  instance_key_suffix: Suffix,
  emit_mode: EmitMode,
  actor: Actor,
  /** Kept with the lineage; absent or null: none. */
  note: Note.nullish(),
  /** Open the gates it needs inside the transaction, and put them back before the commit. */
  open_gates: z.boolean().default(false),
}).strict()
export type OrchestrationRequest = z.infer<typeof OrchestrationRequest>

/** `POST /api/orchestrations`: run exactly what was previewed. */
export const OrchestrationRunRequest = z.object({ preview_id: Id }).strict()

export const RollbackRequest = z.object({
  actor: Actor,
  dry_run: z.boolean().default(true),
}).strict()
export type RollbackRequest = z.infer<typeof RollbackRequest>

/** `POST /api/rollbacks`: a live one needs the reason and the actor's name typed once more. */
export const RollbackRunRequest = z.object({
  preview_id: Id,
  reason: Reason.optional(),
  confirm_actor: z.string().trim().max(128).optional(),
}).strict()

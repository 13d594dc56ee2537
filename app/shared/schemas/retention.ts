import { z } from 'zod'
import { Actor, Id, Reason, Timestamp, oneLine, storable } from './common'
import type { CommandRun } from './run'

const TableName = oneLine(z.string().trim().min(1, 'a table is needed').max(63, 'at most 63 characters'))
const ColumnName = oneLine(z.string().trim().min(1, 'a column is needed').max(63, 'at most 63 characters'))

/** What refers to rows that are past their age and therefore stay, and how many. */
export const KeptBy = z.object({ by: z.string(), rows: z.number().int() })

/** One row of `v_iu_core_retention_policy`; the counts are null while the policy has a fault. */
export const RetentionPolicy = z.object({
  table_name: z.string(),
  age_column: z.string(),
  /** As PostgreSQL writes the interval. */
  keep_for: z.string(),
  keep_days: z.number().int(),
  actor_column: z.string().nullable(),
  active: z.boolean(),
  note: z.string(),
  set_by: z.string(),
  set_at: Timestamp,
  /** The table or column that is not there any more, in a sentence. */
  fault: z.string().nullable(),
  total_rows: z.number().int().nullable(),
  oldest_row_at: Timestamp.nullable(),
  candidates: z.number().int().nullable(),
  removable: z.number().int().nullable(),
  kept_by: z.array(KeptBy),
  oldest_candidate_at: Timestamp.nullable(),
  last_cleanup_at: Timestamp.nullable(),
  last_cleanup_by: z.string().nullable(),
  last_cleanup_rows: z.number().int().nullable(),
})
export type RetentionPolicy = z.infer<typeof RetentionPolicy>

/** One row of `v_iu_core_retention_cleanup`: what one cleanup removed from one table. */
export const RetentionCleanup = z.object({
  cleanup_id: Id,
  table_name: z.string(),
  prune_actor: z.string().nullable(),
  removed_by: z.string(),
  removed_at: Timestamp,
  rows: z.number().int(),
  batches: z.number().int(),
  oldest_at: Timestamp,
  newest_at: Timestamp,
})
export type RetentionCleanup = z.infer<typeof RetentionCleanup>

/** `GET /api/retention`: policies by table, the newest 50 cleanups. */
export const RetentionOverview = z.object({ policies: z.array(RetentionPolicy), cleanups: z.array(RetentionCleanup) })
export type RetentionOverview = z.infer<typeof RetentionOverview>

/** Route parameter `:table`. */
export const RetentionTableParam = z.object({ table: storable(z.string().max(200)) })

/** `PUT /api/retention/policies/:table` */
export const SetRetentionPolicyRequest = z.object({
  age_column: ColumnName,
  keep_days: z.number('a whole number of days is needed').int().min(1, 'at least 1 day').max(36500, 'at most 36,500 days'),
  actor_column: ColumnName.nullable(),
  active: z.boolean(),
  note: storable(z.string().trim().max(2000, 'at most 2000 characters')),
  actor: Actor,
  reason: Reason,
}).strict()
export type SetRetentionPolicyRequest = z.infer<typeof SetRetentionPolicyRequest>
export const SetRetentionPolicyOutcome = z.object({ run_id: Id, status: z.string(), changed: z.boolean() })

/** `POST /api/retention/cleanups/preview`; without a table: all that have an active policy. */
export const RetentionRequest = z.object({
  table_name: TableName.nullable(),
  dry_run: z.boolean().default(true),
  actor: Actor,
  /** Only this actor's rows; absent or null: everybody's. */
  prune_actor: Actor.nullish(),
  batch: z.number('a whole number of rows is needed').int().min(1, 'at least 1 row').max(10_000, 'at most 10,000 rows').default(1000),
  /** Open the gate of the cleanup inside the transaction, and put it back before the commit. */
  open_gates: z.boolean().default(false),
}).strict()
export type RetentionRequest = z.infer<typeof RetentionRequest>

/** What the governed check takes: it counts and needs no gate. */
export const RetentionCheckRequest = RetentionRequest.omit({ dry_run: true, open_gates: true })
export type RetentionCheckRequest = z.infer<typeof RetentionCheckRequest>
/** What the governed cleanup takes: it is always live. */
export const RetentionCleanupRequest = RetentionRequest.extend({ dry_run: z.literal(false, 'must be false: dot_iu_retention_check is its dry run').default(false) })

/** `POST /api/retention/cleanups`: a live one needs the reason and the actor's name typed once more. */
export const RetentionRunRequest = z.object({
  preview_id: Id,
  reason: Reason.optional(),
  confirm_actor: z.string().trim().max(128).optional(),
}).strict()

/** What `fn_iu_core_retention_cleanup` answers with when it does not refuse. */
export const RetentionResult = z.looseObject({
  candidates: z.number().int(),
  removable_rows: z.number().int(),
  kept_rows: z.number().int(),
  removed_rows: z.number().int(),
  tables: z.array(z.object({
    table_name: z.string(),
    age_column: z.string(),
    /** Rows older than this are past their age. */
    cutoff: z.string(),
    candidates: z.number().int(),
    removable: z.number().int(),
    kept: z.number().int(),
    kept_by: z.array(KeptBy),
    oldest_at: z.string().nullable(),
    /** Fingerprint of the rows that go. */
    rows_digest: z.string(),
    removed: z.number().int(),
    batches: z.number().int(),
  })),
  skipped: z.array(z.object({ table_name: z.string(), reason: z.string() })),
})
export type RetentionResult = z.infer<typeof RetentionResult>

/**
 * @param run a preview or run of the cleanup
 * @returns what the function answered; null when it refused
 */
export const retentionResult = (run: Pick<CommandRun, 'result'>): RetentionResult | null =>
  RetentionResult.safeParse(run.result).data ?? null

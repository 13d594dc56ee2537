import { z } from 'zod'
import { Actor, Digest, EmitMode, Id, MAX_SUFFIX, Note, Reason, oneLine } from './common'

/** Most instances that one scale-out composes. */
export const MAX_INSTANCES = 10_000

/** Digits that the number at the end of a suffix takes: at least three, so that a plan that grows keeps its suffixes. */
const digits = (count: number) => Math.max(3, String(count).length)

/** One row of a scale-out plan: so many instances of one template. */
export const PlanRow = z.object({
  template_collection_id: Id,
  count: z.number({ error: 'how many?' }).int('whole instances only').min(1, 'at least 1').max(MAX_INSTANCES, 'at most 10,000'),
  /** The suffixes are this and a number: `batch-001`, `batch-002`, … */
  suffix_prefix: oneLine(z.string().trim().min(1, 'a prefix is needed')),
  event_type: oneLine(z.string().trim().min(1, 'an event type is needed').max(200)).optional(),
  /** One for each instance; left out, they are made from the suffixes. */
  event_ids: z.array(Id).max(MAX_INSTANCES).optional(),
}).strict().superRefine((row, context) => {
  if (row.suffix_prefix.length + digits(row.count) > MAX_SUFFIX) {
    context.addIssue({ code: 'custom', path: ['suffix_prefix'], message: `at most ${MAX_SUFFIX - digits(row.count)} characters` })
  }
  if (row.event_ids && row.event_ids.length !== row.count) {
    context.addIssue({ code: 'custom', path: ['event_ids'], message: 'as many as instances' })
  }
})
export type PlanRow = z.infer<typeof PlanRow>

/** What a scale-out is asked to do; the names are the SQL function's parameters. */
export const ScaleoutRequest = z.object({
  plan: z.array(PlanRow).min(1, 'at least one row').max(100, 'at most 100 rows'),
  emit_mode: EmitMode,
  actor: Actor,
  note: Note.nullish(),
  /** Open the gates it needs inside the transaction, and put them back before the commit. */
  open_gates: z.boolean().default(false),
}).strict().superRefine(({ plan }, context) => {
  if (plan.reduce((sum, row) => sum + row.count, 0) > MAX_INSTANCES) {
    context.addIssue({ code: 'custom', path: ['plan'], message: 'at most 10,000 instances in one run' })
  }
  plan.forEach((row, index) => {
    if (plan.findIndex(other => other.suffix_prefix === row.suffix_prefix) < index) {
      context.addIssue({ code: 'custom', path: ['plan', index, 'suffix_prefix'], message: 'another row has this prefix' })
    }
  })
})
export type ScaleoutRequest = z.infer<typeof ScaleoutRequest>

/** `POST /api/scaleouts`, `POST /api/retirements`: run exactly what was previewed. */
export const PreviewedRunRequest = z.object({ preview_id: Id }).strict()

/** Answer of `fn_iu_auto_instantiate_scaleout` when it did not refuse. */
export const ScaleoutOutcome = z.looseObject({
  status: z.enum(['ok', 'idempotent_replay']),
  instances: z.number().int(),
  composed: z.number().int(),
  replayed: z.number().int(),
  digest_matching: z.number().int(),
  templates: z.array(z.object({
    plan_row: z.number().int(),
    template_collection_id: Id,
    template_key: z.string(),
    template_title: z.string(),
    template_digest: Digest,
    instances: z.number().int(),
    composed: z.number().int(),
    replayed: z.number().int(),
    digest_matching: z.number().int(),
    pieces: z.number().int(),
    first_key: z.string(),
    last_key: z.string(),
  })),
})
export type ScaleoutOutcome = z.infer<typeof ScaleoutOutcome>

/** `GET /api/scaleouts/:id`, by the id of the preview that is run: how far it is, or what came of it. */
export const ScaleoutProgress = z.object({
  under_way: z.boolean(),
  /** Instances composed so far; null until the work has begun. */
  done: z.number().int().nullable(),
  /** The record of its newest run, refused ones too; null until there is one. */
  run_id: Id.nullable(),
})
export type ScaleoutProgress = z.infer<typeof ScaleoutProgress>

/** Retire every instance an actor made, or erase the lineage of them. */
export const RetirementRequest = z.object({
  actor: Actor,
  dry_run: z.boolean().default(true),
  /** Kept with each instance; a live one needs it. */
  reason: Reason.nullish(),
}).strict().refine(request => request.dry_run || request.reason, { path: ['reason'], message: 'a live run needs a reason' })
export type RetirementRequest = z.infer<typeof RetirementRequest>
export const LineageErasureRequest = z.object({ actor: Actor, dry_run: z.boolean().default(true) }).strict()
export type LineageErasureRequest = z.infer<typeof LineageErasureRequest>

/** `POST /api/lineage-erasures`: a live one needs the actor's name typed once more and a reason. */
export const LineageErasureRunRequest = z.object({
  preview_id: Id,
  reason: Reason.optional(),
  confirm_actor: z.string().trim().max(128).optional(),
}).strict()

/** Answer of `fn_iu_collection_retire_by_actor` when it did not refuse. */
export const RetirementOutcome = z.looseObject({
  status: z.literal('ok'),
  retired_rows: z.number().int(),
  already_retired_rows: z.number().int(),
  blocked_rows: z.number().int(),
  instances: z.array(z.object({
    instance_collection_id: Id,
    instance_key: z.string(),
    instance_digest: Digest,
    was: z.string(),
    blocked_reason: z.string().nullable(),
  })),
})
export type RetirementOutcome = z.infer<typeof RetirementOutcome>

/** Answer of `fn_iu_lineage_soft_erase` when it did not refuse. */
export const LineageErasureOutcome = z.looseObject({
  status: z.literal('ok'),
  lineage_rows: z.number().int(),
  log_rows: z.number().int(),
  instances: z.array(z.object({ instance_collection_id: Id, instance_key: z.string(), instance_digest: Digest, has_log_row: z.boolean() })),
})
export type LineageErasureOutcome = z.infer<typeof LineageErasureOutcome>

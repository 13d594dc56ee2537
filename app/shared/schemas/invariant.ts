import { z } from 'zod'
import { Actor, Id, Timestamp, oneLine } from './common'

/** What a snapshot is called. */
export const SnapshotName = oneLine(z.string().trim().min(1, 'a name is needed').max(128, 'at most 128 characters'))

/** One row of `v_iu_invariant_snapshot`. */
export const InvariantSnapshot = z.object({
  name: z.string(),
  taken_by: z.string(),
  taken_at: Timestamp,
  surfaces: z.number().int(),
  rows: z.number().int(),
  open_gates: z.number().int(),
})
export type InvariantSnapshot = z.infer<typeof InvariantSnapshot>

/** `GET /api/invariants`: snapshots, newest first. */
export const InvariantSnapshotList = z.object({ snapshots: z.array(InvariantSnapshot) })
export type InvariantSnapshotList = z.infer<typeof InvariantSnapshotList>

/** `POST /api/invariants`: take a snapshot. */
export const TakeSnapshotRequest = z.object({ name: SnapshotName, actor: Actor }).strict()
export type TakeSnapshotRequest = z.infer<typeof TakeSnapshotRequest>
export const TakeSnapshotOutcome = z.object({ run_id: Id, status: z.string(), name: z.string() })

/** Expected deltas by surface; what is not named must not change. */
export const ExpectedDeltas = z.record(z.string().max(300), z.number('must be a whole number').int().min(-1e12).max(1e12))
export type ExpectedDeltas = z.infer<typeof ExpectedDeltas>

/** `GET /api/invariants/compare?from=&to=&expected=`: without `to` the comparison is with now; `expected` is JSON. */
export const CompareQuery = z.object({
  from: SnapshotName,
  to: SnapshotName.optional(),
  // Room enough beside what Node takes of a request's head.
  expected: z.string().max(8000, 'at most 8000 characters').default('{}').transform((text, context) => {
    try {
      return JSON.parse(text) as unknown
    }
    catch {
      context.addIssue({ code: 'custom', message: 'must be JSON: whole numbers by surface' })
      return z.NEVER
    }
  }).pipe(ExpectedDeltas),
})

export const InvariantVerdict = z.enum(['invariant', 'expected', 'unexpected', 'gone', 'not_judged'])

/** One line of the regression matrix. */
export const InvariantSurface = z.object({
  surface: z.string(),
  kind: z.string(),
  /** The surface that this one is a part of. */
  whole: z.string().nullable(),
  before: z.number().int().nullable(),
  after: z.number().int().nullable(),
  delta: z.number().int(),
  /** Null: not judged. */
  expected: z.number().int().nullable(),
  /** Whether the expectation was stated, or follows from the rule. */
  stated: z.boolean(),
  verdict: InvariantVerdict,
})
export type InvariantSurface = z.infer<typeof InvariantSurface>

export const InvariantComparison = z.object({
  status: z.literal('ok'),
  from: z.string(),
  /** Null: now. */
  to: z.string().nullable(),
  from_at: z.string(),
  to_at: z.string(),
  verdict: z.enum(['green', 'red']),
  unexpected: z.number().int(),
  surfaces: z.array(InvariantSurface),
})
export type InvariantComparison = z.infer<typeof InvariantComparison>

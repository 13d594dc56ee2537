import { z } from 'zod'
import { Actor, Id, Reason, Timestamp, storable } from './common'

/** Route parameter `:key`. */
export const GateParam = z.object({ key: storable(z.string().max(200)) })

/** One row of `v_iu_gate`. A missing, null or unreadable value is closed. */
export const Gate = z.object({
  key: z.string(),
  protects: z.string(),
  /** The value that opens it: `true`, or `false` for an inverted one (`dry_run_only`). */
  open_value: z.string(),
  /** As it stands in `dot_config`; null: no row or no value. */
  value: z.string().nullable(),
  is_open: z.boolean(),
  is_readable: z.boolean(),
  changed_at: Timestamp.nullable(),
  changed_by: z.string().nullable(),
  changed_from: z.string().nullable(),
  change_reason: z.string().nullable(),
})
export type Gate = z.infer<typeof Gate>

/** One row of `dot_config_change`. */
export const ConfigChange = z.object({
  id: z.number().int(),
  key: z.string(),
  old_value: z.string().nullable(),
  new_value: z.string().nullable(),
  changed_by: z.string(),
  changed_at: Timestamp,
  reason: z.string().nullable(),
})
export type ConfigChange = z.infer<typeof ConfigChange>

/** `GET /api/gates`: gates by key, settings that are no gates, the newest 50 changes. */
export const GateList = z.object({
  gates: z.array(Gate),
  settings: z.array(z.object({ key: z.string(), value: z.string().nullable() })),
  changes: z.array(ConfigChange),
})
export type GateList = z.infer<typeof GateList>

/** `PUT /api/gates/:key` */
export const SetGateRequest = z.object({ open: z.boolean(), actor: Actor, reason: Reason }).strict()
export type SetGateRequest = z.infer<typeof SetGateRequest>
export const SetGateOutcome = z.object({ run_id: Id, status: z.string(), gate: Gate })

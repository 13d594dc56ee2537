import { z } from 'zod'
import { Timestamp } from './common'

export const HealthStatus = z.enum(['green', 'red'])

/** Something a red surface names. */
export const HealthFinding = z.object({
  id: z.string(),
  /** What an operator calls it: a key, an address; the id where nothing else is known. */
  label: z.string(),
  /** The page that shows it; null where there is none. */
  to: z.string().nullable(),
})

/** One surface of `fn_iu_core_healthcheck()`. */
export const HealthSurface = z.object({
  surface: z.string(),
  status: HealthStatus,
  /** How many things are to be looked at; at most 20 of them are named. */
  count: z.number().int(),
  findings: z.array(HealthFinding),
  message: z.string(),
})
export type HealthSurface = z.infer<typeof HealthSurface>

/** `GET /api/health/report` */
export const HealthReport = z.object({
  status: HealthStatus,
  surfaces: z.array(HealthSurface),
  checked_at: Timestamp,
})
export type HealthReport = z.infer<typeof HealthReport>

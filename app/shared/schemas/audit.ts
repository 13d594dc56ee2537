import { z } from 'zod'
import { Id, PageQuery, SearchText, Timestamp, page } from './common'

/** Filters of the audit. */
export const AuditFilters = z.object({
  q: SearchText.optional(),
  kind: SearchText.optional(),
  who: SearchText.optional(),
  outcome: z.enum(['ok', 'refused']).optional(),
  within: z.enum(['hour', 'day', 'week', 'month']).optional(),
})
export type AuditFilters = z.infer<typeof AuditFilters>
export const AuditQuery = PageQuery.extend(AuditFilters.shape)
export type AuditQuery = z.infer<typeof AuditQuery>

/** One row of `console.v_audit`. */
export const AuditRow = z.object({
  id: z.string(),
  at: Timestamp,
  /** `sign_in`, `role_changed`, …, `preview` and `run`. */
  kind: z.string(),
  /** `ok`, `refused`, or the status of a refusal. */
  outcome: z.string(),
  who: z.string().nullable(),
  address: z.string().nullable(),
  /** Whom or what it was about: a person, a token, a route, a command. */
  subject: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
  run_id: Id.nullable(),
})
export type AuditRow = z.infer<typeof AuditRow>
export const AuditPage = page(AuditRow)
export type AuditPage = z.infer<typeof AuditPage>

/** `GET /api/audit/choices`: what is on record, for the filters. */
export const AuditChoices = z.object({ kinds: z.array(z.string()), people: z.array(z.string()) })
export type AuditChoices = z.infer<typeof AuditChoices>

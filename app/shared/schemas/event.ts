import { z } from 'zod'
import { Digest, EmitMode, Id, PageQuery, SearchText, SortDirection, Timestamp, page } from './common'

/** One row of `v_iu_auto_instantiate_event_log`. */
export const EventLogRow = z.object({
  instance_collection_id: Id,
  instance_key: z.string(),
  instance_title: z.string(),
  template_collection_id: Id,
  template_key: z.string(),
  template_title: z.string(),
  event_id: Id,
  event_type: z.string(),
  idempotency_key: z.string(),
  emit_mode: EmitMode,
  triggered_by: z.string(),
  created_at: Timestamp,
  instance_digest: Digest,
  template_digest: Digest,
  digest_matches_template: z.boolean(),
})
export type EventLogRow = z.infer<typeof EventLogRow>

/** Filters of the event log, newest first unless `dir` is `asc`. */
export const EventFilters = z.object({
  q: SearchText.optional(),
  mode: EmitMode.optional(),
  actor: SearchText.optional(),
  template: Id.optional(),
  event: Id.optional(),
  match: z.enum(['matching', 'diverged']).optional(),
})
export const EventQuery = PageQuery.extend(EventFilters.shape).extend({ dir: SortDirection.default('desc') })
export type EventQuery = z.infer<typeof EventQuery>

/** `newest` is the mark to ask with, later, how many rows are newer; null when the log is empty. */
export const EventPage = page(EventLogRow).extend({ newest: z.string().nullable() })
export type EventPage = z.infer<typeof EventPage>

/** `GET /api/events/newer?since=<newest>` and the same filters. */
export const NewerQuery = EventFilters.extend({ since: z.string().max(2000) })
export const NewerCount = z.object({ newer: z.number().int() })

/** One row of `v_iu_auto_instantiate_event_summary`. */
export const EventSummaryRow = z.object({
  template_collection_id: Id,
  template_key: z.string(),
  template_title: z.string(),
  emit_mode: EmitMode,
  instance_count: z.number().int(),
  event_count: z.number().int(),
  actor_count: z.number().int(),
  digest_matching_instances: z.number().int(),
  digest_diverged_instances: z.number().int(),
  first_at: Timestamp,
  last_at: Timestamp,
  instances_last_hour: z.number().int(),
  instances_last_day: z.number().int(),
})
export type EventSummaryRow = z.infer<typeof EventSummaryRow>
export const EventSummary = z.object({ rows: z.array(EventSummaryRow) })

/** Events of the outbox an operator can start from: `GET /api/outbox?q=`, newest first. */
export const OutboxEvent = z.object({
  id: Id,
  event_domain: z.string(),
  event_type: z.string(),
  actor: z.string().nullable(),
  subject: z.string().nullable(),
  created_at: Timestamp,
})
export type OutboxEvent = z.infer<typeof OutboxEvent>
export const OutboxPick = z.object({ rows: z.array(OutboxEvent), event_types: z.array(z.string()) })

/** Actors whose runs created instances: `GET /api/actors?q=` */
export const ActorRow = z.object({ actor: z.string(), instances: z.number().int(), last_at: Timestamp })
export type ActorRow = z.infer<typeof ActorRow>
export const ActorList = z.object({ rows: z.array(ActorRow) })

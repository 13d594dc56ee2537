import { z } from 'zod'
import { Actor, DeliveryState, Id, PageQuery, Reason, SearchText, SortDirection, Timestamp, oneLine, page, storable } from './common'
import { Gate } from './gate'
import { CommandRun } from './run'

/** One row of `v_iu_outbox`, without its payload. */
export const OutboxRow = z.object({
  id: Id,
  event_domain: z.string(),
  event_type: z.string(),
  /** What it is about: a canonical address or a collection's key. */
  subject: z.string().nullable(),
  actor: z.string().nullable(),
  created_at: Timestamp,
  delivery_state: DeliveryState,
})
export type OutboxRow = z.infer<typeof OutboxRow>

/** Filters of the outbox; `q` looks into type, subject, actor and the id. */
export const OutboxFilters = z.object({
  q: SearchText.optional(),
  domain: SearchText.optional(),
  type: SearchText.optional(),
  actor: SearchText.optional(),
  state: DeliveryState.optional(),
})
/** `GET /api/outbox/events`, newest first unless `dir` is `asc`. */
export const OutboxQuery = PageQuery.extend(OutboxFilters.shape).extend({ dir: SortDirection.default('desc') })
export type OutboxQuery = z.infer<typeof OutboxQuery>
export const OutboxPage = page(OutboxRow)
export type OutboxPage = z.infer<typeof OutboxPage>

/** One row of `v_iu_outbox_delivery` with its attempts, the latest first. */
export const OutboxDelivery = z.object({
  event_id: Id,
  route_key: z.string(),
  /** Null when the route was removed since. */
  target: z.string().nullable(),
  route_exists: z.boolean(),
  status: z.enum(['pending', 'delivered', 'dead']),
  attempts: z.number().int(),
  /** The attempt after which it is a dead letter. */
  dead_after: z.number().int(),
  next_attempt_at: Timestamp.nullable(),
  last_error: z.string().nullable(),
  enlisted_at: Timestamp,
  delivered_at: Timestamp.nullable(),
  requeued_at: Timestamp.nullable(),
  requeued_by: z.string().nullable(),
  log: z.array(z.object({
    attempt: z.number().int(),
    outcome: z.enum(['delivered', 'failed']),
    at: Timestamp,
    worker: z.string(),
    error: z.string().nullable(),
  })),
})
export type OutboxDelivery = z.infer<typeof OutboxDelivery>

/** `GET /api/outbox/events/:id` */
export const OutboxEventDetail = z.object({
  event: OutboxRow.extend({
    canonical_address: z.string().nullable(),
    subject_ref: Id.nullable(),
    safe_payload: z.unknown(),
  }),
  deliveries: z.array(OutboxDelivery),
})
export type OutboxEventDetail = z.infer<typeof OutboxEventDetail>

/** One row of `v_iu_outbox_summary`. */
export const OutboxSummaryRow = z.object({
  event_domain: z.string(),
  event_type: z.string(),
  events: z.number().int(),
  actors: z.number().int(),
  events_last_hour: z.number().int(),
  events_last_day: z.number().int(),
  first_at: Timestamp,
  last_at: Timestamp,
  is_registered: z.boolean(),
})
export type OutboxSummaryRow = z.infer<typeof OutboxSummaryRow>
/** `GET /api/outbox/summary`; `actors` by name, for a choice. */
export const OutboxSummary = z.object({ rows: z.array(OutboxSummaryRow), actors: z.array(z.string()) })
export type OutboxSummary = z.infer<typeof OutboxSummary>

/** One row of `v_iu_route`. */
export const OutboxRoute = z.object({
  route_key: z.string(),
  event_type: z.string(),
  target: z.string(),
  active: z.boolean(),
  /** Otherwise every attempt fails. */
  target_is_known: z.boolean(),
  /** Among the routes that may deliver. */
  is_live: z.boolean(),
  type_active: z.boolean(),
  /** Events that a step would try now. */
  due: z.number().int(),
  pending: z.number().int(),
  delivered: z.number().int(),
  dead: z.number().int(),
  changed_by: z.string().nullable(),
  changed_at: Timestamp.nullable(),
  change: z.string().nullable(),
  reason: z.string().nullable(),
})
export type OutboxRoute = z.infer<typeof OutboxRoute>

/** One row of `v_iu_outbox_type`. */
export const OutboxType = z.object({
  event_type: z.string(),
  event_domain: z.string(),
  event_stream: z.string(),
  delivery_lane: z.string(),
  active: z.boolean(),
  description: z.string(),
  internal_only: z.boolean(),
  routes: z.number().int(),
  events: z.number().int(),
})
export type OutboxType = z.infer<typeof OutboxType>

/** What `fn_iu_internal_only_assert` answers. */
export const InternalOnly = z.object({
  status: z.enum(['green', 'red']),
  count: z.number().int(),
  event_types: z.array(z.string()),
  violations: z.array(z.object({ event_type: z.string(), violation: z.string() })),
  delivery_enabled: z.boolean(),
  delivery_live_routes: z.array(z.string()),
})
export type InternalOnly = z.infer<typeof InternalOnly>

/** `GET /api/outbox/delivery`: routes and types by key, the gate, the boundary, the newest 20 changes. */
export const DeliveryOverview = z.object({
  gate: Gate,
  routes: z.array(OutboxRoute),
  types: z.array(OutboxType),
  boundary: InternalOnly,
  changes: z.array(z.object({
    id: z.number().int(),
    route_key: z.string().nullable(),
    event_type: z.string(),
    change: z.string(),
    changed_by: z.string(),
    changed_at: Timestamp,
    reason: z.string().nullable(),
  })),
})
export type DeliveryOverview = z.infer<typeof DeliveryOverview>

/** One delivery that a step tried, or would try (`due`, in a dry run). */
export const StepDelivery = z.object({
  event_id: Id,
  event_type: z.string(),
  route_key: z.string(),
  target: z.string(),
  attempt: z.number().int(),
  outcome: z.enum(['due', 'delivered', 'failed', 'dead']),
  error: z.string().nullish(),
  next_attempt_at: Timestamp.nullish(),
})
export type StepDelivery = z.infer<typeof StepDelivery>

/** What `fn_iu_outbox_deliver` answers when it does not refuse. */
export const StepResult = z.looseObject({
  status: z.literal('ok'),
  gate_is_open: z.boolean(),
  live_routes: z.array(z.string()),
  attempted: z.number().int(),
  delivered: z.number().int(),
  failed: z.number().int(),
  dead: z.number().int(),
  /** Along live routes, beyond the step's limit. */
  still_due: z.number().int(),
  due_on_other_routes: z.number().int(),
  deliveries: z.array(StepDelivery),
})
export type StepResult = z.infer<typeof StepResult>

/** `POST /api/outbox/deliveries/preview`: one delivery step. */
export const DeliveryRequest = z.object({
  limit: z.coerce.number().int('a whole number').min(1, 'at least 1').max(1000, 'at most 1000').default(100),
  /** Stands in the delivery log with every attempt. */
  worker: Actor.default('console'),
  dry_run: z.boolean().default(true),
  /** Open the delivery gate inside the transaction, and put it back before the commit. */
  open_gates: z.boolean().default(false),
}).strict()
export type DeliveryRequest = z.infer<typeof DeliveryRequest>

/** `POST /api/outbox/deliveries`: run exactly what was previewed. */
export const DeliveryRunRequest = z.object({ preview_id: Id }).strict()

const RouteKey = oneLine(z.string().trim().min(1, 'a route key is needed').max(128, 'at most 128 characters'))

/** `POST /api/outbox/requeue`: put a dead letter back in line. */
export const RequeueRequest = z.object({ event_id: Id, route_key: storable(z.string().min(1).max(400)), actor: Actor }).strict()
export type RequeueRequest = z.infer<typeof RequeueRequest>

/** `POST /api/outbox/routes` */
export const RegisterRouteRequest = z.object({
  route_key: RouteKey.regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'letters, digits and . _ : / - only'),
  event_type: oneLine(z.string('an event type is needed').trim().min(1, 'an event type is needed').max(200)),
  target: oneLine(z.string().trim().min(1, 'a target is needed').max(400)),
  actor: Actor,
}).strict()
export type RegisterRouteRequest = z.infer<typeof RegisterRouteRequest>

/** Route parameter `:key` */
export const RouteParam = z.object({ key: storable(z.string().min(1).max(400)) })
/** `POST /api/outbox/routes/:key/remove` */
export const RemoveRouteRequest = z.object({ actor: Actor, reason: Reason }).strict()
export type RemoveRouteRequest = z.infer<typeof RemoveRouteRequest>
/** `POST /api/outbox/routes/:key/active` */
export const SwitchRouteRequest = RemoveRouteRequest.extend({ active: z.boolean() }).strict()
export type SwitchRouteRequest = z.infer<typeof SwitchRouteRequest>
/** `POST /api/outbox/live-routes`: the whole list; empty: nothing is delivered. */
export const LiveRoutesRequest = RemoveRouteRequest.extend({ routes: z.array(storable(z.string().max(400))).max(200) }).strict()
export type LiveRoutesRequest = z.infer<typeof LiveRoutesRequest>

/** Route parameter `:type` */
export const TypeParam = z.object({ type: storable(z.string().min(1).max(200)) })
/** `POST /api/outbox/types/:type/boundary`: open an internal-only type on purpose, or close it. */
export const InternalOnlyRequest = RemoveRouteRequest.extend({ internal_only: z.boolean() }).strict()
export type InternalOnlyRequest = z.infer<typeof InternalOnlyRequest>

/** What the writes without a preview answer with. */
export const OutboxOutcome = z.object({ run_id: Id, status: z.string(), result: CommandRun.shape.result })

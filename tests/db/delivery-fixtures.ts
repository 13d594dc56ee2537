/** What the delivery tests share: events, routes and how a delivery stands. */
import { sql } from 'kysely'
import type { Db } from '../../server/db/client'
import { ACTOR, call, oneRow, openGates, rowsOf, setConfig } from './fixtures'

export const DELIVERY_GATE = 'iu_core.delivery_enabled'
export const LIVE_ROUTES = 'iu_core.delivery_live_routes'
export const INTERNAL_TYPE = 'iu.template.instance_auto_composed'
export const TYPE = 'iu.piece.revised'

/** The answer of a delivery step. */
export interface Step {
  status: string
  attempted: number
  delivered: number
  failed: number
  dead: number
  still_due: number
  deliveries: { event_id: string, route_key: string, attempt: number, outcome: string, error: string | null }[]
}

/**
 * Adds events, a second apart, the oldest first.
 * @returns their ids
 */
export async function addEvents(db: Db, count: number, type = TYPE) {
  const rows = await rowsOf(db, sql<{ id: string }>`
    insert into public.event_outbox (event_domain, event_type, actor, created_at)
    select 'iu', ${type}, ${ACTOR}, now() - interval '1 day' + n * interval '1 second' from generate_series(1, ${count}::integer) n
    returning id`)
  return rows.map(row => row.id)
}

/** Registers a route and, unless told otherwise, makes all registered routes live. */
export async function addRoute(db: Db, key: string, { type = TYPE, target = 'log', live = true } = {}) {
  await call(db, 'fn_iu_route_register', { p_route_key: key, p_event_type: type, p_target: target, p_actor: ACTOR })
  if (live) await setConfig(db, LIVE_ROUTES, (await rowsOf(db, sql<{ route_key: string }>`select route_key from public.route_registry`)).map(row => row.route_key).join(','))
}

/** One live step with the gate open. */
export async function step(db: Db, limit = 100, worker = 'test-worker') {
  await openGates(db, DELIVERY_GATE)
  return call<Step>(db, 'fn_iu_outbox_deliver', { p_limit: limit, p_worker: worker, p_dry_run: false })
}

/** Lets time pass for what waits for its next attempt. */
export const passTime = (db: Db) => sql`update public.event_outbox_delivery set next_attempt_at = now() where status = 'pending'`.execute(db)

/** The one delivery on record. */
export const onlyDelivery = (db: Db) => oneRow(db, sql<{ status: string, attempts: number, dead_after: number, last_error: string | null, wait: number }>`
  select status, attempts, dead_after, last_error, extract(epoch from next_attempt_at - now())::integer as wait from public.event_outbox_delivery`)

/** The delivery log, in the order in which it was written. */
export const deliveryLog = (db: Db) => rowsOf(db, sql<{ event_id: string, route_key: string, attempt: number, outcome: string, worker: string, error: string | null }>`
  select event_id, route_key, attempt, outcome, worker, error from public.event_outbox_delivery_log order by id`)

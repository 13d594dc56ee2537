import { sql } from 'kysely'
import { callFunction } from './client'
import { type Command, Outcome } from './runs'
import type {
  DeliveryRequest, InternalOnlyRequest, LiveRoutesRequest, RegisterRouteRequest, RemoveRouteRequest, RequeueRequest, SwitchRouteRequest,
} from '#shared/schemas/outbox'

/** One delivery step: move due events along live routes. */
export const delivery: Command<DeliveryRequest> = {
  name: 'dot_iu_outbox_deliver',
  actor: request => request.worker,
  dryRun: request => request.dry_run,
  call: async (trx, { limit, worker, dry_run }) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_outbox_deliver(${limit}::integer, ${worker}, ${dry_run})`),
  }),
}

/** Put a dead letter back in line. */
export const requeueing: Command<RequeueRequest> = {
  name: 'dot_iu_outbox_requeue',
  actor: request => request.actor,
  call: async (trx, { event_id, route_key, actor }) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_outbox_requeue(${event_id}::uuid, ${route_key}, ${actor})`),
  }),
}

/** Register a route for an event type. */
export const routeRegistration: Command<RegisterRouteRequest> = {
  name: 'dot_iu_route_register',
  actor: request => request.actor,
  call: async (trx, { route_key, event_type, target, actor }) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_route_register(${route_key}, ${event_type}, ${target}, ${actor})`),
  }),
}

/** Switch a route on or off. */
export const routeSwitch: Command<SwitchRouteRequest & { route_key: string }> = {
  name: 'dot_iu_route_set_active',
  actor: request => request.actor,
  call: async (trx, { route_key, active, actor, reason }) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_route_set_active(${route_key}, ${active}, ${actor}, ${reason})`),
  }),
}

/** Remove a route: the way back from one that was registered by accident. */
export const routeRemoval: Command<RemoveRouteRequest & { route_key: string }> = {
  name: 'dot_iu_route_remove',
  actor: request => request.actor,
  call: async (trx, { route_key, actor, reason }) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_route_remove(${route_key}, ${actor}, ${reason})`),
  }),
}

/** Say which routes may deliver. */
export const liveRoutesSetting: Command<LiveRoutesRequest> = {
  name: 'dot_iu_delivery_live_routes_set',
  actor: request => request.actor,
  call: async (trx, { routes, actor, reason }) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_delivery_live_routes_set(${routes}::text[], ${actor}, ${reason})`),
  }),
}

/** Open an internal-only event type on purpose, or make a type internal. */
export const internalOnlySetting: Command<InternalOnlyRequest & { event_type: string }> = {
  name: 'dot_iu_event_type_internal_only_set',
  actor: request => request.actor,
  call: async (trx, { event_type, internal_only, actor, reason }) => ({
    outcome: await callFunction(trx, Outcome,
      sql`public.fn_iu_event_type_internal_only_set(${event_type}, ${internal_only}, ${actor}, ${reason})`),
  }),
}

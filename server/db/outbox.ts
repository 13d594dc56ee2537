import { type SelectQueryBuilder, sql } from 'kysely'
import type { z } from 'zod'
import type { Db } from './client'
import { getGate } from './gates'
import { type SortKey, containing, keysetPage } from './keyset'
import type { DB } from './types'
import {
  DeliveryOverview, OutboxEventDetail, OutboxRow, OutboxSummary, type OutboxFilters, type OutboxPage, type OutboxQuery,
} from '#shared/schemas/outbox'

type Filters = z.infer<typeof OutboxFilters>
type Outbox<Row> = SelectQueryBuilder<DB, 'v_iu_outbox', Row>

/** The columns of a list: the payload stays behind. */
const COLUMNS = ['id', 'event_domain', 'event_type', 'subject', 'actor', 'created_at', 'delivery_state'] as const

const byTime = (direction: 'asc' | 'desc'): SortKey => ({
  name: 'created_at',
  columns: [
    { expression: sql.ref('created_at'), type: 'timestamptz' },
    { expression: sql.ref('id'), type: 'uuid' },
  ],
  direction,
})

function filtered<Row>(query: Outbox<Row>, { q, domain, type, actor, state }: Filters): Outbox<Row> {
  if (q) {
    const pattern = containing(q)
    query = query.where(eb => eb.or([
      eb('event_type', 'ilike', pattern), eb('subject', 'ilike', pattern), eb('actor', 'ilike', pattern),
      eb(sql<string>`id::text`, 'ilike', pattern),
    ]))
  }
  if (domain) query = query.where('event_domain', '=', domain)
  if (type) query = query.where('event_type', '=', type)
  if (actor) query = query.where('actor', '=', actor)
  if (state) query = query.where('delivery_state', '=', state)
  return query
}

/**
 * One page of the outbox.
 * @throws InvalidCursorError
 */
export async function listOutbox(db: Db, query: OutboxQuery): Promise<OutboxPage> {
  const outbox = filtered(db.selectFrom('v_iu_outbox'), query)
  const [page, { total }] = await Promise.all([
    keysetPage(outbox.select(COLUMNS), byTime(query.dir), query),
    outbox.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow(),
  ])
  return { ...page, rows: OutboxRow.array().parse(page.rows), total }
}

/** Every event of the outbox that matches the filters, newest first, for an export. */
export const exportOutbox = async (db: Db, filters: Filters): Promise<OutboxRow[]> =>
  OutboxRow.array().parse(await filtered(db.selectFrom('v_iu_outbox'), filters).select(COLUMNS)
    .orderBy('created_at', 'desc').orderBy('id', 'desc').execute())

/**
 * One event with its payload, its deliveries by route and every attempt.
 * @returns null when there is no event of that id
 */
export async function getOutboxEvent(db: Db, id: string): Promise<OutboxEventDetail | null> {
  const [event, deliveries, attempts] = await Promise.all([
    db.selectFrom('v_iu_outbox').selectAll().where('id', '=', id).executeTakeFirst(),
    db.selectFrom('v_iu_outbox_delivery').selectAll().where('event_id', '=', id).orderBy('route_key').execute(),
    db.selectFrom('v_iu_outbox_delivery_attempt').selectAll().where('event_id', '=', id).orderBy('attempt', 'desc').execute(),
  ])
  if (!event) return null
  return OutboxEventDetail.parse({
    event,
    deliveries: deliveries.map(delivery => ({ ...delivery, log: attempts.filter(attempt => attempt.route_key === delivery.route_key) })),
  })
}

/** The outbox per domain and type, and who wrote into it. */
export async function summariseOutbox(db: Db): Promise<OutboxSummary> {
  const [rows, actors] = await Promise.all([
    db.selectFrom('v_iu_outbox_summary').selectAll().orderBy('event_domain').orderBy('event_type').execute(),
    db.selectFrom('v_iu_outbox').select('actor').distinct().where('actor', 'is not', null).orderBy('actor').limit(200).execute(),
  ])
  return OutboxSummary.parse({ rows, actors: actors.map(row => row.actor) })
}

/** Where delivery stands: gate, routes, types, the internal-only boundary, the newest 20 changes. */
export async function deliveryOverview(db: Db): Promise<DeliveryOverview> {
  const [gate, routes, types, boundary, changes] = await Promise.all([
    getGate(db, 'iu_core.delivery_enabled'),
    db.selectFrom('v_iu_route').selectAll().orderBy('route_key').execute(),
    db.selectFrom('v_iu_outbox_type').selectAll().orderBy('event_type').execute(),
    db.selectFrom('v_iu_internal_only').select('answer').executeTakeFirstOrThrow(),
    db.selectFrom('v_iu_route_change').selectAll().orderBy('id', 'desc').limit(20).execute(),
  ])
  return DeliveryOverview.parse({ gate, routes, types, boundary: boundary.answer, changes })
}

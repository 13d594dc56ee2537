import { type SelectQueryBuilder, sql } from 'kysely'
import type { z } from 'zod'
import type { DB } from './types'
import type { Db } from './client'
import { type SortKey, beforeMark, containing, keysetPage, markOf } from './keyset'
import { ActorRow, EventLogRow, EventSummaryRow, OutboxPick, type EventFilters, type EventPage, type EventQuery } from '#shared/schemas/event'

type Filters = z.infer<typeof EventFilters>
type Log<Row> = SelectQueryBuilder<DB, 'v_iu_auto_instantiate_event_log', Row>

const byTime = (direction: 'asc' | 'desc'): SortKey => ({
  name: 'created_at',
  columns: [
    { expression: sql.ref('created_at'), type: 'timestamptz' },
    { expression: sql.ref('instance_collection_id'), type: 'uuid' },
  ],
  direction,
})
const NEWEST_FIRST = byTime('desc')

function filtered<Row>(query: Log<Row>, { q, mode, actor, template, event, match }: Filters): Log<Row> {
  if (q) {
    const pattern = containing(q)
    query = query.where(eb => eb.or([
      eb('instance_key', 'ilike', pattern), eb('template_key', 'ilike', pattern), eb('event_type', 'ilike', pattern),
      eb('triggered_by', 'ilike', pattern), eb(sql<string>`event_id::text`, 'ilike', pattern),
    ]))
  }
  if (mode) query = query.where('emit_mode', '=', mode)
  if (actor) query = query.where('triggered_by', '=', actor)
  if (template) query = query.where('template_collection_id', '=', template)
  if (event) query = query.where('event_id', '=', event)
  if (match) query = query.where('digest_matches_template', '=', match === 'matching')
  return query
}

/**
 * One page of the auto-instantiate event log.
 * @throws InvalidCursorError
 */
export async function listEvents(db: Db, query: EventQuery): Promise<EventPage> {
  const log = filtered(db.selectFrom('v_iu_auto_instantiate_event_log'), query)
  const [page, { total }, newest] = await Promise.all([
    keysetPage(log.selectAll(), byTime(query.dir), query),
    log.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow(),
    keysetPage(log.selectAll(), NEWEST_FIRST, { limit: 1 }),
  ])
  return { ...page, rows: EventLogRow.array().parse(page.rows), total, newest: markOf(NEWEST_FIRST, newest.rows[0]) }
}

/**
 * How many rows that match the filters are newer than a page's `newest` mark.
 * @throws InvalidCursorError
 */
export async function countNewerEvents(db: Db, { since, ...filters }: Filters & { since: string }): Promise<number> {
  const { newer } = await filtered(db.selectFrom('v_iu_auto_instantiate_event_log'), filters)
    .where(beforeMark(NEWEST_FIRST, since, 'since'))
    .select(sql<number>`count(*)`.as('newer')).executeTakeFirstOrThrow()
  return newer
}

/** Every row of the log that matches the filters, newest first, for an export. */
export async function exportEvents(db: Db, filters: Filters): Promise<EventLogRow[]> {
  const rows = await filtered(db.selectFrom('v_iu_auto_instantiate_event_log'), filters).selectAll()
    .orderBy('created_at', 'desc').orderBy('instance_collection_id', 'desc').execute()
  return EventLogRow.array().parse(rows)
}

/** The log per template and mode. */
export const summariseEvents = async (db: Db): Promise<EventSummaryRow[]> =>
  EventSummaryRow.array().parse(await db.selectFrom('v_iu_auto_instantiate_event_summary').selectAll()
    .orderBy('template_key').orderBy('emit_mode').execute())

/** The newest 30 events of the outbox that match a text, and the registered types: what an orchestration starts from. */
export async function pickOutboxEvents(db: Db, q: string): Promise<z.infer<typeof OutboxPick>> {
  let events = db.selectFrom('v_iu_outbox_event')
  if (q) {
    const pattern = containing(q)
    events = events.where(eb => eb.or([
      eb('event_type', 'ilike', pattern), eb('subject', 'ilike', pattern), eb('actor', 'ilike', pattern),
      eb(sql<string>`id::text`, 'ilike', pattern),
    ]))
  }
  const [rows, types] = await Promise.all([
    events.selectAll().orderBy('created_at', 'desc').orderBy('id', 'desc').limit(30).execute(),
    db.selectFrom('v_iu_event_type').select('event_type').where('active', '=', true).orderBy('event_type').execute(),
  ])
  return OutboxPick.parse({ rows, event_types: types.map(type => type.event_type) })
}

/** Up to 20 actors whose events made instances, latest first. */
export async function listActors(db: Db, q: string): Promise<ActorRow[]> {
  let actors = db.selectFrom('v_iu_auto_instantiate_actor')
  if (q) actors = actors.where('actor', 'ilike', containing(q))
  return ActorRow.array().parse(await actors.selectAll().orderBy('last_at', 'desc').orderBy('actor').limit(20).execute())
}

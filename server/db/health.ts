import { type Kysely, sql } from 'kysely'
import { z } from 'zod'
import type { Command } from './runs'
import type { DB } from './types'
import type { ActorRequest } from '#shared/schemas/command'
import { HealthReport, HealthStatus } from '#shared/schemas/health'

const Row = z.object({ surface: z.string(), status: HealthStatus, count: z.number().int(), ids: z.array(z.string()), message: z.string() })

/** A row of `fn_iu_core_healthcheck()`. */
export type HealthRow = z.infer<typeof Row>

/**
 * Runs the healthcheck.
 * @param db handle or transaction; it is only read
 * @returns the surfaces in their order, with ids as the database has them
 */
export async function checkHealth<T>(db: Kysely<T>): Promise<HealthRow[]> {
  const { rows } = await sql`
    select surface, status, count::integer as count, ids, message from public.fn_iu_core_healthcheck()`.execute(db)
  return Row.array().parse(rows)
}

const overall = (rows: HealthRow[]): HealthRow['status'] => (rows.some(row => row.status === 'red') ? 'red' : 'green')

/** Check every surface, and keep what was found on record. */
export const healthcheck: Command<ActorRequest> = {
  name: 'dot_iu_healthcheck',
  actor: request => request.actor,
  async call(trx) {
    const surfaces = await checkHealth<DB>(trx)
    return { outcome: { status: 'ok', health: overall(surfaces), surfaces } }
  },
}

interface Named { id: string, label: string, to: string | null }

/** What the ids of one surface are, and where that is shown. */
async function name<T>(db: Kysely<T>, { surface, ids }: HealthRow): Promise<Named[]> {
  if (ids.length === 0) return []
  const found = await namesOf(db, surface, ids)
  return ids.map(id => found.find(named => named.id === id) ?? { id, label: id, to: null })
}

async function namesOf<T>(db: Kysely<T>, surface: string, ids: string[]): Promise<Named[]> {
  switch (surface) {
    case 'gates':
      return ids.map(id => ({ id, label: id, to: '/gates' }))
    case 'members_active':
      return rowsOf(db, sql`select id, canonical_address as label, '/pieces/' || id as "to" from public.v_iu_piece where id::text = any (${ids})`)
    case 'outbox_types':
      return rowsOf(db, sql`select id, event_type as label, '/outbox?q=' || id as "to" from public.v_iu_outbox_event where id::text = any (${ids})`)
    case 'manifest_present':
      return rowsOf(db, sql`
        select distinct on (manifest_digest) manifest_digest as id, collection_key as label, ${pageOfCollection} as "to"
        from public.v_iu_collection where manifest_digest = any (${ids}) order by manifest_digest, collection_key`)
    case 'triggers':
    case 'internal_only':
      return []
    default:
      return rowsOf(db, sql`
        select collection_id as id, collection_key as label, ${pageOfCollection} as "to"
        from public.v_iu_collection where collection_id::text = any (${ids})`)
  }
}

/** A collection that is neither has no page. */
const pageOfCollection = sql`
  case shown_as when 'template' then '/templates/' || collection_id when 'instance' then '/instances/' || collection_id end`

const rowsOf = async <T>(db: Kysely<T>, query: ReturnType<typeof sql>) => (await query.execute(db)).rows as Named[]

/**
 * Runs the healthcheck for the screen: with names and pages in place of ids.
 * @param db handle or transaction; it is only read
 */
export async function reportHealth<T>(db: Kysely<T>): Promise<HealthReport> {
  const rows = await checkHealth(db)
  const { rows: [now] } = await sql<{ at: string }>`select now() as at`.execute(db)
  return HealthReport.parse({
    status: overall(rows),
    surfaces: await Promise.all(rows.map(async row => ({ ...row, findings: await name(db, row) }))),
    checked_at: now!.at,
  })
}

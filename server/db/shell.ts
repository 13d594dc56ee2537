import { sql } from 'kysely'
import type { Db } from './client'
import { checkHealth } from './health'
import { containing } from './keyset'
import { EventLogRow } from '#shared/schemas/event'
import { Overview, SearchHit, type Shell } from '#shared/schemas/shell'

const gateState = async (db: Db) => {
  const gates = await db.selectFrom('v_iu_gate').select(['key', 'is_open']).orderBy('key').execute()
  return { total: gates.length, open: gates.filter(gate => gate.is_open).map(gate => gate.key!) }
}

/** What stands around every page: counts and the gates that are open. */
export async function getShell(db: Db): Promise<Omit<Shell, 'operator'>> {
  const [counts, gates] = await Promise.all([
    db.selectNoFrom(eb => [
      eb.selectFrom('v_iu_template_observability').select(sql<number>`count(*)`.as('n')).as('templates'),
      eb.selectFrom('v_iu_template_family').select(sql<number>`count(*)`.as('n')).as('families'),
      eb.selectFrom('v_iu_auto_instantiate_event_log').select(sql<number>`count(*)`.as('n')).as('events'),
      eb.selectFrom('v_iu_piece').select(sql<number>`count(*)`.as('n')).as('pieces'),
    ]).executeTakeFirstOrThrow(),
    gateState(db),
  ])
  return { counts: { templates: counts.templates ?? 0, families: counts.families ?? 0, pieces: counts.pieces ?? 0, events: counts.events ?? 0 }, gates }
}

const hits = 8

/** Up to 8 templates, families, instances, pieces and actors each that hold the text; those that begin with it first. */
export async function search(db: Db, q: string): Promise<SearchHit[]> {
  if (q === '') return []
  const pattern = containing(q)
  const found = await Promise.all([
    sql`select 'template' as kind, collection_key as label, title as detail, '/templates/' || collection_id as "to"
        from public.v_iu_template_observability
        where collection_key ilike ${pattern} or title ilike ${pattern}
        order by strpos(lower(collection_key), lower(${q})), collection_key limit ${hits}`.execute(db),
    sql`select 'family' as kind, template_family as label, title as detail, template_family as "to"
        from public.v_iu_template_family
        where template_family ilike ${pattern} or title ilike ${pattern}
        order by strpos(lower(template_family), lower(${q})), template_family limit ${hits}`.execute(db),
    sql`select 'instance' as kind, instance_key as label, instance_title as detail, '/instances/' || instance_collection_id as "to"
        from public.v_iu_template_instance
        where instance_key ilike ${pattern} or instance_title ilike ${pattern}
        order by strpos(lower(instance_key), lower(${q})), instance_key limit ${hits}`.execute(db),
    sql`select 'piece' as kind, canonical_address as label, title as detail, '/pieces/' || id as "to"
        from public.v_iu_piece
        where canonical_address ilike ${pattern} or title ilike ${pattern}
        order by strpos(lower(canonical_address), lower(${q})), canonical_address limit ${hits}`.execute(db),
    sql`select 'actor' as kind, actor as label, instances || case when instances = 1 then ' instance' else ' instances' end as detail, actor as "to"
        from public.v_iu_auto_instantiate_actor
        where actor ilike ${pattern}
        order by strpos(lower(actor), lower(${q})), actor limit ${hits}`.execute(db),
  ])
  return SearchHit.array().parse(found.flatMap(result => result.rows)).map(hit => ({
    ...hit,
    to: hit.kind === 'family'
      ? `/families/${encodeURIComponent(hit.to)}`
      : hit.kind === 'actor' ? `/events?actor=${encodeURIComponent(hit.to)}` : hit.to,
  }))
}

/** Is all well? Counts of everything an operator asks first, the latest runs and events. */
export async function getOverview(db: Db): Promise<Overview> {
  const lastDay = sql<boolean>`started_at > now() - interval '1 day'`
  const [templates, counts, runs, gates, health, latestRuns, latestEvents] = await Promise.all([
    db.selectFrom('v_iu_template_observability').select([
      sql<number>`count(*)`.as('templates'),
      sql<number>`count(distinct template_family)`.as('families'),
      sql<number>`count(*) filter (where template_without_version)`.as('templates_without_version'),
      sql<number>`count(*) filter (where version_without_template_marker)`.as('versions_without_marker'),
      sql<number>`coalesce(sum(instance_count), 0)`.as('instances'),
      sql<number>`coalesce(sum(digest_matching_instances), 0)`.as('matching'),
      sql<number>`coalesce(sum(digest_diverged_instances), 0)`.as('diverged'),
    ]).executeTakeFirstOrThrow(),
    db.selectNoFrom(eb => [
      eb.selectFrom('v_iu_piece').select(sql<number>`count(*)`.as('n')).as('pieces'),
      eb.selectFrom('v_iu_collection').select(sql<number>`count(*)`.as('n')).as('collections'),
      eb.selectFrom('v_iu_auto_instantiate_event_log').select(sql<number>`count(*)`.as('n'))
        .where(sql<boolean>`created_at > now() - interval '1 day'`).as('events_last_day'),
      sql<string>`now()`.as('as_of'),
    ]).executeTakeFirstOrThrow(),
    db.selectFrom('v_iu_command_run').where(lastDay).select([
      sql<number>`count(*) filter (where phase = 'run' and not refused and status <> 'failed')`.as('runs_last_day'),
      sql<number>`count(*) filter (where refused)`.as('refused_last_day'),
    ]).executeTakeFirstOrThrow(),
    gateState(db),
    checkHealth(db),
    db.selectFrom('v_iu_command_run').selectAll().orderBy('started_at', 'desc').orderBy('id', 'desc').limit(6).execute(),
    db.selectFrom('v_iu_auto_instantiate_event_log').selectAll()
      .orderBy('created_at', 'desc').orderBy('instance_collection_id', 'desc').limit(6).execute(),
  ])
  return Overview.parse({
    ...templates, ...counts, ...runs, gates,
    red_surfaces: health.filter(row => row.status === 'red').map(row => row.surface),
    latest_runs: latestRuns,
    latest_events: EventLogRow.array().parse(latestEvents),
  })
}

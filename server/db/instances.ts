import { sql } from 'kysely'
import type { Db } from './client'
import { manifestDifferences } from './pieces'
import { placedPieces } from './templates'
import { InstanceDetail } from '#shared/schemas/instance'

/** The pieces a manifest lists, with their titles of today. */
async function manifestPieces(db: Db, digest: string) {
  const { rows } = await sql<{ position: number, role: string, iu_id: string, title: string | null }>`
    select p.position, p.role, p.iu_id, u.title
    from public.fn_iu_manifest_members(${digest}) p
    left join public.v_iu_piece u on u.id = p.iu_id
    order by p.position`.execute(db)
  return rows
}

/**
 * One instance: lineage, its three manifests, its drift by piece and the event that made it.
 * @returns null when the id is no instance
 */
export async function getInstance(db: Db, id: string): Promise<InstanceDetail | null> {
  const row = await db.selectFrom('v_iu_template_instance as i')
    .innerJoin('v_iu_collection as c', 'c.collection_id', 'i.instance_collection_id')
    .leftJoin('v_iu_retired_collection as r', 'r.collection_id', 'i.instance_collection_id')
    .selectAll('i').select(['c.collection_status', 'r.retired_at', 'r.retire_reason'])
    .where('i.instance_collection_id', '=', id).executeTakeFirst()
  if (!row) return null

  const [pieces, [instanceDifference, templateDifference], base, template, scope, outbox] = await Promise.all([
    placedPieces(db, id),
    manifestDifferences(db, [[row.template_digest!, row.instance_digest!], [row.base_digest!, row.template_digest!]]),
    manifestPieces(db, row.base_digest!),
    manifestPieces(db, row.template_digest!),
    db.selectFrom('v_iu_auto_instantiate_actor').select('instances').where('actor', '=', row.triggered_by).executeTakeFirst(),
    db.selectFrom('v_iu_outbox_event').select('id').where('id', '=', row.event_id).executeTakeFirst(),
  ])
  return InstanceDetail.parse({
    instance: row,
    pieces,
    instance_difference: instanceDifference,
    template_difference: templateDifference,
    base,
    template,
    event: row.event_id === null
      ? null
      : { ...row, created_at: row.event_logged_at, rollback_scope: scope?.instances ?? 0, in_outbox: outbox !== undefined },
  })
}

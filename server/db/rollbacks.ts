import { sql } from 'kysely'
import { z } from 'zod'
import { type Trx, callFunction } from './client'
import { manifestDifferences } from './pieces'
import type { Command } from './runs'
import { RollbackInstance, type RollbackRequest } from '#shared/schemas/run'

const RollbackOutcome = z.looseObject({
  status: z.string(),
  log_rows: z.number().int().optional(),
  lineage_rows: z.number().int().optional(),
  collection_rows: z.number().int().optional(),
  membership_rows: z.number().int().optional(),
  blocked_rows: z.number().int().optional(),
  instances: z.array(z.object({
    instance_collection_id: z.guid(),
    // Read after the function has locked the instance: this is what the run is compared by.
    instance_digest: z.string(),
    membership_rows: z.number().int(),
    blocked_reason: z.string().nullable(),
  })).optional(),
})

/** Rollback by actor: take back every instance that an actor's events made. */
export const rollback: Command<RollbackRequest> = {
  name: 'dot_iu_auto_instantiate_rollback_by_actor',
  actor: request => request.actor,
  dryRun: request => request.dry_run,
  async call(trx, request) {
    // Looked at before they go.
    const candidates = await instancesOf(trx, request.actor)
    const outcome = await rollbackByActor(trx, request)
    const concerned = new Map(outcome.instances?.map(row => [row.instance_collection_id, row]))
    return {
      outcome,
      rollback: {
        log_rows: outcome.log_rows ?? 0,
        lineage_rows: outcome.lineage_rows ?? 0,
        collection_rows: outcome.collection_rows ?? 0,
        membership_rows: outcome.membership_rows ?? 0,
        blocked_rows: outcome.blocked_rows ?? 0,
        instances: candidates
          .filter(row => concerned.has(row.instance_collection_id!))
          .map(row => RollbackInstance.parse({ ...row, ...concerned.get(row.instance_collection_id!) })),
      },
    }
  },
}

/** Calls `fn_iu_auto_instantiate_rollback_by_actor`. */
const rollbackByActor = (trx: Trx, { actor, dry_run }: RollbackRequest) =>
  callFunction(trx, RollbackOutcome, sql`public.fn_iu_auto_instantiate_rollback_by_actor(${actor}, ${dry_run})`)

async function instancesOf(trx: Trx, actor: string) {
  const rows = await trx.selectFrom('v_iu_template_instance').selectAll()
    .select('event_logged_at as created_at')
    .where('triggered_by', '=', actor).orderBy('instance_key').execute()
  const edited = rows.filter(row => row.instance_digest !== row.base_digest)
  const differences = await manifestDifferences(trx, edited.map(row => [row.base_digest!, row.instance_digest!]))
  const edits = new Map(edited.map((row, i) => [row.instance_collection_id, differences[i]!.filter(piece => piece.change !== 'same')]))
  return rows.map(row => ({ ...row, edits: edits.get(row.instance_collection_id) ?? [] }))
}

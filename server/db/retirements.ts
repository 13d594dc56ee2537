import { sql } from 'kysely'
import { callFunction } from './client'
import { type Command, Outcome } from './runs'
import { LineageErasureOutcome, RetirementOutcome, type LineageErasureRequest, type RetirementRequest } from '#shared/schemas/scaleout'

const short = (digest: string) => `digest ${digest.slice(0, 8)}`

/** Retire every instance that an actor made; all rows stay. */
export const retirement: Command<RetirementRequest> = {
  name: 'dot_iu_collection_retire',
  actor: request => request.actor,
  dryRun: request => request.dry_run,
  async call(trx, { actor, dry_run, reason }) {
    const outcome = await callFunction(trx, Outcome, sql`public.fn_iu_collection_retire_by_actor(${actor}, ${dry_run}, ${reason ?? null})`)
    const rows = RetirementOutcome.safeParse(outcome).data?.instances ?? []
    return {
      outcome,
      facts: Object.fromEntries(rows.map(row => [
        row.instance_key, `${row.blocked_reason ? `stays: ${row.blocked_reason}` : row.was === 'retired' ? 'is retired' : 'retires'}, ${short(row.instance_digest)}`,
      ])),
    }
  },
}

/** Erase the lineage of what an actor made; the collections stay. */
export const lineageErasure: Command<LineageErasureRequest> = {
  name: 'dot_iu_lineage_soft_erase',
  actor: request => request.actor,
  dryRun: request => request.dry_run,
  async call(trx, { actor, dry_run }) {
    const outcome = await callFunction(trx, Outcome, sql`public.fn_iu_lineage_soft_erase(${actor}, ${dry_run})`)
    const rows = LineageErasureOutcome.safeParse(outcome).data?.instances ?? []
    return { outcome, facts: Object.fromEntries(rows.map(row => [row.instance_key, `lineage goes, ${short(row.instance_digest)}`])) }
  },
}

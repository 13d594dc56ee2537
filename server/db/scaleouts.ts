import { sql } from 'kysely'
import { type Db, callFunction } from './client'
import { type Command, Outcome } from './runs'
import { ScaleoutOutcome, type ScaleoutProgress, type ScaleoutRequest } from '#shared/schemas/scaleout'

const LONGEST_MS = 10 * 60_000

/** Scale-out: many instances of several templates, in one call and one transaction. */
export const scaleout: Command<ScaleoutRequest> = {
  name: 'dot_iu_scaleout',
  actor: request => request.actor,
  dryRun: request => request.emit_mode === 'dry_run',
  async call(trx, { plan, emit_mode, actor, note }) {
    // Ten thousand instances take longer than any other statement may.
    await sql`select pg_catalog.set_config('statement_timeout', ${String(LONGEST_MS)}, true)`.execute(trx)
    const outcome = await callFunction(trx, Outcome,
      sql`public.fn_iu_auto_instantiate_scaleout(${JSON.stringify(plan)}::jsonb, ${emit_mode}, ${actor}, ${note ?? null})`)
    const made = ScaleoutOutcome.safeParse(outcome).data?.templates ?? []
    return {
      outcome,
      facts: Object.fromEntries(made.map(row => [
        `${row.first_key} to ${row.last_key}`,
        `${row.composed} new, ${row.replayed} there, from ${row.template_key}, digest ${row.template_digest.slice(0, 8)}`,
      ])),
    }
  },
}

/**
 * How far the run of a preview is, as its own connection tells while it works, or which record it has left.
 * @param previewId the preview that is run
 */
export async function scaleoutProgress(db: Db, previewId: string): Promise<ScaleoutProgress> {
  const [{ rows: [working] }, run] = await Promise.all([
    sql<{ done: number | null }>`
      select substring(activity.application_name from '^iu scale-out (\\d+)/')::integer as done
      from pg_catalog.pg_locks held
      join pg_catalog.pg_stat_activity activity on activity.pid = held.pid
      cross join (select pg_catalog.hashtextextended(${previewId}, 0) as key) preview
      where held.locktype = 'advisory' and held.granted and held.objsubid = 1
        and held.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
        and held.classid = ((preview.key >> 32) & 4294967295)::oid and held.objid = (preview.key & 4294967295)::oid`.execute(db),
    db.selectFrom('v_iu_command_run').select('id').where('preview_id', '=', previewId).where('command_name', '=', scaleout.name)
      .orderBy('started_at', 'desc').limit(1).executeTakeFirst(),
  ])
  return { under_way: working !== undefined, done: working?.done ?? null, run_id: run?.id ?? null }
}

import { sql } from 'kysely'
import { type Db, callFunction } from './client'
import { type Command, Outcome, PreviewError } from './runs'
import {
  RetentionOverview, type RetentionRequest, type RetentionResult, type SetRetentionPolicyRequest, retentionResult,
} from '#shared/schemas/retention'
import type { CommandRun } from '#shared/schemas/run'

const GATE = 'iu_core.retention_cleanup_enabled'

/** Policies by table with what is past its age now; the newest 50 cleanups. */
export async function retentionOverview(db: Db): Promise<RetentionOverview> {
  const [policies, cleanups] = await Promise.all([
    sql`select * from public.v_iu_core_retention_policy order by table_name`.execute(db),
    sql`select * from public.v_iu_core_retention_cleanup order by removed_at desc, table_name limit 50`.execute(db),
  ])
  return RetentionOverview.parse({ policies: policies.rows, cleanups: cleanups.rows })
}

/** Set the retention policy of a table. */
export const retentionPolicySetting: Command<SetRetentionPolicyRequest & { table_name: string }> = {
  name: 'dot_iu_retention_policy_set',
  actor: request => request.actor,
  call: async (trx, request) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_core_retention_policy_set(
      ${request.table_name}, ${request.age_column}, make_interval(days => ${request.keep_days}), ${request.actor_column},
      ${request.active}, ${request.note}, ${request.actor}, ${request.reason})`),
  }),
}

/** Remove the rows that are past their age, or count them. */
export const retentionCleanup: Command<RetentionRequest> = {
  name: 'dot_iu_retention_cleanup',
  actor: request => request.actor,
  dryRun: request => request.dry_run,
  gatesToOpen: request => (request.open_gates && !request.dry_run ? [GATE] : []),
  call: async (trx, request) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_core_retention_cleanup(
      ${request.table_name}, ${request.dry_run}, ${request.actor}, ${request.batch}, ${request.prune_actor ?? null})`),
  }),
}

type Table = RetentionResult['tables'][number]

const inWords = (table: Table | undefined) => (table
  ? `${table.removable} go, ${table.kept} stay, rows ${table.rows_digest.slice(0, 8)}`
  : 'none')

/**
 * The cleanup bound to the very rows of a preview: as many others in their place are refused, too.
 * @param preview a preview of `retentionCleanup`
 * @returns the command; its call throws PreviewError with the tables that differ
 */
export const cleanupAsPreviewed = (preview: CommandRun): Command<RetentionRequest> => ({
  ...retentionCleanup,
  async call(trx, request) {
    const performed = await retentionCleanup.call(trx, request)
    const tables = (result: RetentionResult | null) => new Map(result?.tables.map(table => [table.table_name, table]))
    const previewed = tables(retentionResult(preview))
    const now = tables(retentionResult({ result: performed.outcome }))
    const changes = [...new Set([...previewed.keys(), ...now.keys()])]
      .map(what => ({ what, previewed: inWords(previewed.get(what)), now: inWords(now.get(what)) }))
      .filter(change => change.previewed !== change.now)
    if (changes.length > 0) throw new PreviewError('preview_outdated', changes)
    return performed
  },
})

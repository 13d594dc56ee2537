import { sql } from 'kysely'
import { type Db, type Trx, callFunction } from './client'
import { type Command, Outcome, PreviewError, getPreview } from './runs'
import {
  type RetentionCheckRequest, RetentionOverview, RetentionRequest, type RetentionResult, type SetRetentionPolicyRequest, retentionResult,
} from '#shared/schemas/retention'
import type { CommandRun } from '#shared/schemas/run'

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

const cleanUp = async (trx: Trx, dryRun: boolean, request: RetentionCheckRequest) => ({
  outcome: await callFunction(trx, Outcome, sql`public.fn_iu_core_retention_cleanup(
    ${request.table_name}, ${dryRun}, ${request.actor}, ${request.batch}, ${request.prune_actor ?? null})`),
})

/** Count the rows that are past their age. */
export const retentionCheck: Command<RetentionCheckRequest> = {
  name: 'dot_iu_retention_check',
  actor: request => request.actor,
  dryRun: () => true,
  call: (trx, request) => cleanUp(trx, true, request),
}

/** Remove the rows that are past their age. */
export const retentionCleanup: Command<RetentionRequest> = {
  name: 'dot_iu_retention_cleanup',
  actor: request => request.actor,
  call: (trx, request) => cleanUp(trx, false, request),
}

/** What a request of the page comes to: its dry run and its live run are two commands of the catalogue. */
export const retentionCommand = ({ dry_run }: RetentionRequest): Command<RetentionRequest> => (dry_run ? retentionCheck : retentionCleanup)

/**
 * A preview of a check or a cleanup.
 * @returns with its parameters, checked; null when there is none of that id
 */
export async function getRetentionPreview(db: Db, id: string): Promise<{ preview: CommandRun, parameters: RetentionRequest } | null> {
  const preview = await getPreview(db, retentionCheck, id) ?? await getPreview(db, retentionCleanup, id)
  return preview && { preview, parameters: RetentionRequest.parse(preview.parameters) }
}

type Table = RetentionResult['tables'][number]

const inWords = (table: Table | undefined) => (table
  ? `${table.removable} go, ${table.kept} stay, rows ${table.rows_digest.slice(0, 8)}`
  : 'none')

/**
 * A command bound to the very rows of its preview: as many others in their place are refused, too.
 * @param command as `retentionCommand` gave it
 * @returns the command; its call throws PreviewError with the tables that differ
 */
export const asPreviewed = (command: Command<RetentionRequest>, preview: CommandRun): Command<RetentionRequest> => ({
  ...command,
  async call(trx, request) {
    const performed = await command.call(trx, request)
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

import { type SelectQueryBuilder, sql } from 'kysely'
import type { z } from 'zod'
import type { Db } from './client'
import { type SortKey, containing, keysetPage } from './keyset'
import type { DB } from './types'
import { RunChoices, RunRow, type RunFilters, type RunPage, type RunQuery } from '#shared/schemas/command'
import { FAILED } from '#shared/schemas/run'

type Filters = z.infer<typeof RunFilters>
type Runs<Row> = SelectQueryBuilder<DB, 'v_iu_command_run', Row>

const NEWEST_FIRST: SortKey = {
  name: 'started_at',
  columns: [{ expression: sql.ref('started_at'), type: 'timestamptz' }, { expression: sql.ref('id'), type: 'uuid' }],
  direction: 'desc',
}

function filtered<Row>(query: Runs<Row>, { q, command, operator, actor, phase, outcome, within, on }: Filters): Runs<Row> {
  if (q) {
    const pattern = containing(q)
    query = query.where(eb => eb.or([
      eb('command_name', 'ilike', pattern), eb('operator', 'ilike', pattern), eb('actor', 'ilike', pattern), eb('reason', 'ilike', pattern),
      eb(sql<string>`id::text`, 'ilike', pattern),
    ]))
  }
  if (command) query = query.where('command_name', '=', command)
  if (operator) query = query.where('operator', '=', operator)
  if (actor) query = query.where('actor', '=', actor)
  if (phase) query = query.where('phase', '=', phase)
  if (outcome === 'refused') query = query.where('refused', '=', true)
  if (outcome === 'failed') query = query.where('status', '=', FAILED)
  if (outcome === 'done') query = query.where('refused', '=', false).where('status', '<>', FAILED)
  if (within) query = query.where(sql<boolean>`started_at > now() - ${`1 ${within}`}::interval`)
  if (on) query = query.where(sql<boolean>`started_at >= ${on}::date at time zone 'UTC' and started_at < (${on}::date + 1) at time zone 'UTC'`)
  return query
}

const COLUMNS = Object.keys(RunRow.shape) as (keyof RunRow)[]

/**
 * One page of previews, runs, refusals and failures, newest first.
 * @throws InvalidCursorError
 */
export async function listRuns(db: Db, query: RunQuery): Promise<RunPage> {
  const runs = filtered(db.selectFrom('v_iu_command_run'), query)
  const [page, { total }] = await Promise.all([
    keysetPage(runs.select(COLUMNS), NEWEST_FIRST, query),
    runs.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow(),
  ])
  return { ...page, rows: RunRow.array().parse(page.rows), total }
}

/** Every run that matches the filters, newest first, for an export. */
export async function exportRuns(db: Db, filters: Filters): Promise<RunRow[]> {
  const rows = await filtered(db.selectFrom('v_iu_command_run'), filters).select(COLUMNS)
    .orderBy('started_at', 'desc').orderBy('id', 'desc').execute()
  return RunRow.array().parse(rows)
}

/** Commands, operators and actors on record, at most 200 of each. */
export async function runChoices(db: Db): Promise<RunChoices> {
  const distinct = async (column: 'command_name' | 'operator' | 'actor') => {
    const rows = await db.selectFrom('v_iu_command_run').select(`${column} as value`).distinct()
      .where(column, 'is not', null).orderBy('value').limit(200).execute()
    return rows.map(row => row.value)
  }
  const [commands, operators, actors] = await Promise.all([distinct('command_name'), distinct('operator'), distinct('actor')])
  return RunChoices.parse({ commands, operators, actors })
}

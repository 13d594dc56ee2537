import { type SelectQueryBuilder, sql } from 'kysely'
import type { Db } from './client'
import { type SortKey, containing, keysetPage } from './keyset'
import type { DB } from './types'
import { AuditChoices, AuditRow, type AuditFilters, type AuditPage, type AuditQuery } from '#shared/schemas/audit'

type Audit<Row> = SelectQueryBuilder<DB, 'console.v_audit', Row>

const NEWEST_FIRST: SortKey = {
  name: 'at',
  columns: [{ expression: sql.ref('at'), type: 'timestamptz' }, { expression: sql.ref('id'), type: 'text' }],
  direction: 'desc',
}
const DONE = ['ok', 'idempotent_replay']

function filtered<Row>(query: Audit<Row>, { q, kind, who, outcome, within }: AuditFilters): Audit<Row> {
  if (q) {
    const pattern = containing(q)
    query = query.where(eb => eb.or([
      eb('kind', 'ilike', pattern), eb('outcome', 'ilike', pattern), eb('who', 'ilike', pattern), eb('address', 'ilike', pattern),
      eb('subject', 'ilike', pattern),
    ]))
  }
  if (kind) query = query.where('kind', '=', kind)
  if (who) query = query.where('who', '=', who)
  if (outcome) query = query.where('outcome', outcome === 'ok' ? 'in' : 'not in', DONE)
  if (within) query = query.where(sql<boolean>`at > now() - ${`1 ${within}`}::interval`)
  return query
}

/**
 * One page of the audit, newest first.
 * @throws InvalidCursorError
 */
export async function listAudit(db: Db, query: AuditQuery): Promise<AuditPage> {
  const entries = filtered(db.selectFrom('console.v_audit'), query)
  const [page, { total }] = await Promise.all([
    keysetPage(entries.selectAll(), NEWEST_FIRST, query),
    entries.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow(),
  ])
  return { ...page, rows: AuditRow.array().parse(page.rows), total }
}

/** Every entry that matches the filters, newest first, for an export. */
export const exportAudit = async (db: Db, filters: AuditFilters): Promise<AuditRow[]> =>
  AuditRow.array().parse(await filtered(db.selectFrom('console.v_audit'), filters).selectAll()
    .orderBy('at', 'desc').orderBy('id', 'desc').execute())

/** Kinds and people on record, at most 200 of each. */
export async function auditChoices(db: Db): Promise<AuditChoices> {
  const distinct = async (column: 'kind' | 'who') => {
    const rows = await db.selectFrom('console.v_audit').select(`${column} as value`).distinct()
      .where(column, 'is not', null).orderBy('value').limit(200).execute()
    return rows.map(row => row.value)
  }
  const [kinds, people] = await Promise.all([distinct('kind'), distinct('who')])
  return AuditChoices.parse({ kinds, people })
}

import { type SelectQueryBuilder, sql } from 'kysely'
import type { DB } from './types'
import type { Db } from './client'
import { type SortKey, containing, keysetPage } from './keyset'
import { manifestDifferences } from './pieces'
import { TemplateDetail, TemplateRow, TemplateTotals, type TemplatePage, type TemplateQuery } from '#shared/schemas/template'

type Templates<Row> = SelectQueryBuilder<DB, 'v_iu_template_observability', Row>

const id = { expression: sql.ref('collection_id'), type: 'uuid' } as const
const integer = (column: string) => [{ expression: sql.ref(column), type: 'integer' } as const, id]
const text = (expression: ReturnType<typeof sql>) => [{ expression, type: 'text' } as const, id]

const SORTS: Record<TemplateQuery['sort'], SortKey['columns']> = {
  // A template without a version is a group of its own; newest version first.
  family: [
    { expression: sql`coalesce(template_family, collection_key)`, type: 'text' },
    { expression: sql`-coalesce(version_seq, 0)`, type: 'integer' },
    id,
  ],
  key: text(sql.ref('collection_key')),
  status: text(sql`coalesce(version_status, '')`),
  pieces: integer('active_piece_count'),
  instances: integer('instance_count'),
  diverged: integer('digest_diverged_instances'),
  last_instance: [{ expression: sql`coalesce(last_instance_at, '-infinity')`, type: 'timestamptz' }, id],
}

type TemplateFilters = Pick<TemplateQuery, 'q' | 'status' | 'kind' | 'flag'>

function filtered<Row>(query: Templates<Row>, { q, status, kind, flag }: TemplateFilters): Templates<Row> {
  if (q) {
    const pattern = containing(q)
    query = query.where(eb => eb.or([
      eb('collection_key', 'ilike', pattern), eb('title', 'ilike', pattern), eb('template_family', 'ilike', pattern),
    ]))
  }
  if (status) query = query.where('version_status', '=', status)
  if (kind) query = query.where('collection_kind', '=', kind)
  if (flag === 'diverged') query = query.where('digest_diverged_instances', '>', 0)
  if (flag === 'without_version') query = query.where('template_without_version', '=', true)
  if (flag === 'without_marker') query = query.where('version_without_template_marker', '=', true)
  return query
}

/**
 * One page of the observability table.
 * @param db the handle
 * @param query filters, sort and page
 * @returns rows of `v_iu_template_observability`, with sums over all that match
 * @throws InvalidCursorError
 */
export async function listTemplates(db: Db, query: TemplateQuery): Promise<TemplatePage> {
  const view = db.selectFrom('v_iu_template_observability')
  const sort = { name: query.sort, columns: SORTS[query.sort], direction: query.dir }
  const [page, totals, kinds] = await Promise.all([
    keysetPage(filtered(view, query).selectAll(), sort, query),
    filtered(view, query).select([
      sql<number>`count(*)`.as('templates'),
      sql<number>`count(distinct template_family)`.as('families'),
      sql<number>`coalesce(sum(instance_count), 0)`.as('instances'),
      sql<number>`coalesce(sum(digest_matching_instances), 0)`.as('matching'),
      sql<number>`coalesce(sum(digest_diverged_instances), 0)`.as('diverged'),
      sql<number>`count(*) filter (where template_without_version)`.as('without_version'),
      sql<number>`count(*) filter (where version_without_template_marker)`.as('without_marker'),
    ]).executeTakeFirstOrThrow(),
    view.select('collection_kind').distinct().orderBy('collection_kind').execute(),
  ])
  return {
    ...page,
    rows: TemplateRow.array().parse(page.rows),
    total: totals.templates,
    totals: TemplateTotals.parse(totals),
    kinds: kinds.map(row => row.collection_kind!),
  }
}

/**
 * Every template that matches the filters, for an export.
 * @returns rows of `v_iu_template_observability` in the order asked for
 */
export async function exportTemplates(db: Db, query: TemplateQuery): Promise<TemplateRow[]> {
  let rows = filtered(db.selectFrom('v_iu_template_observability'), query).selectAll()
  for (const column of SORTS[query.sort]) rows = rows.orderBy(column.expression, query.dir)
  return TemplateRow.array().parse(await rows.execute())
}

/**
 * One template with its pieces, versions, instances and whom it shares pieces with.
 * @returns null when there is no template of that id
 */
export async function getTemplate(db: Db, collectionId: string): Promise<TemplateDetail | null> {
  const row = await db.selectFrom('v_iu_template_observability as t')
    .innerJoin('v_iu_collection as c', 'c.collection_id', 't.collection_id')
    .selectAll('t')
    .select(['c.description', 'c.marked_by', 'c.marked_at', 'c.created_by', 'c.created_at'])
    .where('t.collection_id', '=', collectionId)
    .executeTakeFirst()
  if (!row) return null

  const [pieces, versions, instances, drift, sharesWith] = await Promise.all([
    placedPieces(db, collectionId),
    row.template_family === null
      ? []
      : db.selectFrom('v_iu_template_observability').selectAll()
          .where('template_family', '=', row.template_family)
          .where('collection_id', '<>', collectionId)
          .orderBy('version_seq', 'desc').execute(),
    db.selectFrom('v_iu_template_instance as i')
      .innerJoin('v_iu_collection as c', 'c.collection_id', 'i.instance_collection_id')
      .selectAll('i').select('c.collection_status')
      .where('i.template_collection_id', '=', collectionId)
      .orderBy('instantiated_at', 'desc').orderBy('instance_collection_id').limit(50).execute(),
    db.selectFrom('v_iu_template_instance')
      .select(['drift_state', sql<number>`count(*)`.as('instances')])
      .where('template_collection_id', '=', collectionId)
      .groupBy('drift_state').orderBy('drift_state').execute(),
    db.selectFrom('v_iu_piece_place as mine')
      .innerJoin('v_iu_piece_place as theirs', 'theirs.iu_id', 'mine.iu_id')
      .innerJoin('v_iu_collection as c', 'c.collection_id', 'theirs.collection_id')
      .select(['c.collection_id', 'c.collection_key', 'c.title', sql<number>`count(*)`.as('shared_pieces')])
      .where('mine.collection_id', '=', collectionId)
      .where('theirs.collection_id', '<>', collectionId)
      .where('c.shown_as', '=', 'template')
      .groupBy(['c.collection_id', 'c.collection_key', 'c.title'])
      .orderBy('shared_pieces', 'desc').orderBy('c.collection_key').execute(),
  ])
  const diverged = instances.filter(instance => !instance.digest_matches_template)
  const differences = await manifestDifferences(db, diverged.map(instance => [instance.template_digest!, instance.instance_digest!]))
  const difference = new Map(diverged.map((instance, i) => [instance, differences[i]!.filter(piece => piece.change !== 'same')]))
  return TemplateDetail.parse({
    template: row,
    pieces,
    versions,
    instances: instances.map(instance => ({ ...instance, difference: difference.get(instance) ?? [] })),
    drift,
    shares_with: sharesWith,
  })
}

/**
 * The pieces of a collection in reading order, with how many other collections hold each.
 * @returns rows in the shape of `PlacedPiece`
 */
export const placedPieces = (db: Db, collectionId: string) =>
  db.selectFrom('v_iu_collection_piece as p')
    .selectAll('p')
    .select(eb => eb.selectFrom('v_iu_piece_place as elsewhere')
      .select(sql<number>`count(*)`.as('n'))
      .whereRef('elsewhere.iu_id', '=', 'p.iu_id')
      .whereRef('elsewhere.collection_id', '<>', 'p.collection_id')
      .as('shared_with'))
    .where('p.collection_id', '=', collectionId)
    .orderBy('p.position')
    .execute()

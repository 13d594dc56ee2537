import { type SelectQueryBuilder, sql } from 'kysely'
import type { z } from 'zod'
import type { Db, Trx } from './client'
import { type SortKey, containing, keysetPage } from './keyset'
import type { DB } from './types'
import { PieceDetail, PieceDifference, PiecePage, PieceRow, type PieceFilters, type PieceQuery } from '#shared/schemas/piece'

const BY_ADDRESS: SortKey = {
  name: 'address',
  columns: [{ expression: sql.ref('canonical_address'), type: 'text' }],
  direction: 'asc',
}

/** The columns of a list: the text stays behind. */
const COLUMNS = ['id', 'canonical_address', 'title', 'lifecycle_status', 'content_digest', 'created_by', 'created_at', 'updated_at', 'held_by'] as const
const EVENTS_SHOWN = 20

function filtered<Row>(list: SelectQueryBuilder<DB, 'v_iu_piece', Row>, { q, status, held }: PieceFilters) {
  if (q) {
    const pattern = containing(q)
    list = list.where(eb => eb.or([eb('canonical_address', 'ilike', pattern), eb('title', 'ilike', pattern)]))
  }
  if (status) list = list.where('lifecycle_status', '=', status)
  if (held) list = list.where('held_by', held === 'held' ? '>' : '=', 0)
  return list
}

/**
 * One page of pieces by address, without their texts.
 * @throws InvalidCursorError
 */
export async function listPieces(db: Db, query: z.infer<typeof PieceQuery>): Promise<PiecePage> {
  const list = filtered(db.selectFrom('v_iu_piece'), query)
  const [page, { total }] = await Promise.all([
    keysetPage(list.select(COLUMNS), BY_ADDRESS, query),
    list.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow(),
  ])
  return PiecePage.parse({ ...page, total })
}

/** Every piece that matches the filters, by address, for an export. */
export const exportPieces = async (db: Db, filters: PieceFilters): Promise<PieceRow[]> =>
  PieceRow.array().parse(await filtered(db.selectFrom('v_iu_piece'), filters).select(COLUMNS).orderBy('canonical_address').execute())

/**
 * One piece, its text, every collection that holds it, its life and its events.
 * @returns null when there is no such piece
 */
export async function getPiece(db: Db, id: string): Promise<PieceDetail | null> {
  const events = db.selectFrom('v_iu_outbox').where('subject_ref', '=', id)
  const [piece, collections, lifecycle, predecessors, newest, { events_total }] = await Promise.all([
    db.selectFrom('v_iu_piece').selectAll().where('id', '=', id).executeTakeFirst(),
    db.selectFrom('v_iu_piece_place as place')
      .innerJoin('v_iu_collection as c', 'c.collection_id', 'place.collection_id')
      .select(['c.collection_id', 'c.collection_key', 'c.collection_kind', 'c.title', 'place.position', 'place.role', 'c.shown_as'])
      .where('place.iu_id', '=', id).orderBy('c.collection_key').execute(),
    db.selectFrom('v_iu_piece_lifecycle').selectAll().where('iu_id', '=', id).orderBy('id', 'desc').execute(),
    db.selectFrom('v_iu_piece_lifecycle').selectAll().where(sql<boolean>`successor_ids @> array[${id}::uuid]`).orderBy('id').execute(),
    events.select(['id', 'event_type', 'actor', 'created_at', 'delivery_state', sql<string | null>`safe_payload ->> 'emit_mode'`.as('emit_mode')])
      .orderBy('created_at', 'desc').orderBy('id', 'desc').limit(EVENTS_SHOWN).execute(),
    events.select(sql<number>`count(*)`.as('events_total')).executeTakeFirstOrThrow(),
  ])
  return piece ? PieceDetail.parse({ ...piece, collections, lifecycle, predecessors, events: newest, events_total }) : null
}

/**
 * The piece-level differences between pairs of manifests, all in one query.
 * @param db handle or transaction
 * @param pairs digests, from and to
 * @returns one list per pair, in the order given, each in reading order
 */
export async function manifestDifferences(db: Db | Trx, pairs: [from: string, to: string][]): Promise<PieceDifference[][]> {
  const { rows } = await sql<{ pieces: unknown }>`
    select coalesce(jsonb_agg(to_jsonb(d) - 'place' order by d.place) filter (where d.place is not null), '[]') as pieces
    from unnest(${pairs.map(([from]) => from)}::text[], ${pairs.map(([, to]) => to)}::text[])
      with ordinality as pair (from_digest, to_digest, pair_no)
    left join lateral public.fn_iu_manifest_difference(pair.from_digest, pair.to_digest)
      with ordinality as d (change, from_iu_id, from_position, from_role, from_title, from_address,
                            to_iu_id, to_position, to_role, to_title, to_address, place) on true
    group by pair.pair_no
    order by pair.pair_no`.execute(db)
  return rows.map(row => PieceDifference.array().parse(row.pieces))
}

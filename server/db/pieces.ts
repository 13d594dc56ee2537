import { sql } from 'kysely'
import type { z } from 'zod'
import type { Db, Trx } from './client'
import { type SortKey, containing, keysetPage } from './keyset'
import { PieceDetail, PieceDifference, PiecePage, type PieceQuery } from '#shared/schemas/piece'

const BY_ADDRESS: SortKey = {
  name: 'address',
  columns: [{ expression: sql.ref('canonical_address'), type: 'text' }],
  direction: 'asc',
}

/**
 * One page of pieces by address, without their texts.
 * @throws InvalidCursorError
 */
export async function listPieces(db: Db, query: z.infer<typeof PieceQuery>): Promise<z.infer<typeof PiecePage>> {
  let list = db.selectFrom('v_iu_piece')
  if (query.q) {
    const pattern = containing(query.q)
    list = list.where(eb => eb.or([eb('canonical_address', 'ilike', pattern), eb('title', 'ilike', pattern)]))
  }
  const [page, { total }] = await Promise.all([
    keysetPage(list.selectAll(), BY_ADDRESS, query),
    list.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow(),
  ])
  return PiecePage.parse({ ...page, total })
}

/**
 * One piece, its text and every collection that holds it.
 * @returns null when there is no such piece
 */
export async function getPiece(db: Db, id: string): Promise<PieceDetail | null> {
  const piece = await db.selectFrom('v_iu_piece').selectAll().where('id', '=', id).executeTakeFirst()
  if (!piece) return null
  const collections = await db.selectFrom('v_iu_piece_place as place')
    .innerJoin('v_iu_collection as c', 'c.collection_id', 'place.collection_id')
    .select(['c.collection_id', 'c.collection_key', 'c.collection_kind', 'c.title', 'place.position', 'place.role', 'c.shown_as'])
    .where('place.iu_id', '=', id)
    .orderBy('c.collection_key')
    .execute()
  return PieceDetail.parse({ ...piece, collections })
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

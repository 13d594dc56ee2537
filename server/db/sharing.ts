import { sql } from 'kysely'
import type { Db } from './client'
import { containing } from './keyset'
import { MATRIX_TEMPLATES, SharedPieces, SharingMatrix } from '#shared/schemas/sharing'

/** Templates by family and key that match a text, and how many pieces each two of the first of them share. */
export async function sharingMatrix(db: Db, q: string | undefined): Promise<SharingMatrix> {
  let matching = db.selectFrom('v_iu_template_observability')
  if (q) {
    const pattern = containing(q)
    matching = matching.where(eb => eb.or([
      eb('collection_key', 'ilike', pattern), eb('title', 'ilike', pattern), eb('template_family', 'ilike', pattern),
    ]))
  }
  const [templates, { total }] = await Promise.all([
    matching.selectAll()
      .orderBy(sql`coalesce(template_family, collection_key)`).orderBy('version_seq').orderBy('collection_key')
      .limit(MATRIX_TEMPLATES).execute(),
    matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow(),
  ])
  const ids = templates.map(template => template.collection_id!)
  const pairs = await db.selectFrom('v_iu_piece_sharing').selectAll()
    .where('collection_id', '=', sql<string>`any (${ids}::uuid[])`)
    .where('other_collection_id', '=', sql<string>`any (${ids}::uuid[])`).execute()
  return SharingMatrix.parse({ templates, total, pairs })
}

/** The pieces that two templates both hold, in the order of the first. */
export async function sharedPieces(db: Db, one: string, other: string): Promise<SharedPieces> {
  const rows = await db.selectFrom('v_iu_shared_piece as p')
    .innerJoin('v_iu_piece_place as mine', join => join.onRef('mine.iu_id', '=', 'p.iu_id').on('mine.collection_id', '=', one))
    .innerJoin('v_iu_piece_place as theirs', join => join.onRef('theirs.iu_id', '=', 'p.iu_id').on('theirs.collection_id', '=', other))
    .select(['p.iu_id', 'p.canonical_address', 'p.title', 'p.lifecycle_status', 'mine.position as one_position', 'theirs.position as other_position'])
    .select(eb => eb.selectFrom('v_iu_shared_piece as holder')
      .select(sql<unknown>`jsonb_agg(jsonb_build_object('collection_id', holder.collection_id, 'collection_key', holder.collection_key) order by holder.collection_key)`.as('all'))
      .whereRef('holder.iu_id', '=', 'p.iu_id').as('held_by'))
    .where('p.collection_id', '=', one)
    .orderBy('mine.position').execute()
  return SharedPieces.parse({ rows })
}

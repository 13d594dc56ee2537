import type { Db, Trx } from './client'
import type { CollectionFile } from '../text-as-code/format'

/** What to take out as text: one collection by its key, the versions of a family, or everything. */
export type Selection = { collection: string } | { family: string } | 'everything'

/** A collection by its id and the key and kind that its file is named after. */
export interface CollectionRef { collection_id: string, collection_key: string, collection_kind: string }

/**
 * Reads in one snapshot: what other transactions commit meanwhile is not seen.
 * @param work gets the transaction, which cannot write
 * @returns what the work returns
 */
export const withSnapshot = <Result>(db: Db, work: (trx: Trx) => Promise<Result>): Promise<Result> =>
  db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(work)

/**
 * The collections that a selection names, by key.
 * @returns none when there is no such collection or family
 */
export async function selectCollections(db: Db | Trx, selection: Selection): Promise<CollectionRef[]> {
  let query = db.selectFrom('v_iu_collection')
    .select(['collection_id', 'collection_key', 'collection_kind'])
    .$narrowType<CollectionRef>()
    .orderBy('collection_key')
  if (selection !== 'everything') {
    query = 'collection' in selection
      ? query.where('collection_key', '=', selection.collection)
      : query.where('collection_id', 'in', db.selectFrom('v_iu_template_version_chain').select('collection_id').where('template_family', '=', selection.family))
  }
  return query.execute()
}

/**
 * One collection with its pieces and their texts, as its file has them.
 * @returns null when there is no collection with this id
 */
export async function getCollectionFile(db: Db | Trx, id: string): Promise<CollectionFile | null> {
  const collection = await db.selectFrom('v_iu_collection')
    .select(['collection_key', 'collection_kind', 'description', 'manifest_digest', 'title'])
    .where('collection_id', '=', id)
    .$narrowType<Omit<CollectionFile, 'pieces' | 'piece_count'>>()
    .executeTakeFirst()
  if (!collection) return null
  const pieces = await db.selectFrom('v_iu_collection_piece')
    .select(['canonical_address as address', 'content_digest', 'iu_id', 'role', 'title', 'body as text'])
    .where('collection_id', '=', id)
    .orderBy('position')
    .$narrowType<CollectionFile['pieces'][number]>()
    .execute()
  return { ...collection, piece_count: pieces.length, pieces }
}

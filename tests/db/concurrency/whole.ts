import { type Kysely, sql } from 'kysely'

/** Everything that must never be, whatever runs beside what. */
const BROKEN = {
  'log without collection': `select l.instance_collection_id::text from public.iu_auto_instantiate_event_log l
    where not exists (select from public.iu_piece_collection c where c.id = l.instance_collection_id)`,
  'log without lineage': `select l.instance_collection_id::text from public.iu_auto_instantiate_event_log l
    where not exists (select from public.iu_collection_template_instance_lineage g where g.instance_collection_id = l.instance_collection_id)`,
  'lineage of an event\'s instance without log': `select c.collection_key from public.iu_collection_template_instance_lineage g
    join public.iu_piece_collection c on c.id = g.instance_collection_id
    where c.collection_key like 'tpl-inst:auto:%'
      and not exists (select from public.iu_auto_instantiate_event_log l where l.instance_collection_id = c.id)`,
  'instance without lineage': `select c.collection_key from public.iu_piece_collection c where c.collection_key like 'tpl-inst:auto:%'
    and not exists (select from public.iu_collection_template_instance_lineage g where g.instance_collection_id = c.id)`,
  'instance without log': `select c.collection_key from public.iu_piece_collection c where c.collection_key like 'tpl-inst:auto:%'
    and not exists (select from public.iu_auto_instantiate_event_log l where l.instance_collection_id = c.id)`,
  'instance without members': `select c.collection_key from public.iu_piece_collection c where c.collection_key like 'tpl-inst:auto:%'
    and not exists (select from public.iu_piece_membership m where m.collection_id = c.id)`,
  'membership without collection': `select m.id::text from public.iu_piece_membership m
    where not exists (select from public.iu_piece_collection c where c.id = m.collection_id)`,
  'lineage without collection': `select g.instance_collection_id::text from public.iu_collection_template_instance_lineage g
    where not exists (select from public.iu_piece_collection c where c.id = g.instance_collection_id)`,
  'digest that is not that of the members': `select c.collection_key from public.iu_piece_collection c
    where c.manifest_digest <> public.fn_iu_text_digest(public.fn_iu_manifest_pieces(c.id)::text)`,
  'two instances of one request': `select l.idempotency_key from public.iu_auto_instantiate_event_log l
    group by l.idempotency_key having count(*) > 1`,
}

/**
 * What is broken in the database.
 * @returns one line for each orphan, wrong digest or double; empty when all is whole
 */
export async function brokenRows<T>(db: Kysely<T>): Promise<string[]> {
  const queries = Object.entries(BROKEN).map(([what, query]) => sql`select ${what}::text || ': ' || found.key as line from (${sql.raw(query)}) as found (key)`)
  const { rows } = await sql<{ line: string }>`${sql.join(queries, sql` union all `)}`.execute(db)
  return rows.map(row => row.line)
}

/** Rows of the event log, the lineage, and collections that events made. */
export async function instanceRows<T>(db: Kysely<T>) {
  const { rows: [counts] } = await sql<{ log: number, lineage: number, collections: number, members: number }>`
    select (select count(*) from public.iu_auto_instantiate_event_log)::int as log,
           (select count(*) from public.iu_collection_template_instance_lineage)::int as lineage,
           (select count(*) from public.iu_piece_collection where collection_key like 'tpl-inst:auto:%')::int as collections,
           (select count(*) from public.iu_piece_membership m join public.iu_piece_collection c on c.id = m.collection_id
            where c.collection_key like 'tpl-inst:auto:%')::int as members`.execute(db)
  return counts!
}

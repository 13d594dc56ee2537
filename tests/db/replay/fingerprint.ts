import { type Kysely, sql } from 'kysely'

/**
 * What every table holds, to see that nothing was changed.
 * @param db the database
 * @returns an MD5 of all rows per table of the schema `public`, whatever their order
 */
export async function fingerprint<T>(db: Kysely<T>): Promise<Record<string, string>> {
  const { rows: tables } = await sql<{ name: string }>`
    select tablename as name from pg_catalog.pg_tables where schemaname = 'public' order by tablename`.execute(db)
  const sums: Record<string, string> = {}
  for (const { name } of tables) {
    const { rows: [table] } = await sql<{ sum: string }>`
      select md5(coalesce(string_agg(t::text, e'\n' order by t::text collate "C"), '')) as sum from ${sql.table(`public.${name}`)} t`.execute(db)
    sums[name] = table!.sum
  }
  return sums
}

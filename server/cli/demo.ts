import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { PlainError } from '../../bin/progress.mjs'
import { root } from '../../bin/state.mjs'
import { explainSqlError } from './migration-files'

const folder = join(root, 'demo')
// The operation that the replay tells adds this piece itself.
const REPLAYED = 'executive-summary.json'

/** Who the demo pieces are recorded under. */
const SEED_ACTOR = 'iu-core-18000x'

/** What an operator looks at before and after the replayed operation, in the order of its report. */
const SURFACES: Record<string, string> = {
  'information_unit': 'select count(*) from public.information_unit',
  'iu_piece_collection': 'select count(*) from public.iu_piece_collection',
  'iu_piece_membership': 'select count(*) from public.iu_piece_membership',
  'lineage': 'select count(*) from public.iu_collection_template_instance_lineage',
  'iu_auto_instantiate_event_log': 'select count(*) from public.iu_auto_instantiate_event_log',
  '  of these live, digest matches template': `select count(*) from public.v_iu_auto_instantiate_event_log
    where emit_mode = 'live' and digest_matches_template`,
  'templates in the registry': 'select count(*) from public.iu_collection_template_registry where is_template',
  'version rows': 'select count(*) from public.iu_collection_template_version',
  'event_outbox, domain iu': `select count(*) from public.event_outbox where event_domain = 'iu'`,
  'event_outbox, other domains': `select count(*) from public.event_outbox where event_domain <> 'iu'`,
  'iu_lifecycle_log': 'select count(*) from public.iu_lifecycle_log',
  'iu_vector_sync_point': 'select count(*) from public.iu_vector_sync_point',
  ...Object.fromEntries(['DIEU-28', 'DIEU-32', 'DIEU-35'].map(axis => [
    `three-axis envelope, ${axis}`, `select count(*) from public.iu_three_axis_envelope where axis_key = '${axis}'`,
  ])),
  'gates open': `select count(*) from public.iu_gate g join public.dot_config c on c.key = g.key and c.value = g.open_value`,
}

/** One surface and its number of rows. */
export interface SurfaceCount { surface: string, rows: number }

/**
 * Says whether the substrate holds nothing yet.
 * @param db a migrated database
 * @returns true when there is neither a piece nor a collection
 */
export async function isEmpty<T>(db: Kysely<T>): Promise<boolean> {
  const { rows: [answer] } = await sql<{ empty: boolean }>`
    select not exists (select from public.information_unit)
       and not exists (select from public.iu_piece_collection) as empty`.execute(db)
  return answer!.empty
}

/**
 * Loads the demo dataset, all or nothing.
 * @param db a migrated database with an empty substrate
 * @returns the number of pieces
 * @throws PlainError when the substrate is not empty; then nothing is changed
 */
export async function seed<T>(db: Kysely<T>): Promise<number> {
  const pieces = readdirSync(join(folder, 'pieces'))
    .filter(file => file.endsWith('.json') && file !== REPLAYED).sort()
    .flatMap(file => JSON.parse(readFileSync(join(folder, 'pieces', file), 'utf8')))
  await db.transaction().execute(async (trx) => {
    // Two seeds at once: the second waits here and then finds the substrate full.
    await sql`lock table public.information_unit, public.iu_piece_collection in share row exclusive mode`.execute(trx)
    if (!await isEmpty(trx)) throw new PlainError('This substrate is not empty. The demo dataset is only loaded into an empty one; nothing was changed.')
    await sql`
      insert into public.information_unit (canonical_address, title, body, created_by, created_at)
      select p.address, p.title, p.body, ${SEED_ACTOR}, timestamptz '2026-05-18 08:00:00+00' + row_number() over () * interval '1 minute'
      from jsonb_to_recordset(${JSON.stringify(pieces)}::jsonb) as p (address text, title text, body text)`.execute(trx)
    await runScript(trx, 'seed.sql')
  })
  // The planner knows nothing about rows that came in one load.
  await sql`analyze`.execute(db)
  return pieces.length
}

/**
 * Replays the reported operation on the demo dataset, all or nothing.
 * @param db a database with the demo dataset
 * @returns the surfaces before and after
 * @throws PlainError when the dataset is not there or the operation was replayed already; then nothing is changed
 */
export async function replay<T>(db: Kysely<T>): Promise<{ before: SurfaceCount[], after: SurfaceCount[] }> {
  const summary = JSON.parse(readFileSync(join(folder, 'pieces', REPLAYED), 'utf8'))
  const result = await db.transaction().execute(async (trx) => {
    await sql`lock table public.iu_piece_collection in share row exclusive mode`.execute(trx)
    const { rows: [found] } = await sql<{ seeded: boolean, replayed: boolean }>`
      select exists (select from public.iu_piece_collection where collection_key = 'tpl:file:status-report/v1') as seeded,
             exists (select from public.iu_piece_collection where collection_key = 'tpl:file:status-report/v2') as replayed`.execute(trx)
    if (!found!.seeded) throw new PlainError('The demo dataset is not in this database, so there is nothing to replay on. Load it with: npm run db:seed')
    if (found!.replayed) throw new PlainError('The operation was replayed already: tpl:file:status-report/v2 exists. Nothing was changed.')
    await sql`select pg_catalog.set_config('demo.executive_summary', ${JSON.stringify(Array.isArray(summary) ? summary[0] : summary)}, true)`.execute(trx)
    const before = await countSurfaces(trx)
    await runScript(trx, 'replay.sql')
    return { before, after: await countSurfaces(trx) }
  })
  await sql`analyze`.execute(db)
  return result
}

/**
 * Counts what the acceptance table counts.
 * @param db a migrated database
 * @returns one entry a surface
 */
export async function countSurfaces<T>(db: Kysely<T>): Promise<SurfaceCount[]> {
  const counts = Object.entries(SURFACES).map(([surface, query]) => sql`select ${surface}::text as surface, (${sql.raw(query)})::int as rows`)
  const { rows } = await sql<SurfaceCount>`${sql.join(counts, sql` union all `)}`.execute(db)
  return rows
}

/**
 * Lays surfaces out for a terminal.
 * @param before counts of `countSurfaces`
 * @param after counts of the same surfaces, later
 * @returns lines of a table
 */
export function surfaceTable(before: SurfaceCount[], after: SurfaceCount[]): string {
  const width = Math.max(...before.map(({ surface }) => surface.length))
  const line = (surface: string, ...numbers: string[]) => [surface.padEnd(width), ...numbers.map(number => number.padStart(8))].join('')
  return [
    line('surface', 'before', 'after', 'change'),
    ...before.map(({ surface, rows }, index) => {
      const now = after[index]!.rows
      return line(surface, String(rows), String(now), now === rows ? '=' : now > rows ? `+${now - rows}` : String(now - rows))
    }),
  ].join('\n')
}

async function runScript<T>(db: Kysely<T>, name: string): Promise<void> {
  const file = join(folder, name)
  try {
    await sql.raw(readFileSync(file, 'utf8')).execute(db)
  }
  catch (error) {
    throw explainSqlError(file, error)
  }
}

import pg from 'pg'
import { createDb } from '../../server/db/client'
import type { Db } from '../../server/db/client'
import { createDatabase } from '../helpers/databases'
import { startPostgres } from '../helpers/postgres'

/** What a benchmark works with. */
export interface Bench {
  /** One connection, so that nothing else is measured than the statement. */
  session: pg.Client
  db: Db
}

/**
 * Starts a PostgreSQL 18 with a migrated database and one template of five pieces, both gates open; ends it afterwards.
 * @param work the benchmark
 */
export async function bench(work: (bench: Bench) => Promise<void>): Promise<void> {
  const server = await startPostgres(18)
  try {
    const { url } = await createDatabase(server.url, 'migrated')
    const session = new pg.Client({ connectionString: url })
    await session.connect()
    const db = createDb(url, { max: 1 })
    try {
      await session.query(`
        insert into public.information_unit (canonical_address, title, body, created_by)
        select 'bench/' || n, 'Piece ' || n, 'Text ' || n, 'bench' from generate_series(1, 5) n;
        select public.fn_iu_gate_set(key, true, 'bench') from unnest(array['iu_core.auto_instantiate_enabled', 'iu_core.composer_enabled']) key;
        select public.fn_iu_collection_mark_template((public.fn_iu_compose('bench-template', 'file', 'Template', null,
          (select jsonb_agg(jsonb_build_object('iu_id', id)) from public.information_unit), 'bench') ->> 'collection_id')::uuid, 'bench');`)
      await work({ session, db })
    }
    finally {
      await db.destroy()
      await session.end()
    }
  }
  finally {
    await server.end()
  }
}

/**
 * Fills in instances of the template with their lineage, members and log rows as a load would, without the triggers.
 * @param count how many
 * @param prefix of their keys; the number follows
 * @param actor who the log names, every tenth row; the others have actors of their own
 */
export async function loadInstances(session: pg.Client, count: number, prefix: string, actor = 'bench'): Promise<void> {
  await session.query('begin; set local session_replication_role = replica')
  await session.query(`
    with made as (
      insert into public.iu_piece_collection (collection_key, collection_kind, title, manifest_digest, created_by)
      select 'tpl-inst:auto:' || $2 || n, t.collection_kind, t.title, t.manifest_digest, 'bench'
      from public.iu_piece_collection t, generate_series(1, $1::int) n where t.collection_key = 'bench-template'
      returning id, collection_key, manifest_digest
    ), numbered as (
      select made.*, t.id as template_id, row_number() over () as n, now() - row_number() over () * interval '1 second' as at
      from made, public.iu_piece_collection t where t.collection_key = 'bench-template'
    ), lineage as (
      insert into public.iu_collection_template_instance_lineage
        (instance_collection_id, template_collection_id, base_manifest_digest, instantiated_by, instantiated_at)
      select id, template_id, manifest_digest, 'bench', at from numbered
    ), members as (
      insert into public.iu_piece_membership (collection_id, iu_id, piece_order)
      select numbered.id, m.iu_id, m.piece_order
      from numbered join public.iu_piece_membership m on m.collection_id = numbered.template_id
    )
    insert into public.iu_auto_instantiate_event_log
      (instance_collection_id, template_collection_id, event_id, event_type, idempotency_key, emit_mode, triggered_by, created_at)
    select id, template_id, gen_random_uuid(), 'iu.template.instance_auto_composed', md5(collection_key), 'live',
           case when n % 10 = 0 then $3 else 'actor-' || n % 50 end, at
    from numbered`, [count, prefix, actor])
  await session.query('commit')
  await session.query('vacuum analyze')
}

/**
 * Measures.
 * @param times how often the work is done
 * @param work gets the number of the repetition, from 0
 * @returns the median in milliseconds
 */
export async function median(times: number, work: (n: number) => Promise<unknown>): Promise<number> {
  const taken: number[] = []
  for (let n = 0; n < times; n += 1) {
    const began = performance.now()
    await work(n)
    taken.push(performance.now() - began)
  }
  return taken.sort((a, b) => a - b)[Math.floor(times / 2)]!
}

/** Prints two medians of one run and their ratio: times differ between machines, ratios hardly. */
export function report(what: string, [nameA, a]: [string, number], [nameB, b]: [string, number]): void {
  console.log(`${what}\n  ${nameA}: ${a.toFixed(2)} ms\n  ${nameB}: ${b.toFixed(2)} ms\n  ratio: ${(b / a).toFixed(2)}`)
}

/**
 * Whether the bulk operations stay linear in the case that hurts: a connection whose plans are from when the tables were
 * small and analyzed. 1,000 instances of 5 pieces beside 10,000, each operation on a database of its own history.
 * By hand: node --import tsx tests/bench/bulk.bench.ts
 */
import { bench, median, report } from './setup'

const SIZES = [1_000, 10_000]
const OPERATIONS = {
  'scale-out': 'select public.fn_iu_auto_instantiate_scaleout($2, \'live\', $1, null)',
  'retirement by actor': 'select public.fn_iu_collection_retire_by_actor($1, false), $2::text',
  'rollback by actor': 'select public.fn_iu_auto_instantiate_rollback_by_actor($1, false), $2::text',
}
const ERASURE = 'select public.fn_iu_lineage_soft_erase($1, false)'

await bench(async ({ session }) => {
  const { rows: [template] } = await session.query('select id from public.iu_piece_collection where collection_key = \'bench-template\'')
  const plan = (actor: string, count: number) => JSON.stringify([{ template_collection_id: template.id, count, suffix_prefix: `${actor}-` }])
  const taken: Record<string, number[]> = {}
  const measure = async (operation: string, statement: string, parameters: unknown[]) => {
    (taken[operation] ??= []).push(await median(1, () => session.query(statement, parameters)))
  }
  const once = async (actor: string, count: number) => {
    for (const [operation, statement] of Object.entries(OPERATIONS)) await measure(operation, statement, [actor, plan(actor, count)])
  }
  const eraseOnce = async (actor: string, count: number) => {
    await session.query(OPERATIONS['scale-out'], [actor, plan(actor, count)])
    await measure('erasure of lineage', ERASURE, [actor])
  }

  for (const size of SIZES) {
    await session.query('vacuum analyze')
    // Often enough for plans that are kept, and few enough for plans that read a small table from end to end.
    for (let n = 0; n < 10; n += 1) {
      await once(`few-${size}-${n}`, 2)
      await eraseOnce(`few-erased-${size}-${n}`, 2)
    }
    for (const operation of Object.keys(taken)) taken[operation] = taken[operation]!.filter((_, i) => i < SIZES.indexOf(size))
    await once(`many-${size}`, size)
    await eraseOnce(`erased-${size}`, size)
    await session.query('delete from public.event_outbox')
    await session.query('delete from public.iu_piece_membership m using public.iu_piece_collection c where c.id = m.collection_id and c.created_by like \'erased-%\'')
    await session.query('delete from public.iu_piece_collection where created_by like \'erased-%\'')
  }
  for (const [operation, [few, many]] of Object.entries(taken)) {
    report(`The ${operation}, plans from when the tables were small`, [`${SIZES[0]} instances`, few!], [`${SIZES[1]} instances`, many!])
  }
})

/**
 * What a scale-out costs: 1,000 instances in one call beside the same through the orchestrator in one transaction, the
 * same plan again, and 10,000.
 * By hand: node --import tsx tests/bench/scaleout.bench.ts
 */
import { bench, median, report } from './setup'

const INSTANCES = 1_000
const ROUNDS = 5

await bench(async ({ session }) => {
  const { rows: [template] } = await session.query('select id from public.iu_piece_collection where collection_key = \'bench-template\'')
  const plan = (prefix: string, count = INSTANCES) => JSON.stringify([{ template_collection_id: template.id, count, suffix_prefix: prefix }])
  const scaleOut = (prefix: string, count?: number) => session.query(
    'select public.fn_iu_auto_instantiate_scaleout($1, \'live\', \'bench\', null)', [plan(prefix, count)])
  const oneByOne = (prefix: string) => session.query(`
    select count(public.fn_iu_auto_instantiate_from_event(
      i.event_id, i.event_type, i.template_collection_id, i.suffix, 'live', 'bench', null))
    from public.fn_iu_scaleout_items($1) i`, [plan(prefix)])

  const bulk = await median(ROUNDS, n => scaleOut(`bulk-${n}-`))
  const single = await median(ROUNDS, n => oneByOne(`single-${n}-`))
  report(`${INSTANCES} instances of 5 pieces in one transaction`, ['scale-out', bulk], ['the orchestrator, one by one', single])

  const replay = await median(ROUNDS, n => scaleOut(`bulk-${n}-`))
  report(`The same plan of ${INSTANCES}`, ['again', replay], ['first', bulk])

  const many = await median(1, () => scaleOut('many-', 10 * INSTANCES))
  report('A scale-out', [`${INSTANCES} instances`, bulk], [`${10 * INSTANCES} instances`, many])
})

/**
 * What the orchestrator costs: an idempotent replay beside a fresh instance, and a rollback of 1,000 instances: dry beside
 * live, alone in the log beside among 50,000 others.
 * By hand: node --import tsx tests/bench/orchestrator.bench.ts
 */
import { randomUUID } from 'node:crypto'
import { bench, loadInstances, median, report } from './setup'

const INSTANCES = 1_000
const OTHERS = 50_000

await bench(async ({ session }) => {
  const { rows: [template] } = await session.query('select id from public.iu_piece_collection where collection_key = \'bench-template\'')
  const events = Array.from({ length: INSTANCES }, () => randomUUID())
  const orchestrate = (n: number) => session.query(
    'select public.fn_iu_auto_instantiate_from_event($1, \'bench.event\', $2, $3, \'live\', \'bench\', null)', [events[n], template.id, `bench-${n}`])
  const rollBack = (dryRun: boolean) => session.query('select public.fn_iu_auto_instantiate_rollback_by_actor(\'bench\', $1)', [dryRun])

  const fresh = await median(INSTANCES, orchestrate)
  const replay = await median(INSTANCES, orchestrate)
  report('One request to the orchestrator, 5 pieces', ['replay', replay], ['fresh instance', fresh])

  const dry = await median(5, () => rollBack(true))
  const live = await median(1, () => rollBack(false))
  report(`Rollback of ${INSTANCES} instances`, ['dry', dry], ['live', live])

  await loadInstances(session, OTHERS, 'other-', 'others')
  for (let n = 0; n < INSTANCES; n += 1) await orchestrate(n)
  const among = await median(5, () => rollBack(true))
  report(`Dry rollback of ${INSTANCES} instances`, ['alone', dry], [`among ${OTHERS} others`, among])
})

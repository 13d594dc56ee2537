/**
 * What the lists cost as they grow: the observability view with 10 and with 10,000 instances, and the first and the last
 * page of the event log with 100,000 rows.
 * By hand: node --import tsx tests/bench/lists.bench.ts
 */
import { sql } from 'kysely'
import { keysetPage } from '../../server/db/keyset'
import { bench, loadInstances, median, report } from './setup'

const PAGE = 50
const newestFirst = {
  name: 'created_at',
  direction: 'desc' as const,
  columns: [
    { expression: sql.ref('created_at'), type: 'timestamptz' as const },
    { expression: sql.ref('instance_collection_id'), type: 'uuid' as const },
  ],
}
const oldestFirst = { ...newestFirst, direction: 'asc' as const }

await bench(async ({ session, db }) => {
  const observability = () => session.query('select * from public.v_iu_template_observability order by collection_key limit 50')
  await loadInstances(session, 10, 'few-')
  const few = await median(30, observability)
  await loadInstances(session, 9_990, 'more-')
  const many = await median(30, observability)
  report('Observability view, one template', ['10 instances', few], ['10,000 instances', many])

  await loadInstances(session, 90_000, 'most-')
  const log = db.selectFrom('v_iu_auto_instantiate_event_log').selectAll()
  // The page that the oldest 51 rows begin: its mark is reached by going back from the oldest end.
  const oldest = await keysetPage(log, oldestFirst, { limit: PAGE + 1 })
  const [at, id] = oldest.rows.at(-1)!.sort_key
  const before = sql<boolean>`row(created_at, instance_collection_id) < row(${at}::timestamptz, ${id}::uuid)`
  const first = await median(30, () => keysetPage(log, newestFirst, { limit: PAGE }))
  const last = await median(30, () => keysetPage(log.where(before), newestFirst, { limit: PAGE }))
  report('Event log by keyset, 100,000 rows', ['first page', first], ['last page', last])
})

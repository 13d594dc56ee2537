import { sql } from 'kysely'
import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { withDatabase } from '../../helpers/db'
import type { Db } from '../../../server/db/client'
import { DELIVERY_GATE, LIVE_ROUTES, addEvents, addRoute, deliveryLog, passTime } from '../delivery-fixtures'
import { ACTOR, call, openGates, rowsOf } from '../fixtures'
import { answerOf, tally, untilBlocked, withClients } from './clients'

const step = (client: pg.Client, worker: string, limit = 7) =>
  answerOf(client, 'public.fn_iu_outbox_deliver($1, $2, false)', [limit, worker])

/** Steps until a step finds nothing, and answers with all steps. */
async function drain(client: pg.Client, worker: string) {
  const steps = [await step(client, worker)]
  while (Number(steps.at(-1)!.attempted) > 0) steps.push(await step(client, worker))
  return steps
}

/** Attempts per event and route, as the log has them. */
const perDelivery = (db: Db) => rowsOf(db, sql<{ attempts: number, deliveries: number }>`
  select attempts, count(*)::integer as deliveries
  from (select count(*)::integer as attempts from public.event_outbox_delivery_log group by event_id, route_key) counted
  group by attempts order by attempts`)

describe('several workers at once', () => {
  test('deliver each event along each route exactly once', () => withDatabase(async ({ db, url }) => {
    await addEvents(db, 400)
    await addRoute(db, 'a')
    await addRoute(db, 'b')
    await openGates(db, DELIVERY_GATE)
    const steps = await withClients(url, 12, async (clients) => {
      const all = (await Promise.all(clients.map((client, n) => drain(client, `worker-${n}`)))).flat()
      // Who came last may have found everything taken by steps that were still under way.
      return [...all, ...await drain(clients[0]!, 'worker-0')]
    })
    expect(tally(steps)).toEqual({ ok: steps.length })
    expect(steps.reduce((sum, { delivered }) => sum + Number(delivered), 0)).toBe(800)
    expect(await perDelivery(db)).toEqual([{ attempts: 1, deliveries: 800 }])
    expect(await rowsOf(db, sql`select status, attempts, count(*)::integer as n from public.event_outbox_delivery group by 1, 2`))
      .toEqual([{ status: 'delivered', attempts: 1, n: 800 }])
    expect(new Set((await deliveryLog(db)).map(row => row.worker)).size, 'the work was shared').toBeGreaterThan(3)
  }), 120_000)

  test('retry what failed once each, and end it as dead letters with ten attempts', () => withDatabase(async ({ db, url }) => {
    await addEvents(db, 40)
    await addRoute(db, 'nowhere', { target: 'kafka' })
    await openGates(db, DELIVERY_GATE)
    await withClients(url, 8, async (clients) => {
      for (let round = 1; round <= 11; round += 1) {
        await Promise.all(clients.map((client, n) => drain(client, `worker-${n}`)))
        await drain(clients[0]!, 'worker-0')
        await passTime(db)
      }
    })
    expect(await perDelivery(db)).toEqual([{ attempts: 10, deliveries: 40 }])
    expect(await rowsOf(db, sql`select distinct status, attempts from public.event_outbox_delivery`)).toEqual([{ status: 'dead', attempts: 10 }])
  }), 120_000)
})

describe('a worker that dies in the middle of a step', () => {
  test('leaves nothing behind; others skip what it holds meanwhile and deliver it afterwards', () => withDatabase(async ({ db, url }) => {
    const ids = await addEvents(db, 10)
    await addRoute(db, 'a')
    await openGates(db, DELIVERY_GATE)
    await withClients(url, 2, async ([dying, other]) => {
      dying!.on('error', () => {})
      await dying!.query('begin')
      expect(await step(dying!, 'dying', 4)).toMatchObject({ delivered: 4 })
      expect(await step(other!, 'other', 4)).toMatchObject({ delivered: 4 })

      const { rows: [{ pid }] } = await dying!.query('select pg_backend_pid() as pid')
      await sql`select pg_terminate_backend(${pid}, 10000)`.execute(db)
      expect((await deliveryLog(db)).map(row => row.worker)).toEqual(['other', 'other', 'other', 'other'])
      expect(await step(other!, 'other', 100)).toMatchObject({ delivered: 6 })
    })
    const log = await deliveryLog(db)
    expect(log.map(row => row.event_id).sort()).toEqual([...ids].sort())
    expect(log.every(row => row.worker === 'other' && row.attempt === 1)).toBe(true)
  }))

  test('in a retry loses that attempt only: the next one has its number', () => withDatabase(async ({ db, url }) => {
    await addEvents(db, 1)
    await addRoute(db, 'nowhere', { target: 'kafka' })
    await openGates(db, DELIVERY_GATE)
    await withClients(url, 2, async ([dying, other]) => {
      dying!.on('error', () => {})
      await step(other!, 'other')
      await passTime(db)
      await dying!.query('begin')
      expect(await step(dying!, 'dying')).toMatchObject({ failed: 1 })
      expect(await step(other!, 'other'), 'it is held').toMatchObject({ attempted: 0 })
      await dying!.query('rollback')
      expect(await step(other!, 'other')).toMatchObject({ failed: 1, deliveries: [{ attempt: 2 }] })
    })
    expect(await deliveryLog(db)).toMatchObject([{ attempt: 1, worker: 'other' }, { attempt: 2, worker: 'other' }])
  }))
})

const decision = [ACTOR, 'because']
describe.each([
  ['taking a route off the live ones', 'public.fn_iu_delivery_live_routes_set(\'{}\', $1, $2)'],
  ['switching a route off', 'public.fn_iu_route_set_active(\'a\', false, $1, $2)'],
  ['removing a route', 'public.fn_iu_route_remove(\'a\', $1, $2)'],
  ['closing the gate', 'public.fn_iu_gate_set(\'iu_core.delivery_enabled\', false, $1, $2)'],
])('%s', (_, decide) => {
  test('waits for the step under way, and nothing is delivered after it', () => withDatabase(async ({ db, url }) => {
    await addEvents(db, 4)
    await addRoute(db, 'a')
    await openGates(db, DELIVERY_GATE)
    await withClients(url, 3, async ([worker, late, operator]) => {
      await worker!.query('begin')
      expect(await step(worker!, 'worker', 2)).toMatchObject({ delivered: 2 })
      const deciding = answerOf(operator!, decide, decision)
      await untilBlocked(db, operator!)
      const stepping = step(late!, 'late')
      await untilBlocked(db, late!)
      await worker!.query('commit')
      expect(await deciding).toMatchObject({ status: 'ok' })
      expect((await stepping).attempted ?? 0).toBe(0)
    })
    expect(await deliveryLog(db)).toHaveLength(2)
  }))
})

test('a type does not become internal while a route for it is on its way', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 2, async ([first, second]) => {
    await first!.query('begin')
    await answerOf(first!, 'public.fn_iu_route_register(\'a\', \'iu.piece.revised\', \'log\', $1)', [ACTOR])
    const waiting = answerOf(second!, 'public.fn_iu_event_type_internal_only_set(\'iu.piece.revised\', true, $1, $2)', decision)
    await untilBlocked(db, second!)
    await first!.query('commit')
    expect(await waiting).toMatchObject({ status: 'type_has_routes' })
  })
  expect(await call(db, 'fn_iu_internal_only_assert')).toMatchObject({ status: 'green' })
  expect(await rowsOf(db, sql`select value from public.dot_config where key = ${LIVE_ROUTES}`)).toEqual([{ value: '' }])
}))

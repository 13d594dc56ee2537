import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  DELIVERY_GATE, LIVE_ROUTES, type Step, TYPE, addEvents, addRoute, deliveryLog, onlyDelivery, passTime, step,
} from '../delivery-fixtures'
import { ACTOR, call, contents, expectError, expectRefusal, openGates, setConfig, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'

const DELIVER = 'fn_iu_outbox_deliver'

describe('a delivery step', () => {
  test('delivers due events along a live route, the oldest first, each with one row in the log', () => withTransaction(async (db) => {
    const ids = await addEvents(db, 3)
    await addRoute(db, 'to-log')
    const first = await step(db, 2)
    expect(first).toMatchObject({ status: 'ok', dry_run: false, attempted: 2, delivered: 2, failed: 0, dead: 0, still_due: 1, live_routes: ['to-log'] })
    expect(first.deliveries.map(row => row.event_id)).toEqual(ids.slice(0, 2))
    expect(await step(db)).toMatchObject({ attempted: 1, delivered: 1, still_due: 0 })
    expect(await step(db)).toMatchObject({ attempted: 0, deliveries: [] })
    expect(await deliveryLog(db)).toEqual(ids.map(event_id =>
      ({ event_id, route_key: 'to-log', attempt: 1, outcome: 'delivered', worker: 'test-worker', error: null })))
  }))

  test('delivers an event along each of its routes once', () => withTransaction(async (db) => {
    await addEvents(db, 2)
    await addRoute(db, 'a')
    await addRoute(db, 'b')
    expect(await step(db)).toMatchObject({ attempted: 4, delivered: 4 })
    expect(await step(db)).toMatchObject({ attempted: 0 })
  }))

  test('counts an unknown target as a failed attempt and waits twice as long each time, an hour at most', () => withTransaction(async (db) => {
    await addEvents(db, 1)
    await addRoute(db, 'nowhere', { target: 'kafka:topic' })
    const waits = []
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      expect(await step(db)).toMatchObject({ attempted: 1, failed: 1, deliveries: [{ attempt, outcome: 'failed', error: 'unknown target kind "kafka"' }] })
      expect(await step(db), 'not before its time').toMatchObject({ attempted: 0 })
      waits.push((await onlyDelivery(db)).wait)
      await passTime(db)
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
  }))

  test('makes a dead letter of the tenth failure, and leaves it alone', () => withTransaction(async (db) => {
    await addEvents(db, 1)
    await addRoute(db, 'nowhere', { target: 'kafka' })
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      await step(db)
      await passTime(db)
    }
    expect(await step(db)).toMatchObject({ dead: 1, failed: 0, deliveries: [{ attempt: 10, outcome: 'dead' }] })
    await passTime(db)
    expect(await step(db)).toMatchObject({ attempted: 0 })
    expect(await onlyDelivery(db)).toMatchObject({ status: 'dead', attempts: 10, last_error: 'unknown target kind "kafka"' })
    expect((await deliveryLog(db)).map(row => row.attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  }))

  test('delivers after failures once the target is known', () => withTransaction(async (db) => {
    await addEvents(db, 1)
    await addRoute(db, 'mended', { target: 'kafka' })
    await step(db)
    await passTime(db)
    await sql`update public.route_registry set target = 'log'`.execute(db)
    expect(await step(db)).toMatchObject({ delivered: 1, deliveries: [{ attempt: 2, outcome: 'delivered' }] })
    expect(await onlyDelivery(db)).toMatchObject({ status: 'delivered', attempts: 2, last_error: null })
  }))

  test('moves nothing along a route that is not live, switched off, or of a type not in use', () => withTransaction(async (db) => {
    await addEvents(db, 1)
    await addRoute(db, 'a-route', { live: false })
    expect(await step(db)).toMatchObject({ attempted: 0, due_on_other_routes: 1, live_routes: [] })
    await setConfig(db, LIVE_ROUTES, 'a-route')
    await sql`update public.route_registry set active = false`.execute(db)
    expect(await step(db)).toMatchObject({ attempted: 0, due_on_other_routes: 0 })
    await sql`update public.route_registry set active = true`.execute(db)
    await sql`update public.event_type_registry set active = false where event_type = ${TYPE}`.execute(db)
    expect(await step(db)).toMatchObject({ attempted: 0 })
    await sql`update public.event_type_registry set active = true where event_type = ${TYPE}`.execute(db)
    expect(await step(db)).toMatchObject({ attempted: 1 })
  }))

  test.each([[' a-route , other ', 1], ['', 0], [null, 0], ['a-route-2', 0]])('reads the live routes %j as a list with commas', (value, attempted) => withTransaction(async (db) => {
    await addEvents(db, 1)
    await addRoute(db, 'a-route')
    await setConfig(db, LIVE_ROUTES, value)
    expect(await step(db)).toMatchObject({ attempted })
  }))

  test('leaves other types alone', () => withTransaction(async (db) => {
    await addEvents(db, 1, 'iu.collection.composed')
    await addRoute(db, 'a-route')
    expect(await step(db)).toMatchObject({ attempted: 0 })
  }))
})

describe('a dry run', () => {
  test('is the default, needs no gate, lists what is due and changes nothing', () => withTransaction(async (db) => {
    const ids = await addEvents(db, 3)
    await addRoute(db, 'to-log')
    const before = await contents(db)
    const listed = await call<Step>(db, DELIVER, { p_limit: 2 })
    expect(listed).toMatchObject({ status: 'ok', dry_run: true, worker: 'iu-delivery', gate_is_open: false, attempted: 2, delivered: 0, still_due: 1 })
    expect(listed.deliveries).toMatchObject(ids.slice(0, 2).map(event_id => ({ event_id, route_key: 'to-log', attempt: 1, outcome: 'due' })))
    expect(await contents(db)).toEqual(before)
    await openGates(db, DELIVERY_GATE)
    expect(await call(db, DELIVER)).toMatchObject({ gate_is_open: true, attempted: 3 })
  }))
})

describe('a delivery step refuses', () => {
  const live = { p_limit: 10, p_worker: ACTOR, p_dry_run: false }

  test('while the gate is closed, also with live routes', () => withTransaction(async (db) => {
    await addEvents(db, 1)
    await addRoute(db, 'to-log')
    await expectRefusal(db, DELIVER, live, { status: 'delivery_gate_closed', gate: DELIVERY_GATE })
  }))

  test.each([null, 0, -1, 1001])('a limit of %s', limit => withTransaction(async (db) => {
    await expectRefusal(db, DELIVER, { ...live, p_limit: limit }, { status: 'invalid_input', field: 'p_limit' })
  }))

  test.each(unusableTexts(128))('a worker that is %s', (_, worker) => withTransaction(async (db) => {
    await expectRefusal(db, DELIVER, { ...live, p_worker: worker }, { status: 'invalid_input', field: 'p_worker' })
  }))

  test('neither dry nor live', () => withTransaction(async (db) => {
    await expectRefusal(db, DELIVER, { ...live, p_dry_run: null }, { status: 'invalid_input', field: 'p_dry_run' })
  }))
})

test('an attempt on record cannot be changed', () => withTransaction(async (db) => {
  await addEvents(db, 1)
  await addRoute(db, 'to-log')
  await step(db)
  await expectError(db, sql`update public.event_outbox_delivery_log set outcome = 'failed', error = 'x'`, /append-only/)
}))

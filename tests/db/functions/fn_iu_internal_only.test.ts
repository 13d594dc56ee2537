/** The internal-only boundary: events of such a type are never delivered, and no route leads out. */
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { DELIVERY_GATE, INTERNAL_TYPE, LIVE_ROUTES, TYPE, addEvents, addRoute, deliveryLog, step } from '../delivery-fixtures'
import { ACTOR, call, expectError, expectRefusal, openGates, rowsOf, setConfig, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const ASSERT = 'fn_iu_internal_only_assert'
const SET = 'fn_iu_event_type_internal_only_set'
const opening = { p_event_type: INTERNAL_TYPE, p_internal_only: false, p_actor: ACTOR, p_reason: 'agreed' }
const GREEN = { status: 'green', count: 0, event_types: [INTERNAL_TYPE], violations: [], delivery_enabled: false, delivery_live_routes: [] }
const red = (...violations: string[]) => ({ status: 'red', count: violations.length, violations: violations.map(violation => ({ event_type: INTERNAL_TYPE, violation })) })
const byHand = (type = INTERNAL_TYPE) => sql`insert into public.route_registry (route_key, event_type, target) values ('by-accident', ${type}, 'log')`

describe('an event of an internal-only type', () => {
  test('adds no row to the delivery log, with delivery closed', () => withTransaction(async (db) => {
    await addEvents(db, 1, INTERNAL_TYPE)
    expect(await call(db, 'fn_iu_outbox_deliver', { p_dry_run: false })).toMatchObject({ status: 'delivery_gate_closed' })
    expect(await deliveryLog(db)).toEqual([])
  }))

  test('adds no row to the delivery log, with delivery open and other events on their way', () => withTransaction(async (db) => {
    await addEvents(db, 1, INTERNAL_TYPE)
    const [other] = await addEvents(db, 1)
    await addRoute(db, 'to-log')
    await setConfig(db, LIVE_ROUTES, `to-log,${INTERNAL_TYPE},*`)
    expect(await step(db)).toMatchObject({ attempted: 1, delivered: 1, still_due: 0, due_on_other_routes: 0 })
    expect((await deliveryLog(db)).map(row => row.event_id)).toEqual([other])
  }))
})

describe('a route for an internal-only type', () => {
  test('is refused by hand, also as a change of another route', () => withTransaction(async (db) => {
    await expectError(db, byHand(), /internal-only: it can have no route/)
    await addRoute(db, 'a-route')
    await expectError(db, sql`update public.route_registry set event_type = ${INTERNAL_TYPE}`, /internal-only: it can have no route/)
  }))

  test('that came in past the trigger turns the assertion red; removing it is the way back', () => withTransaction(async (db) => {
    await sql`alter table public.route_registry disable trigger route_registry_internal_only`.execute(db)
    await byHand().execute(db)
    await sql`alter table public.route_registry enable trigger route_registry_internal_only`.execute(db)
    expect(await call(db, ASSERT)).toMatchObject(red('has_route'))
    expect(await call(db, 'fn_iu_route_remove', { p_route_key: 'by-accident', p_actor: ACTOR, p_reason: 'by accident' })).toMatchObject({ status: 'ok' })
    expect(await call(db, ASSERT)).toEqual(GREEN)
  }))
})

describe('the assertion', () => {
  test('is green as migrated, and reports gate and live routes without judging them', () => withTransaction(async (db) => {
    expect(await call(db, ASSERT)).toEqual(GREEN)
    await openGates(db, DELIVERY_GATE)
    await setConfig(db, LIVE_ROUTES, 'b,a')
    expect(await call(db, ASSERT)).toEqual({ ...GREEN, delivery_enabled: true, delivery_live_routes: ['a', 'b'] })
  }))

  const breaks: [string, (db: Trx) => Promise<unknown>, string[]][] = [
    ['the type is not registered', db => sql`delete from public.event_type_registry where event_type = ${INTERNAL_TYPE}`.execute(db), ['not_registered']],
    ['the type was opened', db => call(db, SET, opening), ['not_internal_only']],
    ['the type is in the live lane', db => sql`update public.event_type_registry set delivery_lane = 'live' where event_type = ${INTERNAL_TYPE}`.execute(db), ['live_lane']],
    ['the type was opened and has a route', async (db) => {
      await call(db, SET, opening)
      await byHand().execute(db)
    }, ['has_route', 'not_internal_only']],
  ]
  test.each(breaks)('is red when %s', (_, breakIt, violations) => withTransaction(async (db) => {
    await breakIt(db)
    expect(await call(db, ASSERT)).toMatchObject(red(...violations))
  }))

  test('covers every type that was made internal', () => withTransaction(async (db) => {
    await call(db, SET, { ...opening, p_event_type: TYPE, p_internal_only: true })
    await sql`update public.event_type_registry set delivery_lane = 'live' where event_type = ${TYPE}`.execute(db)
    expect(await call(db, ASSERT)).toMatchObject({ status: 'red', event_types: [TYPE, INTERNAL_TYPE], violations: [{ event_type: TYPE, violation: 'live_lane' }] })
  }))
})

describe('moving the boundary', () => {
  test('opens a type on purpose, on record, and closes it again', () => withTransaction(async (db) => {
    expect(await call(db, SET, opening)).toEqual({ status: 'ok', event_type: INTERNAL_TYPE, internal_only: false, changed: true })
    expect(await call(db, SET, opening)).toMatchObject({ status: 'ok', changed: false })
    await addRoute(db, 'a-route', { type: INTERNAL_TYPE })
    await call(db, 'fn_iu_route_remove', { p_route_key: 'a-route', p_actor: ACTOR, p_reason: 'back' })
    expect(await call(db, SET, { ...opening, p_internal_only: true })).toMatchObject({ status: 'ok', changed: true })
    expect(await rowsOf(db, sql`select event_type, change, changed_by, reason from public.route_registry_change where route_key is null order by id`)).toEqual([
      { event_type: INTERNAL_TYPE, change: 'opened', changed_by: ACTOR, reason: 'agreed' },
      { event_type: INTERNAL_TYPE, change: 'made_internal', changed_by: ACTOR, reason: 'agreed' },
    ])
    expect(await call(db, ASSERT)).toEqual(GREEN)
  }))

  test('refuses what it cannot use', () => withTransaction(async (db) => {
    await expectRefusal(db, SET, { ...opening, p_event_type: ' ' }, { status: 'invalid_input', field: 'p_event_type' })
    await expectRefusal(db, SET, { ...opening, p_internal_only: null }, { status: 'invalid_input', field: 'p_internal_only' })
    for (const [, text] of unusableTexts(128)) await expectRefusal(db, SET, { ...opening, p_actor: text }, { status: 'invalid_input', field: 'p_actor' })
    for (const [, text] of unusableTexts(2000)) await expectRefusal(db, SET, { ...opening, p_reason: text }, { status: 'invalid_input', field: 'p_reason' })
    await expectRefusal(db, SET, { ...opening, p_event_type: 'no.such.type' }, { status: 'event_type_not_found', field: 'p_event_type' })
  }))

  test('refuses to keep a type inside that has a route, by function and by hand', () => withTransaction(async (db) => {
    await addRoute(db, 'a-route')
    await expectRefusal(db, SET, { ...opening, p_event_type: TYPE, p_internal_only: true }, { status: 'type_has_routes', field: 'p_event_type' })
    await expectError(db, sql`update public.event_type_registry set internal_only = true where event_type = ${TYPE}`, /has a route and cannot be internal-only/)
  }))
})

/** Registering, switching and removing routes, and saying which of them are live. */
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { INTERNAL_TYPE, LIVE_ROUTES, TYPE, addEvents, addRoute, step } from '../delivery-fixtures'
import { ACTOR, call, contents, expectRefusal, rowsOf, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const REGISTER = 'fn_iu_route_register'
const SWITCH = 'fn_iu_route_set_active'
const REMOVE = 'fn_iu_route_remove'
const SET_LIVE = 'fn_iu_delivery_live_routes_set'
const route = { p_route_key: 'a-route', p_event_type: TYPE, p_target: 'log', p_actor: ACTOR }
const decided = { p_route_key: 'a-route', p_actor: ACTOR, p_reason: 'because' }

const routes = (db: Trx) => rowsOf(db, sql`select route_key, event_type, target, active from public.route_registry order by route_key`)
const changes = (db: Trx) => rowsOf(db, sql`select route_key, event_type, change, changed_by, reason from public.route_registry_change order by id`)
const liveValue = async (db: Trx) => (await rowsOf(db, sql<{ value: string }>`select value from public.dot_config where key = ${LIVE_ROUTES}`))[0]?.value

describe('registering a route', () => {
  test('adds it, on and not live, on record', () => withTransaction(async (db) => {
    expect(await call(db, REGISTER, route)).toEqual({ status: 'ok', route_key: 'a-route', event_type: TYPE, target: 'log', target_is_known: true, changed: true })
    expect(await routes(db)).toEqual([{ route_key: 'a-route', event_type: TYPE, target: 'log', active: true }])
    expect(await changes(db)).toEqual([{ route_key: 'a-route', event_type: TYPE, change: 'registered', changed_by: ACTOR, reason: null }])
    expect(await liveValue(db)).toBe('')
  }))

  test('says that a target of another kind is unknown', () => withTransaction(async (db) => {
    expect(await call(db, REGISTER, { ...route, p_target: 'kafka:x' })).toMatchObject({ status: 'ok', target_is_known: false })
    expect(await call(db, REGISTER, { ...route, p_route_key: 'b', p_target: 'log:audit' })).toMatchObject({ status: 'ok', target_is_known: true })
  }))

  test('again is ok and changes nothing', () => withTransaction(async (db) => {
    await call(db, REGISTER, route)
    const before = await contents(db)
    expect(await call(db, REGISTER, route)).toMatchObject({ status: 'ok', changed: false })
    expect(await contents(db)).toEqual(before)
  }))

  test('refuses what it cannot use', () => withTransaction(async (db) => {
    for (const key of [null, '', ' ', 'a,b', 'a b', '-a', 'x'.repeat(129)]) {
      await expectRefusal(db, REGISTER, { ...route, p_route_key: key }, { status: 'invalid_input', field: 'p_route_key' })
    }
    for (const [, text] of unusableTexts(200)) await expectRefusal(db, REGISTER, { ...route, p_event_type: text }, { status: 'invalid_input', field: 'p_event_type' })
    for (const [, text] of unusableTexts(400)) await expectRefusal(db, REGISTER, { ...route, p_target: text }, { status: 'invalid_input', field: 'p_target' })
    for (const [, text] of unusableTexts(128)) await expectRefusal(db, REGISTER, { ...route, p_actor: text }, { status: 'invalid_input', field: 'p_actor' })
    await expectRefusal(db, REGISTER, { ...route, p_event_type: 'no.such.type' }, { status: 'event_type_not_found', field: 'p_event_type' })
    await expectRefusal(db, REGISTER, { ...route, p_event_type: INTERNAL_TYPE }, { status: 'internal_only_refused', field: 'p_event_type' })
    await call(db, REGISTER, route)
    await expectRefusal(db, REGISTER, { ...route, p_target: 'log:other' }, { status: 'route_key_conflict', field: 'p_route_key' })
  }))
})

describe('switching and removing a route', () => {
  test('off and on again, on record', () => withTransaction(async (db) => {
    await call(db, REGISTER, route)
    expect(await call(db, SWITCH, { ...decided, p_active: false })).toEqual({ status: 'ok', route_key: 'a-route', active: false, changed: true })
    expect(await call(db, SWITCH, { ...decided, p_active: false })).toMatchObject({ status: 'ok', changed: false })
    expect(await call(db, SWITCH, { ...decided, p_active: true })).toMatchObject({ status: 'ok', active: true, changed: true })
    expect((await changes(db)).slice(1)).toMatchObject([
      { change: 'switched_off', changed_by: ACTOR, reason: 'because' }, { change: 'switched_on', changed_by: ACTOR, reason: 'because' },
    ])
  }))

  test('removed, it is no longer live, and what it delivered stays on record', () => withTransaction(async (db) => {
    await addEvents(db, 1)
    await addRoute(db, 'a-route')
    await addRoute(db, 'b-route')
    await step(db)
    expect(await call(db, REMOVE, decided)).toEqual({ status: 'ok', route_key: 'a-route', was_live: true })
    expect(await liveValue(db)).toBe('b-route')
    expect((await changes(db)).at(-1)).toEqual({ route_key: 'a-route', event_type: TYPE, change: 'removed', changed_by: ACTOR, reason: 'because' })
    expect(await rowsOf(db, sql`select from public.event_outbox_delivery_log where route_key = 'a-route'`)).toHaveLength(1)
    // Registered again, it does not deliver the same event twice.
    await addRoute(db, 'a-route')
    expect(await step(db)).toMatchObject({ attempted: 0 })
  }))

  test.each([[SWITCH, { ...decided, p_active: true }], [REMOVE, decided]])('%s refuses what it cannot use', (name, args) => withTransaction(async (db) => {
    await expectRefusal(db, name, { ...args, p_route_key: '' }, { status: 'invalid_input', field: 'p_route_key' })
    for (const [, text] of unusableTexts(128)) await expectRefusal(db, name, { ...args, p_actor: text }, { status: 'invalid_input', field: 'p_actor' })
    for (const [, text] of unusableTexts(2000)) await expectRefusal(db, name, { ...args, p_reason: text }, { status: 'invalid_input', field: 'p_reason' })
    await expectRefusal(db, name, args, { status: 'route_not_found', field: 'p_route_key' })
  }))

  test('a hand in psql is on record under its login', () => withTransaction(async (db) => {
    await sql`insert into public.route_registry (route_key, event_type, target) values ('by-hand', ${TYPE}, 'log')`.execute(db)
    await sql`update public.route_registry set target = 'log:x'`.execute(db)
    await sql`delete from public.route_registry`.execute(db)
    expect(await changes(db)).toMatchObject(['registered', 'changed', 'removed'].map(change => ({ change, changed_by: 'postgres', reason: null })))
  }))
})

describe('setting the live routes', () => {
  const setting = { p_routes: ['b', 'a', 'a'], p_actor: ACTOR, p_reason: 'because' }

  test('writes them with commas, on record, and empties them', () => withTransaction(async (db) => {
    await addRoute(db, 'a', { live: false })
    await addRoute(db, 'b', { live: false })
    expect(await call(db, SET_LIVE, setting)).toEqual({ status: 'ok', was: '', value: 'a,b', changed: true })
    expect(await rowsOf(db, sql`select old_value, new_value, changed_by, reason from public.dot_config_change where key = ${LIVE_ROUTES} order by id desc limit 1`))
      .toEqual([{ old_value: '', new_value: 'a,b', changed_by: ACTOR, reason: 'because' }])
    expect(await call(db, SET_LIVE, { ...setting, p_routes: [] })).toMatchObject({ was: 'a,b', value: '', changed: true })
  }))

  test('refuses what it cannot use, and routes that nobody registered', () => withTransaction(async (db) => {
    await addRoute(db, 'a', { live: false })
    for (const given of [null, ['a', null]]) await expectRefusal(db, SET_LIVE, { ...setting, p_routes: given }, { status: 'invalid_input', field: 'p_routes' })
    for (const [, text] of unusableTexts(128)) await expectRefusal(db, SET_LIVE, { ...setting, p_actor: text }, { status: 'invalid_input', field: 'p_actor' })
    for (const [, text] of unusableTexts(2000)) await expectRefusal(db, SET_LIVE, { ...setting, p_reason: text }, { status: 'invalid_input', field: 'p_reason' })
    await expectRefusal(db, SET_LIVE, setting, { status: 'route_not_found', field: 'p_routes', route_keys: ['b'] })
  }))
})

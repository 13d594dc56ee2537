import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { useConsole } from '../helpers/api'
import { ask, get, post, recorded, strictly, world } from './support'
import { DeliveryOverview, OutboxEventDetail, OutboxPage, OutboxSummary } from '#shared/schemas/outbox'

const own = useConsole()

const INTERNAL_TYPE = 'iu.template.instance_auto_composed'
const GATE = 'iu_core.delivery_enabled'
const decided = { actor: 'api-test', reason: 'because' }

const register = (route_key: string, over: Record<string, unknown> = {}) =>
  post(own, '/api/outbox/routes', { route_key, event_type: 'iu.collection.composed', target: 'log', actor: 'api-test', ...over })
const setLive = (...routes: string[]) => post(own, '/api/outbox/live-routes', { ...decided, routes })
const preview = (over: Record<string, unknown> = {}) => post(own, '/api/outbox/deliveries/preview', { dry_run: false, open_gates: true, ...over })
const run = (preview_id: string) => post(own, '/api/outbox/deliveries', { preview_id })
const overview = async () => (await get(own, '/api/outbox/delivery')).body

async function answers(path: string, schema: z.ZodType) {
  const { status, body } = await get(own, path)
  expect(status, path).toBe(200)
  expect(strictly(schema).safeParse(body).error?.issues ?? [], path).toEqual([])
  return body
}

beforeEach(async () => {
  await sql`delete from public.route_registry`.execute(own.db)
  await sql`delete from public.event_outbox_delivery`.execute(own.db)
  await sql`delete from public.event_outbox_delivery_log`.execute(own.db)
  await sql`update public.dot_config set value = '' where key = 'iu_core.delivery_live_routes'`.execute(own.db)
})

describe('reading the outbox', () => {
  test('newest first, page by page, each row once', async () => {
    const seen: string[] = []
    let path = '/api/outbox/events?limit=50'
    for (;;) {
      const body = await answers(path, OutboxPage)
      expect(body.total).toBe(139)
      seen.push(...body.rows.map((row: { id: string }) => row.id))
      if (!body.next_cursor) break
      path = `/api/outbox/events?limit=50&cursor=${encodeURIComponent(body.next_cursor)}`
    }
    expect(new Set(seen).size).toBe(139)
    expect(seen).toHaveLength(139)
    const first = await answers('/api/outbox/events?limit=200', OutboxPage)
    const times = first.rows.map((row: { created_at: string }) => row.created_at)
    expect(times).toEqual([...times].sort().reverse())
  })

  test.each([
    ['domain=system', 14], ['type=iu.piece.revised', 72], ['domain=system&type=iu.piece.revised', 0], ['actor=backup', 14],
    ['state=not_routed', 139], ['state=dead', 0], ['q=backup_verified', 14], ['q=%25', 0],
  ])('filtered by %s', async (filter, total) => {
    expect((await answers(`/api/outbox/events?${filter}`, OutboxPage)).total).toBe(total)
  })

  test('the summary adds up to it, and knows which types nobody registered', async () => {
    const { rows, actors } = await answers('/api/outbox/summary', OutboxSummary)
    expect(rows.reduce((sum: number, row: { events: number }) => sum + row.events, 0)).toBe(139)
    expect(rows).toContainEqual(expect.objectContaining({ event_domain: 'system', event_type: 'system.backup_verified', events: 14, is_registered: false }))
    expect(actors).toContain('iu-core-editor')
  })

  test('one event with its payload; an unknown one is 404, a malformed id 400', async () => {
    const { rows: [row] } = (await get(own, '/api/outbox/events?type=iu.piece.revised')).body
    const { event, deliveries } = await answers(`/api/outbox/events/${row.id}`, OutboxEventDetail)
    expect(event).toMatchObject({ ...row, safe_payload: { content_digest: expect.any(String) } })
    expect(deliveries).toEqual([])
    expect((await get(own, `/api/outbox/events/${randomUUID()}`)).status).toBe(404)
    expect((await get(own, '/api/outbox/events/nonsense')).status).toBe(400)
  })

  test('as a file', async () => {
    const response = await own.fetch('/api/outbox/events/export?format=csv&domain=system')
    expect(response.headers.get('content-disposition')).toContain('outbox.csv')
    expect((await response.text()).trim().split('\n')).toHaveLength(15)
  })

  test.each(['state=lost', 'limit=0', 'limit=201', 'cursor=abc', 'nonsense=1'])('%s is 400', async (query) => {
    expect((await get(own, `/api/outbox/events?${query}`)).status).toBe(400)
  })
})

describe('a delivery step', () => {
  test('previewed, nothing remains; run, exactly that is delivered, and the gate is as it was', async () => {
    await register('to-log')
    await setLive('to-log')
    const before = await world(own.db)
    const previewed = await preview({ limit: 5 })
    expect(previewed.status).toBe(200)
    expect(previewed.body).toMatchObject({
      command_name: 'dot_iu_outbox_deliver', phase: 'preview', actor: 'console', dry_run: false,
      result: { attempted: 5, delivered: 5, still_due: 5 }, effects: { gates_opened: [{ key: GATE, was: 'false' }] },
    })
    expect(await world(own.db)).toEqual(before)

    const { status, body } = await run(previewed.body.id)
    expect(status).toBe(200)
    expect(body).toMatchObject({ phase: 'run', preview_id: previewed.body.id, result: { delivered: 5 } })
    expect(body.result.deliveries.map((row: { event_id: string }) => row.event_id))
      .toEqual(previewed.body.result.deliveries.map((row: { event_id: string }) => row.event_id))
    expect((await run(previewed.body.id)).body.id, 'asked twice, it runs once').toBe(body.id)
    expect((await get(own, '/api/outbox/events?state=delivered')).body.total).toBe(5)
    expect((await get(own, '/api/outbox/events?state=pending')).body.total).toBe(5)
    const { gate, routes } = await answers('/api/outbox/delivery', DeliveryOverview)
    expect(gate.is_open).toBe(false)
    expect(routes).toMatchObject([{ route_key: 'to-log', is_live: true, due: 5, delivered: 5 }])
  })

  test('is refused when the world has moved since its preview, and names the events', async () => {
    await register('to-log')
    await setLive('to-log')
    const { body: { id } } = await preview({ limit: 2 })
    const other = (await preview({ limit: 1 })).body
    await run(other.id)
    const before = await world(own.db)
    const { status, body } = await run(id)
    expect([status, body.error.status]).toEqual([409, 'preview_outdated'])
    const gone = `event ${other.result.deliveries[0].event_id} along to-log`
    expect(body.error.changes).toContainEqual({ what: gone, previewed: 'attempt 1, delivered', now: 'none' })
    expect(await world(own.db)).toEqual(before)
  })

  test('is refused while the gate is closed, on record', async () => {
    const records = await recorded(own.db)
    const { status, body } = await preview({ open_gates: false })
    expect([status, body.error.status, body.error.gate.key]).toEqual([409, 'delivery_gate_closed', GATE])
    expect(await recorded(own.db)).toBe(records + 1)
  })

  test('dry, needs no gate and moves nothing', async () => {
    await register('to-log')
    await setLive('to-log')
    const before = await world(own.db)
    const previewed = (await preview({ dry_run: true })).body
    expect(previewed).toMatchObject({ dry_run: true, result: { attempted: 10, delivered: 0 }, effects: { tables: [], gates_opened: [] } })
    expect((await run(previewed.id)).body).toMatchObject({ dry_run: true, status: 'ok' })
    expect(await world(own.db)).toEqual(before)
  })

  test.each([{ limit: 0 }, { limit: 1001 }, { limit: 'many' }, { worker: ' ' }, { worker: 'x'.repeat(129) }, { dry_run: 'yes' }, { nonsense: 1 }])('%j is 400', async (over) => {
    expect((await preview(over)).status).toBe(400)
  })

  test('without a preview is 404', async () => expect((await run(randomUUID())).status).toBe(404))
})

describe('routes', () => {
  test('are registered, switched off and on, and removed, each on record', async () => {
    expect((await register('a-route', { target: 'kafka' })).body).toMatchObject({ status: 'ok', result: { target_is_known: false, changed: true } })
    expect((await post(own, '/api/outbox/routes/a-route/active', { ...decided, active: false })).body).toMatchObject({ status: 'ok' })
    expect((await overview()).routes).toMatchObject([{ route_key: 'a-route', active: false, target_is_known: false, change: 'switched_off', changed_by: 'api-test', reason: 'because' }])
    const removed = await post(own, '/api/outbox/routes/a-route/remove', decided)
    expect(removed.body).toMatchObject({ status: 'ok', result: { route_key: 'a-route' } })
    expect((await get(own, `/api/runs/${removed.body.run_id}`)).body).toMatchObject({ command_name: 'dot_iu_route_remove', reason: 'because', actor: 'api-test' })
    expect((await overview()).routes).toEqual([])
  })

  test('with a slash in the key are found by it', async () => {
    await register('audit/log')
    expect((await post(own, '/api/outbox/routes/audit%2Flog/remove', decided)).status).toBe(200)
  })

  test.each([
    ['no such type', { event_type: 'no.such.type' }, 409, 'event_type_not_found'],
    ['an internal-only type', { event_type: INTERNAL_TYPE }, 409, 'internal_only_refused'],
    ['a key with a comma', { route_key: 'a,b' }, 400, 'invalid_request'],
    ['no target', { target: ' ' }, 400, 'invalid_request'],
    ['no actor', { actor: '' }, 400, 'invalid_request'],
  ])('for %s are refused, and nothing changes', async (_, over, code, status) => {
    const before = await world(own.db)
    const answer = await register('a-route', over)
    expect([answer.status, answer.body.error.status]).toEqual([code, status])
    expect(await world(own.db)).toEqual(before)
  })

  test('with a key that is taken are refused; unknown ones are 404', async () => {
    await register('a-route')
    expect((await register('a-route', { target: 'log:x' })).body.error.status).toBe('route_key_conflict')
    for (const path of ['/api/outbox/routes/nobody/remove', '/api/outbox/routes/nobody/active']) {
      const { status, body } = await post(own, path, { ...decided, ...(path.endsWith('active') ? { active: true } : {}) })
      expect([status, body.error.status]).toEqual([404, 'route_not_found'])
    }
    expect((await setLive('a-route', 'nobody')).body.error).toMatchObject({ status: 'route_not_found', field: 'routes' })
  })
})

test('a dead letter is put back in line once, and delivered when its route is mended', async () => {
  await register('mended', { target: 'kafka' })
  await setLive('mended')
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    await run((await preview({ limit: 1 })).body.id)
    await sql`update public.event_outbox_delivery set next_attempt_at = '2000-01-01' where status = 'pending' and attempts > 0`.execute(own.db)
  }
  const { rows: [letter] } = (await get(own, '/api/outbox/events?state=dead')).body
  const body = { event_id: letter.id, route_key: 'mended', actor: 'api-test' }
  expect((await answers(`/api/outbox/events/${letter.id}`, OutboxEventDetail)).deliveries).toMatchObject([
    { status: 'dead', attempts: 10, last_error: 'unknown target kind "kafka"', log: Array.from({ length: 10 }, (_, n) => ({ attempt: 10 - n, outcome: 'failed' })) },
  ])
  expect((await post(own, '/api/outbox/requeue', body)).body).toMatchObject({ status: 'ok', result: { attempts: 10 } })
  expect((await post(own, '/api/outbox/requeue', body)).body.error.status).toBe('delivery_not_dead')
  expect((await post(own, '/api/outbox/requeue', { ...body, event_id: randomUUID() })).status).toBe(404)
  await sql`update public.route_registry set target = 'log'`.execute(own.db)
  await run((await preview()).body.id)
  expect((await get(own, `/api/outbox/events/${letter.id}`)).body).toMatchObject({ event: { delivery_state: 'delivered' }, deliveries: [{ attempts: 11 }] })
})

test('an internal-only type is opened on purpose, and kept inside again', async () => {
  const boundary = (internal_only: boolean) => post(own, `/api/outbox/types/${INTERNAL_TYPE}/boundary`, { ...decided, internal_only })
  expect((await overview()).boundary).toMatchObject({ status: 'green' })
  expect((await boundary(false)).body).toMatchObject({ status: 'ok', result: { changed: true } })
  expect((await overview()).boundary).toMatchObject({ status: 'red', violations: [{ event_type: INTERNAL_TYPE, violation: 'not_internal_only' }] })
  await register('a-route', { event_type: INTERNAL_TYPE })
  expect((await boundary(true)).body.error.status).toBe('type_has_routes')
  await post(own, '/api/outbox/routes/a-route/remove', decided)
  expect((await boundary(true)).status).toBe(200)
  expect((await overview()).boundary).toMatchObject({ status: 'green' })
  expect((await ask(own, 'POST', '/api/outbox/types/no.such.type/boundary', { ...decided, internal_only: true })).body.error.status).toBe('event_type_not_found')
})

import { createHash } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { ACTING, READING, TAKEN_NAME, WRITING, addressOf, nameOf } from './routes'
import type { RouteBase } from './routes'
import { ROUTES } from '#shared/access'
import { ask, collection, compose, get, orchestration, post, world } from './support'
import { ApiErrorBody } from '#shared/schemas/error'

const own = useConsole()
const ANY_ID = '00000000-0000-4000-8000-000000000000'

let before: Awaited<ReturnType<typeof world>>
let unmarked: string
beforeAll(async () => {
  unmarked = await collection(own.db, 'wf:incident-review')
  await compose(own, { instance_key_suffix: 'taken', actor: 'iu-core-first' })
  await compose(own, { actor: 'iu-core-first' })
  await post(own, '/api/invariants', { name: TAKEN_NAME, actor: 'iu-core-first' })
})
beforeEach(async () => {
  before = await world(own.db)
})

/** Expects an answer that names the field or the status in words, and a substrate that is as before. */
async function expectRefusal(answer: { status: number, body: unknown }, expected: { code?: number, field?: string, status?: string }) {
  const { code = 400, status = 'invalid_request', field } = expected
  expect(ApiErrorBody.strict().safeParse(answer.body).error?.issues ?? []).toEqual([])
  const { error } = answer.body as ApiErrorBody
  expect({ code: answer.status, status: error.status, field: error.field }).toEqual({ code, status, field })
  expect(error.message).not.toBe('')
  expect(await world(own.db)).toEqual(before)
}

/** Whoever may ask a route: a token may not do what is for a person. */
const asks = ({ file }: RouteBase) => (ROUTES[nameOf(file)] === 'person' ? own.signedIn : own)

/** Each wrong value for each part of a route's path. */
const partsOf = ({ path = {} }: RouteBase) => Object.entries(path).flatMap(([name, { wrong }]) =>
  wrong.map(value => ({ name, value, shown: value.slice(0, 40) })))
/** The route's address with a part of the path as it stands. */
const addressWith = (file: string, name: string, value: string) => addressOf(file).path.replace(`no-${name}`, () => value)

describe.each(WRITING)('$file', (route) => {
  const { method, path } = addressOf(route.file, route.params)
  const send = (body: unknown, to = path) => ask(asks(route), method, to, body)
  let close: Record<string, unknown>
  beforeAll(async () => {
    close = await route.close(own.db)
  })
  const fields = Object.entries(route.fields)

  test('the body that the cases change has every field, and is no bad input', async () => {
    expect(Object.keys(close).sort()).toEqual(Object.keys(route.fields).sort())
    const { body } = await send(close)
    if (route.judgedByAccount) expect(body.error).toMatchObject({ field: route.judgedByAccount })
    else expect(body.error?.status).not.toBe('invalid_request')
    expect(await world(own.db)).toEqual(before)
  })

  test.each(fields.flatMap(([field, { wrong }]) => wrong.map(([what, value]) => ({ field, what, value }))))('$field: $what', async ({ field, value }) => {
    const answer = await send({ ...close, [field]: value })
    // A list is refused for what is in it.
    const named = answer.body.error?.field
    await expectRefusal(answer, { field: Array.isArray(value) && named?.startsWith(`${field}.`) ? named : field })
  })

  test('each field that is needed is named when it is missing', async () => {
    for (const [field] of fields.filter(([, { optional }]) => !optional)) {
      const { [field]: _, ...rest } = close
      await expectRefusal(await send(rest), { field })
    }
  })

  test.each(['surprise', 'Actor', 'toString'])('the unknown field %s is named', async (field) => {
    await expectRefusal(await send({ ...close, [field]: 1 }), { field })
  })

  test.each([['an empty body', ''], ['no JSON', '{"actor": '], ['a word', 'hello'], ['a list', '[]'], ['null', 'null'], ['a number', '7'], ['a text', '"x"']])('%s', async (_case, body) => {
    await expectRefusal(await send(body), { field: 'body' })
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', undefined])('content type %s', async (type) => {
    const response = await asks(route).fetch(path, { method, body: new TextEncoder().encode(JSON.stringify(close)), headers: type ? { 'content-type': type } : {} })
    await expectRefusal({ status: response.status, body: await response.json() }, { code: 415 })
  })

  test('more than a megabyte, announced or not', async () => {
    const body = JSON.stringify({ ...close, note: 'x'.repeat(1024 * 1024) })
    await expectRefusal(await send(body), { code: 413 })
    const unannounced = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body))
        controller.close()
      },
    })
    const response = await asks(route).fetch(path, { method, body: unannounced, headers: { 'content-type': 'application/json' }, duplex: 'half' } as RequestInit)
    await expectRefusal({ status: response.status, body: await response.json() }, { code: 411 })
  })

  test.each(partsOf(route))('$name in the path: $shown', async ({ name, value }) => {
    await expectRefusal(await send(close, addressWith(route.file, name, value)), { field: name })
  })
})

describe.each(ACTING.filter(({ path }) => path))('$file', (route) => {
  test.each(partsOf(route))('$name in the path: $shown', async ({ name, value }) => {
    await expectRefusal(await ask(asks(route), 'POST', addressWith(route.file, name, value), {}), { field: name })
  })

  test('of nobody and nothing', async () => {
    expect([200, 404]).toContain((await ask(asks(route), 'POST', addressOf(route.file, { id: ANY_ID }).path, {})).status)
  })
})

describe.each(READING)('$file', (route) => {
  const { path } = addressOf(route.file)

  test.each(partsOf(route))('$name in the path: $shown', async ({ name, value }) => {
    await expectRefusal(await get(own, addressWith(route.file, name, value)), { field: name })
  })

  test.each(Object.keys(route.path ?? {}).flatMap(name => ['%F0%28', '%ED%A0%80', '%', '%ZZ'].map(value => ({ name, value }))))('$name in the path: $value, which is no text', async ({ name, value }) => {
    const { status } = await get(own, addressWith(route.file, name, value))
    expect([400, 404]).toContain(status)
  })

  if (!route.query) {
    test('a query is ignored', async () => {
      const [asked] = await route.asked?.(own.db) ?? [{}]
      const to = addressOf(route.file, asked?.params).path
      const statuses = await Promise.all([to, `${to}?surprise=1&q=%00&limit=x&cursor=%ED%A0%80`].map(async address => (await asks(route).fetch(address)).status))
      expect(statuses).toEqual([200, 200])
    })
    return
  }

  const { fields, needed = {} } = route.query
  /** The path with everything that is needed and, last, what a case is about. */
  const query = (name: string, value: string) => {
    const rest = Object.entries(needed).filter(([other]) => other !== name).map(([other, given]) => `${other}=${given}&`)
    return `${path}?${rest.join('')}${name}=${value}`
  }

  test.each(Object.entries(fields).flatMap(([name, { wrong }]) => wrong.map(value => ({ name, value, shown: value.slice(0, 40) }))))('$name=$shown', async ({ name, value }) => {
    const answer = await get(own, query(name, value))
    const named: string | undefined = answer.body.error?.field
    await expectRefusal(answer, { field: named?.startsWith(`${name}.`) ? named : name })
  })
  test.each(Object.keys(fields))('%s given twice', async (name) => {
    await expectRefusal(await get(own, `${query(name, 'a')}&${name}=b`), { field: name })
  })
  test.each(Object.keys(fields))('%s that is no text', async (name) => {
    for (const value of ['%ED%A0%80', '%F0%28', '%', '%ZZ']) {
      const response = await own.fetch(query(name, value))
      const answer = await response.text()
      expect(response.status, answer).toBeLessThan(500)
      if (response.status === 400) expect([name, ...Object.keys(needed)]).toContain(JSON.parse(answer).error.field)
    }
  })
  test('an unknown parameter is named', async () => {
    for (const name of ['surprise', 'LIMIT', 'toString', 'q[]']) {
      const { status, body } = await get(own, query(encodeURIComponent(name), '1'))
      expect(status).toBe(400)
      expect([body.error.field, ...(body.error.fields ?? []).map((field: { path: string }) => field.path)]).toContain(name)
    }
  })
  test('what is needed is named when it is missing', async () => {
    for (const name of Object.keys(needed)) {
      const others = Object.entries(needed).filter(([other]) => other !== name).map(([other, given]) => `${other}=${given}`)
      await expectRefusal(await get(own, `${path}?${others.join('&')}`), { field: name })
    }
  })
})

describe('what the substrate refuses', () => {
  const preview = async (over: Record<string, unknown>) => post(own, '/api/orchestrations/preview', await orchestration(own.db, over))

  test('an unknown template', async () => {
    await expectRefusal(await preview({ template_collection_id: ANY_ID }), { code: 404, status: 'template_collection_not_found', field: 'template_collection_id' })
  })
  test('a collection that is not marked', async () => {
    await expectRefusal(await preview({ template_collection_id: unmarked }), { code: 409, status: 'template_not_marked', field: 'template_collection_id' })
  })
  test('a suffix that another event took', async () => {
    await expectRefusal(await preview({ instance_key_suffix: 'taken' }), { code: 409, status: 'instance_key_conflict', field: 'instance_key_suffix' })
  })
  test('a suffix of the longest length in the widest characters is taken as it is', async () => {
    expect((await preview({ instance_key_suffix: '🦉'.repeat(100), actor: 'ü'.repeat(128), note: 'line\nline\ttab' })).status).toBe(200)
    expect(await world(own.db)).toEqual(before)
  })
})

describe('a page mark', () => {
  test('that was cut, changed, made up or taken from another list names the cursor', async () => {
    const mark = (await get(own, '/api/templates?sort=key&limit=1')).body.next_cursor as string
    const [payload, sum] = mark.split('.') as [string, string]
    const forged = Buffer.from(JSON.stringify({ sort: 'key asc', before: false, values: ['a', ANY_ID] })).toString('base64url')
    const foreign = (await get(own, '/api/pieces?limit=1')).body.next_cursor
    const marks = ['', '.', 'x', payload, `${payload}.`, `.${sum}`, mark.slice(0, -1), mark.slice(1), `${mark.slice(0, 5)}A${mark.slice(6)}x`, `${forged}.${sum}`, forged, foreign, '%00', 'null', '[]', 'x'.repeat(5000)]
    for (const cursor of marks) {
      await expectRefusal(await get(own, `/api/templates?sort=key&limit=1&cursor=${encodeURIComponent(cursor)}`), { field: 'cursor' })
    }
    for (const other of ['sort=key&dir=desc', 'sort=status', 'sort=family']) {
      await expectRefusal(await get(own, `/api/templates?${other}&cursor=${mark}`), { field: 'cursor' })
    }
    expect((await get(own, `/api/templates?sort=key&limit=1&cursor=${mark}`)).status).toBe(200)
  })

  test('that somebody took the trouble to sign names the cursor too', async () => {
    const sign = (cursor: unknown) => {
      const text = typeof cursor === 'string' ? cursor : JSON.stringify(cursor)
      return `${Buffer.from(text).toString('base64url')}.${createHash('sha256').update(text).digest('base64url').slice(0, 11)}`
    }
    const cursors = [
      'no json', null, [], {}, { sort: 'instances asc' }, { sort: 'instances asc', before: false }, { sort: 'instances asc', before: false, values: {} },
      ...[[], [1], ['a', ANY_ID], [1, 'x'], [null, null], [1, ANY_ID, 1], [1.5, ANY_ID], [2 ** 40, ANY_ID]].map(values => ({ sort: 'instances asc', before: false, values })),
    ]
    for (const cursor of cursors) {
      await expectRefusal(await get(own, `/api/templates?sort=instances&cursor=${sign(cursor)}`), { field: 'cursor' })
    }
    for (const values of [['not a time', ANY_ID], ['2026-13-45T00:00:00Z', ANY_ID], ['a\0b', ANY_ID]]) {
      await expectRefusal(await get(own, `/api/events?cursor=${sign({ sort: 'created_at desc', before: false, values })}`), { field: 'cursor' })
      await expectRefusal(await get(own, `/api/events/newer?since=${sign({ sort: 'created_at desc', before: true, values })}`), { field: 'since' })
    }
    await expectRefusal(await get(own, `/api/pieces?cursor=${sign({ sort: 'address asc', before: false, values: ['a\0b'] })}`), { field: 'cursor' })
  })
})

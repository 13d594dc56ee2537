import { createHash, randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
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

/** A body that each writing route would take, were it not for the one field that a case changes. */
const BODIES: Record<string, () => Promise<Record<string, unknown>>> = {
  'POST /api/orchestrations/preview': () => orchestration(own.db, { note: 'a note' }),
  'POST /api/orchestrations': async () => ({ preview_id: randomUUID() }),
  'POST /api/rollbacks/preview': async () => ({ actor: 'iu-core-first', dry_run: false }),
  'POST /api/rollbacks': async () => ({ preview_id: randomUUID(), confirm_actor: 'a', reason: 'b' }),
  'POST /api/versions': async () => ({ collection_id: ANY_ID, template_family: 'f', version_label: 'v', version_seq: 1, previous_collection_id: null, actor: 'a' }),
  [`POST /api/versions/${ANY_ID}/retire`]: async () => ({ actor: 'a', reason: 'b' }),
  'PUT /api/gates/no.such.gate': async () => ({ open: true, actor: 'a', reason: 'b' }),
}

const LONG: Record<string, number> = { actor: 128, instance_key_suffix: 200, note: 2000, reason: 2000, event_type: 200, template_family: 200, version_label: 64, confirm_actor: 128 }
const ONE_LINE = ['actor', 'instance_key_suffix', 'event_type', 'template_family', 'version_label']
const FIELDS: Record<string, string[]> = {
  'POST /api/orchestrations/preview': ['event_id', 'event_type', 'template_collection_id', 'instance_key_suffix', 'emit_mode', 'actor', 'note', 'open_gates'],
  'POST /api/orchestrations': ['preview_id'],
  'POST /api/rollbacks/preview': ['actor', 'dry_run'],
  'POST /api/rollbacks': ['preview_id', 'confirm_actor', 'reason'],
  'POST /api/versions': ['collection_id', 'template_family', 'version_label', 'version_seq', 'previous_collection_id', 'actor'],
  [`POST /api/versions/${ANY_ID}/retire`]: ['actor', 'reason'],
  'PUT /api/gates/no.such.gate': ['open', 'actor', 'reason'],
}

/** Values that the field must not take. */
function wrongValues(field: string): [string, unknown][] {
  if (/_id$/.test(field)) return [['a malformed uuid', '12345'], ['an injection', '\' or 1=1 --'], ['a number', 1], ['an object', { id: 1 }]]
  if (field === 'version_seq') return [['zero', 0], ['a fraction', 1.5], ['too large a number', 2 ** 31], ['a text', '1'], ['none', null]]
  if (field === 'open' || field === 'open_gates' || field === 'dry_run') return [['a text', 'false'], ['a number', 1], ['none', null]]
  if (field === 'emit_mode') return [['a mode that does not exist', 'shadow'], ['capitals', 'LIVE'], ['none', null]]
  const texts: [string, unknown][] = [['over-long', 'x'.repeat(LONG[field]! + 1)], ['a list', ['a']], ['a number', 7]]
  if (field !== 'confirm_actor') {
    texts.push(['empty', ''], ['blank', ' \t\n'], ['a NUL character', 'a\0b'], ['half a character', 'a\ud800b'])
  }
  if (ONE_LINE.includes(field)) texts.push(['a control character', 'a\u0007b'], ['a line break', 'a\nb'])
  return texts
}

describe.each(Object.keys(BODIES))('%s', (route) => {
  const [method, path] = route.split(' ') as [string, string]
  const send = (body: unknown) => ask(own, method, path, body)

  test.each(FIELDS[route]!.flatMap(field => wrongValues(field).map(([what, value]) => ({ field, what, value }))))('$field: $what', async ({ field, value }) => {
    await expectRefusal(await send({ ...await BODIES[route]!(), [field]: value }), { field })
  })

  test('each field that is needed is named when it is missing', async () => {
    const optional = ['note', 'open_gates', 'dry_run', 'confirm_actor', ...(path === '/api/rollbacks' ? ['reason'] : [])]
    for (const field of FIELDS[route]!.filter(name => !optional.includes(name))) {
      const { [field]: _, ...rest } = await BODIES[route]!()
      await expectRefusal(await send(rest), { field })
    }
  })

  test.each(['surprise', 'Actor', 'toString'])('the unknown field %s is named', async (field) => {
    await expectRefusal(await send({ ...await BODIES[route]!(), [field]: 1 }), { field })
  })

  test.each([['an empty body', ''], ['no JSON', '{"actor": '], ['a word', 'hello'], ['a list', '[]'], ['null', 'null'], ['a number', '7'], ['a text', '"x"']])('%s', async (_case, body) => {
    await expectRefusal(await send(body), { field: 'body' })
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', undefined])('content type %s', async (type) => {
    const response = await own.fetch(path, { method, body: new TextEncoder().encode(JSON.stringify(await BODIES[route]!())), headers: type ? { 'content-type': type } : {} })
    await expectRefusal({ status: response.status, body: await response.json() }, { code: 415 })
  })

  test('more than a megabyte, announced or not', async () => {
    const body = JSON.stringify({ ...await BODIES[route]!(), note: 'x'.repeat(1024 * 1024) })
    await expectRefusal(await send(body), { code: 413 })
    const unannounced = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body))
        controller.close()
      },
    })
    const response = await own.fetch(path, { method, body: unannounced, headers: { 'content-type': 'application/json' }, duplex: 'half' } as RequestInit)
    await expectRefusal({ status: response.status, body: await response.json() }, { code: 411 })
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

describe('addresses', () => {
  test.each(['templates', 'instances', 'pieces', 'runs'])('%s: an id that is none', async (list) => {
    for (const id of ['1', 'null', 'x'.repeat(500), `${ANY_ID}0`, '%00', '%27', '%F0%28']) {
      await expectRefusal(await get(own, `/api/${list}/${id}`), { field: 'id' })
    }
  })
  test('retiring an id that is none', async () => {
    await expectRefusal(await post(own, '/api/versions/17/retire', { actor: 'a', reason: 'b' }), { field: 'id' })
  })
  test('names with characters that no name has', async () => {
    await expectRefusal(await get(own, '/api/families/a%00b'), { field: 'family' })
    await expectRefusal(await get(own, `/api/families/${'x'.repeat(201)}`), { field: 'family' })
    await expectRefusal(await ask(own, 'PUT', '/api/gates/a%00b', { open: true, actor: 'a', reason: 'b' }), { field: 'key' })
    for (const name of ['%F0%28', '%ED%A0%80', '%']) expect((await get(own, `/api/families/${name}`)).status).toBe(404)
  })
})

describe('queries', () => {
  const PAGED = ['/api/templates', '/api/events', '/api/pieces']
  const cases: [path: string, field: string][] = [
    ...PAGED.flatMap(list => ['0', '-1', '201', '10000', 'abc', '1.5', '', 'NaN', 'Infinity', '1&limit=2'].map(value => [`${list}?limit=${value}`, 'limit'] as [string, string])),
    ...[...PAGED, '/api/search', '/api/actors', '/api/outbox', '/api/templates/export', '/api/events/export']
      .map(list => [`${list}?surprise=1`, 'surprise'] as [string, string]),
    ...[...PAGED, '/api/search', '/api/actors', '/api/outbox', '/api/templates/export', '/api/events/export']
      .flatMap(list => [['%00', 'q'], ['a%00b', 'q'], ['x'.repeat(201), 'q'], ['a&q=b', 'q']].map(([value, field]) => [`${list}?q=${value}`, field!] as [string, string])),
    ['/api/templates?sort=title', 'sort'], ['/api/templates?dir=up', 'dir'], ['/api/templates?status=live', 'status'],
    ['/api/templates?flag=red', 'flag'], ['/api/templates?kind=%00', 'kind'], ['/api/templates/export?format=xml', 'format'],
    ['/api/events?mode=shadow', 'mode'], ['/api/events?template=1', 'template'], ['/api/events?event=1', 'event'],
    ['/api/events?match=no', 'match'], ['/api/events?actor=%00', 'actor'], ['/api/events/newer', 'since'], ['/api/events/newer?since=x', 'since'],
  ]
  test.each(cases.map(([path, field]) => ({ path, field, shown: path.slice(0, 60) })))('GET $shown', async ({ path, field }) => {
    await expectRefusal(await get(own, path), { field })
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

import { beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { replay } from '../../server/cli/demo'
import { useConsole } from '../helpers/api'
import { ACTING, READING, WRITING, addressOf, nameOf } from './routes'
import { ROUTES } from '#shared/access'
import type { ReadingRoute } from './routes'
import { ask, collection, compose, get, orchestration, post, strictly } from './support'
import { NewerCount } from '#shared/schemas/event'

const own = useConsole()

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/
const SHA256 = /^[0-9a-f]{64}$/

/** Times that are no ISO strings in UTC and digests that are no SHA-256, by their path in the answer. */
function malformed(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = `${path}.${key}`
    const wrong = typeof inner === 'string'
      && ((/_at$|^as_of$/.test(key) && !ISO.test(inner)) || (/(?<!rows_)digest$/.test(key) && !SHA256.test(inner)))
    return wrong ? [`${here}: ${inner}`] : malformed(inner, here)
  })
}

/** Expects exactly the fields, times and digests of the schema. */
function expectShape(schema: z.ZodType, body: unknown, of: string) {
  expect(strictly(schema).safeParse(body).error?.issues ?? [], of).toEqual([])
  expect(malformed(body), of).toEqual([])
}

/** Asks a route at every address of its row. */
async function readRoute({ file, asked, answer }: ReadingRoute) {
  const addresses = await asked?.(own.db) ?? [{}]
  for (const { params, query } of addresses) {
    const path = addressOf(file, params).path + (query ? `?${query}` : '')
    const response = await (ROUTES[nameOf(file)] === 'person' ? own.signedIn : own).fetch(path)
    expect(response.status, path).toBe(200)
    expect(response.headers.get('cache-control'), path).toBe('no-store')
    if (answer !== 'file') expectShape(answer, await response.json(), path)
    else expect(response.headers.get('content-disposition'), path).toMatch(/^attachment; filename="[^"]+"$/)
  }
  return addresses.length
}

/** What the lists hold. */
const totals = async () => ({
  templates: (await get(own, '/api/templates')).body,
  families: (await get(own, '/api/families')).body,
  events: (await get(own, '/api/events')).body,
})

describe('the demo dataset', () => {
  test.each(READING)('$file answers exactly as its schema says', async (route) => {
    await readRoute(route)
  })

  test('has the figures of its lists', async () => {
    const { templates, families, events } = await totals()
    expect(templates.total).toBe(3)
    expect(families.rows).toHaveLength(1)
    expect(events).toMatchObject({ rows: [], total: 0, newest: null, next_cursor: null, previous_cursor: null })
  })
})

describe('after the replayed operation, a hand edit and a run of each kind', () => {
  beforeAll(async () => {
    await replay(own.db)
    await compose(own, { note: 'composed for the record' })
    const edited = await collection(own.db, 'tpl-inst:auto:25000x-bulk-wf-001')
    await own.db.updateTable('iu_piece_membership').set({ membership_status: 'removed' })
      .where('collection_id', '=', edited).where('piece_order', '=', eb => eb.selectFrom('iu_piece_membership')
        .select(inner => inner.fn.max('piece_order').as('last')).where('collection_id', '=', edited)).execute()
  })

  test('the lists have the figures of the operation', async () => {
    const { templates, families, events } = await totals()
    expect(templates.totals).toEqual({
      templates: 4, families: 2, instances: 18, matching: 17, diverged: 1, without_version: 0, without_marker: 0,
    })
    expect(families.rows.map((row: { versions: number }) => row.versions)).toEqual([2, 2])
    expect(events.total).toBe(14)
    expectShape(NewerCount, (await get(own, `/api/events/newer?since=${events.newest}`)).body, 'newer')
  })

  test.each(WRITING)('$file succeeds and answers exactly as its schema says', async ({ file, answer, succeeds }) => {
    const { params, body, as = own } = await succeeds(own)
    const { method, path } = addressOf(file, params)
    const answered = await ask(as, method, path, body)
    expect(answered.status, JSON.stringify(answered.body)).toBe(200)
    expectShape(answer as z.ZodType, answered.body, path)
  })

  test.each(ACTING)('$file succeeds and answers exactly as its schema says', async ({ file, answer, succeeds }) => {
    const { params, as = own } = await succeeds(own)
    const { method, path } = addressOf(file, params)
    const answered = await ask(as, method, path, {})
    expect(answered.status, JSON.stringify(answered.body)).toBe(200)
    expectShape(answer as z.ZodType, answered.body, path)
  })

  test('a preview and its run are read back as they were answered', async () => {
    const preview = await post(own, '/api/orchestrations/preview', await orchestration(own.db))
    const run = await post(own, '/api/orchestrations', { preview_id: preview.body.id })
    const { expires_at: _, ...record } = preview.body
    expect((await get(own, `/api/runs/${preview.body.id}`)).body).toEqual(record)
    expect((await get(own, `/api/runs/${run.body.id}`)).body).toEqual(run.body)
  })

  test.each(READING)('$file still answers exactly as its schema says, at every address', async (route) => {
    const asked = await readRoute(route)
    if (route.path) expect(asked).toBeGreaterThan(0)
  })
})

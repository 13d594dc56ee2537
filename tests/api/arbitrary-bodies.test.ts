import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { ask, collection, orchestration, world } from './support'

const own = useConsole()
const RUNS = 120

/** Requests that come close to what a route takes, but can change nothing: no such preview, template, version or gate. */
let close: Record<string, Record<string, unknown>>
beforeAll(async () => {
  const unmarked = await collection(own.db, 'wf:incident-review')
  close = {
    'POST /api/orchestrations/preview': await orchestration(own.db, { note: 'a note' }),
    'POST /api/orchestrations': { preview_id: randomUUID() },
    'POST /api/rollbacks/preview': { actor: 'iu-core-18000x', dry_run: false },
    'POST /api/rollbacks': { preview_id: randomUUID(), confirm_actor: 'a', reason: 'b' },
    'POST /api/versions': { collection_id: unmarked, template_family: 'f', version_label: 'v', version_seq: 1, previous_collection_id: null, actor: 'a' },
    'POST /api/versions/00000000-0000-4000-8000-000000000000/retire': { actor: 'a', reason: 'b' },
    'PUT /api/gates/no.such.gate': { open: true, actor: 'a', reason: 'b' },
  }
})

const ROUTES = [
  'POST /api/orchestrations/preview', 'POST /api/orchestrations', 'POST /api/rollbacks/preview', 'POST /api/rollbacks',
  'POST /api/versions', 'POST /api/versions/00000000-0000-4000-8000-000000000000/retire', 'PUT /api/gates/no.such.gate',
]

// Half the texts are of the kind that makes databases stumble.
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constantFrom(
  '\0', '\u0000x', '\ud800', '\udfff', '\ufeff', '\u202e', '\\u0000', '{}', '[]', '%', '%s', '\'', '"', '\\', '$1', '--', ';', 'null', 'NaN', '-infinity',
  '00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', 'x'.repeat(10_000), '🦉'.repeat(120),
))
const value = fc.oneof(text, fc.jsonValue({ stringUnit: 'binary' }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.maxSafeInteger())

describe.each(ROUTES)('%s', (route) => {
  const [method, path] = route.split(' ') as [string, string]

  /** Whatever is sent: an answer of the console's own, never a fault, and every table but the record as before. */
  async function holds(body: fc.Arbitrary<string>) {
    const before = await world(own.db)
    await fc.assert(fc.asyncProperty(body, async (sent) => {
      const { status, body: answer } = await ask(own, method, path, sent)
      expect(status, JSON.stringify(answer)).toBeLessThan(500)
      if (status >= 400) expect(answer.error).toMatchObject({ status: expect.any(String), message: expect.any(String), request_id: expect.any(String) })
    }), { numRuns: RUNS })
    expect(await world(own.db)).toEqual(before)
  }

  test('any JSON', () => holds(fc.json({ stringUnit: 'binary' })))

  test('a request with any value in any field', () => {
    const body = fc.constantFrom(...Object.keys(close[route]!)).chain(field =>
      value.map(given => JSON.stringify({ ...close[route], [field]: given })))
    return holds(body)
  })

  test('a request with any further field', () =>
    holds(fc.tuple(text, value).map(([field, given]) => JSON.stringify({ ...close[route], [field]: given }))))

  test('a request that was cut or garbled', () => holds(fc.tuple(fc.nat(), fc.string({ unit: 'binary', maxLength: 3 })).map(([at, junk]) => {
    const whole = JSON.stringify(close[route])
    const cut = at % whole.length
    return whole.slice(0, cut) + junk + whole.slice(cut + junk.length + 1)
  })))
})

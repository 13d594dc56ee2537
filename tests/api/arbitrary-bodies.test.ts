import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { TAKEN_NAME, WRITING, addressOf, nameOf } from './routes'
import { ROUTES } from '#shared/access'
import { ask, post, world } from './support'

const own = useConsole()
const RUNS = 60

beforeAll(async () => {
  await post(own, '/api/invariants', { name: TAKEN_NAME, actor: 'iu-core-api-test' })
})

// Half the texts are of the kind that makes databases stumble.
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constantFrom(
  '\0', '\u0000x', '\ud800', '\udfff', '\ufeff', '\u202e', '\\u0000', '{}', '[]', '%', '%s', '\'', '"', '\\', '$1', '--', ';', 'null', 'NaN', '-infinity',
  '00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', 'x'.repeat(10_000), '🦉'.repeat(120),
))
const value = fc.oneof(text, fc.jsonValue({ stringUnit: 'binary' }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.maxSafeInteger())

describe.each(WRITING)('$file', ({ file, params, close, mayWrite = [] }) => {
  const { method, path } = addressOf(file, params)
  const asks = ROUTES[nameOf(file)] === 'person' ? own.signedIn : own
  let given: Record<string, unknown>
  beforeAll(async () => {
    given = await close(own.db)
  })

  const rest = async () => Object.entries(await world(own.db)).filter(([table]) => !mayWrite.includes(table))

  /** Whatever is sent: an answer of the console's own, never a fault or a stack, and every table but the record as before. */
  async function holds(body: fc.Arbitrary<string>) {
    const before = await rest()
    await fc.assert(fc.asyncProperty(body, async (sent) => {
      const { status, body: answer } = await ask(asks, method, path, sent)
      expect(status, JSON.stringify(answer)).toBeLessThan(500)
      if (status >= 400) {
        expect(answer).toEqual({ error: expect.objectContaining({ status: expect.any(String), message: expect.any(String), request_id: expect.any(String) }) })
        expect(answer.error.message).not.toMatch(/\n\s+at |node_modules|\.mjs/)
      }
    }), { numRuns: RUNS })
    expect(await rest()).toEqual(before)
  }

  test('any JSON', () => holds(fc.json({ stringUnit: 'binary' })))

  test('a request with any value in any field', () => holds(fc.constantFrom(...Object.keys(given)).chain(field =>
    value.map(other => JSON.stringify({ ...given, [field]: other })))))

  test('a request with any further field', () =>
    holds(fc.tuple(text, value).map(([field, other]) => JSON.stringify({ ...given, [field]: other }))))

  test('a request that was cut or garbled', () => holds(fc.tuple(fc.nat(), fc.string({ unit: 'binary', maxLength: 3 })).map(([at, junk]) => {
    const whole = JSON.stringify(given)
    const cut = at % whole.length
    return whole.slice(0, cut) + junk + whole.slice(cut + junk.length + 1)
  })))
})

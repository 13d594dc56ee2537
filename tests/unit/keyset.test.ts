import fc from 'fast-check'
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { InvalidCursorError, beforeMark, containing, keysetPage, markOf } from '../../server/db/keyset'
import type { SortKey } from '../../server/db/keyset'

/** A database that only writes SQL: what is looked at here is the SQL. */
const db = new Kysely<{ list: { name: string, n: number } }>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: inner => new PostgresIntrospector(inner),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

const ID = '25000d25-0000-4000-8000-000000000001'
const sortOf = (...types: SortKey['columns'][number]['type'][]): SortKey => ({
  name: 'test', direction: 'asc', columns: types.map((type, i) => ({ expression: sql.ref(`c${i}`), type })),
})
const compile = (sort: SortKey, mark: string) => beforeMark(sort, mark, 'since').compile(db)

describe('a page mark', () => {
  test('carries the values of every type through, whatever is in them', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }).filter(text => !text.includes('\0')), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.uuid(), (text, n, id) => {
      const sort = sortOf('text', 'integer', 'uuid')
      const { sql: written, parameters } = compile(sort, markOf(sort, { sort_key: [text, n, id] })!)
      expect(parameters).toEqual([text, n, id])
      expect(written).toBe('row("c0", "c1", "c2") < row($1::text, $2::integer, $3::uuid)')
    }))
  })

  test.each(['2026-05-25T04:40:33.123456+00:00', '2026-05-25T04:40:33Z', '-infinity', 'infinity'])('carries the time %s', (time) => {
    const sort = sortOf('timestamptz', 'uuid')
    expect(compile(sort, markOf(sort, { sort_key: [time, ID] })!).parameters).toEqual([time, ID])
  })

  test('before a mark is the smaller side ascending, the greater descending', () => {
    const descending: SortKey = { ...sortOf('uuid'), direction: 'desc' }
    expect(compile(descending, markOf(descending, { sort_key: [ID] })!).sql).toBe('row("c0") > row($1::uuid)')
  })

  test('there is none without a row', () => expect(markOf(sortOf('uuid'), undefined)).toBeNull())

  test('with one character changed, left out or put in is refused, and names its field', () => {
    const sort = sortOf('text', 'uuid')
    const mark = markOf(sort, { sort_key: ['tpl:wf:onboarding/v2', ID] })!
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    fc.assert(fc.property(fc.nat(mark.length - 1), fc.constantFrom(...alphabet), fc.constantFrom('change', 'cut', 'insert'), (at, letter, how) => {
      fc.pre(mark[at] !== '.' && (how !== 'change' || mark[at] !== letter))
      const damaged = mark.slice(0, at) + (how === 'cut' ? '' : letter) + mark.slice(how === 'insert' ? at : at + 1)
      // The last character before the dot may differ in bits that base64 does not use: then nothing was damaged.
      fc.pre(Buffer.from(damaged.split('.')[0]!, 'base64url').compare(Buffer.from(mark.split('.')[0]!, 'base64url')) !== 0 || damaged.split('.')[1] !== mark.split('.')[1])
      expect(() => compile(sort, damaged)).toThrow(InvalidCursorError)
    }), { numRuns: 500 })
    expect(() => compile(sort, `${mark.slice(1)}`)).toThrow(expect.objectContaining({ field: 'since' }))
  })

  const others: [which: string, sort: SortKey][] = [
    ['of another order', { ...sortOf('uuid'), name: 'other' }], ['of the other direction', { ...sortOf('uuid'), direction: 'desc' }],
    ['of more columns', sortOf('text', 'uuid')], ['of another type', sortOf('integer')],
  ]
  test.each(others)('%s is refused', (_case, other) => {
    const mark = markOf(sortOf('uuid'), { sort_key: [ID] })!
    expect(() => compile(other, mark)).toThrow(InvalidCursorError)
  })

  const unfit: [type: SortKey['columns'][number]['type'], value: unknown][] = [
    ['text', 7], ['text', 'a\0b'], ['text', '\ud800'], ['integer', 1.5], ['integer', 2 ** 31], ['integer', '1'],
    ['uuid', 'x'], ['timestamptz', 'yesterday'], ['timestamptz', '2026-13-45T00:00:00Z'], ['text', null],
  ]
  test.each(unfit)('that would break a cast to %s (%j) is refused', (type, value) => {
    expect(() => compile(sortOf(type), markOf(sortOf(type), { sort_key: [value] })!)).toThrow(InvalidCursorError)
  })
})

test('a page asks for one row more than it shows, by every column in one direction', async () => {
  const sort = { ...sortOf('text', 'uuid'), direction: 'desc' as const }
  const query = { written: '', parameters: [] as readonly unknown[] }
  const logging = new Kysely<{ list: { name: string } }>({
    dialect: {
      createAdapter: () => new PostgresAdapter(), createDriver: () => new DummyDriver(),
      createIntrospector: inner => new PostgresIntrospector(inner), createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log({ query: { sql: written, parameters } }) {
      Object.assign(query, { written, parameters })
    },
  })
  expect(await keysetPage(logging.selectFrom('list').selectAll(), sort, { limit: 20 })).toEqual({ rows: [], next_cursor: null, previous_cursor: null })
  expect(query.written).toMatch(/order by "c0" desc, "c1" desc limit \$1$/)
  expect(query.parameters).toEqual([21])
})

test.each([['50%', '%50\\%%'], ['a_b', '%a\\_b%'], ['back\\slash', '%back\\\\slash%'], ['plain', '%plain%']])('%s is looked for literally', (text, pattern) => {
  expect(containing(text)).toBe(pattern)
})

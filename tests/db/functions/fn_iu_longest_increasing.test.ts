import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { oneRow } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

async function longestIncreasing(db: Trx, values: number[] | null) {
  const { run } = await oneRow(db, sql<{ run: number[] | null }>`select public.fn_iu_longest_increasing(${values}::integer[]) as run`)
  return run
}

const increases = (values: number[]) => values.every((value, index) => index === 0 || values[index - 1]! < value)

/** The length of the longest increasing run, by trying every selection. */
function lengthByBruteForce(values: number[]) {
  let longest = 0
  for (let selection = 0; selection < 2 ** values.length; selection++) {
    const chosen = values.filter((_, index) => selection & (1 << index))
    if (increases(chosen)) longest = Math.max(longest, chosen.length)
  }
  return longest
}

test.each([
  [[], []],
  [[7], [7]],
  [[1, 2, 3], [1, 2, 3]],
  [[2, 3, 1], [2, 3]],
  [[5, 1, 2, 3, 4], [1, 2, 3, 4]],
])('of %j is %j', (values, run) => withTransaction(async (db) => {
  expect(await longestIncreasing(db, values)).toEqual(run)
}))

test('of a falling list is one of its numbers', () => withTransaction(async (db) => {
  expect(await longestIncreasing(db, [3, 2, 1])).toHaveLength(1)
}))

test('of NULL is NULL', () => withTransaction(async (db) => {
  expect(await longestIncreasing(db, null)).toBeNull()
}))

test('increases, keeps the order given and is as long as any', () => withTransaction(db => fc.assert(
  fc.asyncProperty(fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 9, size: 'max' }), async (values) => {
    const run = (await longestIncreasing(db, values))!
    expect(increases(run)).toBe(true)
    expect(values.filter(value => run.includes(value))).toEqual(run)
    expect(run).toHaveLength(lengthByBruteForce(values))
  }),
  { numRuns: 100 },
)))

test('of two thousand numbers is as long as theory demands', () => withTransaction(async (db) => {
  const values = Array.from({ length: 2000 }, (_, index) => (index * 7919) % 2003)
  const run = (await longestIncreasing(db, values))!
  expect(increases(run)).toBe(true)
  // Erdős and Szekeres: of n distinct numbers, √n at least rise or fall.
  const falling = (await longestIncreasing(db, [...values].reverse()))!
  expect(Math.max(run.length, falling.length)).toBeGreaterThanOrEqual(45)
}))

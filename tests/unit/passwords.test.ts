import { createHook } from 'node:async_hooks'
import { setImmediate as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Crowded, hashPassword, verifyPassword } from '../../server/auth/passwords'

/** What Node hashes at this moment, and the most it ever did at once. */
const hashing = { now: new Set<number>(), most: 0, all: 0 }
const hook = createHook({
  init(id, type) {
    if (type !== 'SCRYPTREQUEST') return
    hashing.now.add(id)
    hashing.all += 1
    hashing.most = Math.max(hashing.most, hashing.now.size)
  },
  before: id => hashing.now.delete(id),
})
beforeAll(() => hook.enable())
afterAll(() => hook.disable())

test('passwords are hashed two at a time, fifty wait, and whoever comes on top is sent away', async () => {
  const one = async () => hashPassword('one of many')
  const first = [one(), one()]
  // Until these two have begun they wait as well.
  await pause()
  const asked = await Promise.allSettled([...first, ...Array.from({ length: 58 }, one)])
  expect([hashing.all, hashing.most]).toEqual([52, 2])
  const refused = asked.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
  expect(refused).toHaveLength(8)
  expect(refused.every(({ reason }) => reason instanceof Crowded)).toBe(true)
  // Each has a salt of its own.
  const hashes = asked.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []))
  expect(new Set(hashes.map(hash => hash.split(':')[0])).size).toBe(52)
  for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/)
})

test('checking them stands in the same line', async () => {
  const hash = await hashPassword('one of many')
  hashing.most = 0
  const answers = await Promise.all([
    ...Array.from({ length: 4 }, () => verifyPassword({ hash, password: 'one of many' })), ...Array.from({ length: 4 }, () => hashPassword('another').then(Boolean)),
    verifyPassword({ hash, password: 'one of maný' }),
  ])
  expect(answers).toEqual([...Array(8).fill(true), false])
  expect(hashing.most).toBe(2)
})

import { createHook } from 'node:async_hooks'
import { setImmediate as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
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

const PASSWORD = ' Größe 12 – Ünïcode '

describe('a password hash', () => {
  test('is a PHC string at the cost that OWASP wants, with a salt of its own', async () => {
    const [one, other] = await Promise.all([hashPassword(PASSWORD), hashPassword(PASSWORD)])
    expect(one).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[\w+/]{22}\$[\w+/]{43}$/)
    expect(one.split('$')[3]).not.toBe(other.split('$')[3])
    expect(one.split('$')[4]).not.toBe(other.split('$')[4])
  })

  test('is that of this password, as it was typed, and of no other', async () => {
    const hash = await hashPassword(PASSWORD)
    const others = [PASSWORD.trim(), PASSWORD.toLowerCase(), PASSWORD.slice(0, -1), `${PASSWORD} `, '']
    expect(await verifyPassword({ hash, password: PASSWORD })).toBe(true)
    for (const password of others) expect(await verifyPassword({ hash, password }), password).toBe(false)
  })

  test('is the same however a keyboard composes its letters', async () => {
    const hash = await hashPassword(PASSWORD.normalize('NFC'))
    expect(await verifyPassword({ hash, password: PASSWORD.normalize('NFD') })).toBe(true)
  })

  test('differs in the last of 128 characters', async () => {
    const hash = await hashPassword(`${'a'.repeat(127)}b`)
    expect(await verifyPassword({ hash, password: `${'a'.repeat(127)}c` })).toBe(false)
  })

  // RFC 7914, section 12; of its 64 bytes the 32 that we keep.
  test('of another cost is still understood: scrypt, as its standard has it', async () => {
    const key = Buffer.from('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2', 'hex').toString('base64').replace('=', '')
    const salt = Buffer.from('SodiumChloride').toString('base64').replace('=', '')
    expect(await verifyPassword({ hash: `$scrypt$ln=14,r=8,p=1$${salt}$${key}`, password: 'pleaseletmein' })).toBe(true)
  })

  test.each(['', 'x', '$scrypt$ln=15,r=8,p=3$salt', '$2b$10$abcdefghijklmnopqrstuv'])('"%s" is none', async (hash) => {
    await expect(verifyPassword({ hash, password: PASSWORD })).rejects.toThrow('another form')
  })
})

describe('a crowd', () => {
  beforeEach(() => Object.assign(hashing, { most: 0, all: 0 }))

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
    expect(new Set(hashes.map(hash => hash.split('$')[3])).size).toBe(52)
  }, 30_000)

  test('checking them stands in the same line', async () => {
    const hash = await hashPassword('one of many')
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => verifyPassword({ hash, password: 'one of many' })), ...Array.from({ length: 4 }, () => hashPassword('another').then(Boolean)),
      verifyPassword({ hash, password: 'one of maný' }),
    ])
    expect(answers).toEqual([...Array(8).fill(true), false])
    expect(hashing.most).toBe(2)
  })
})

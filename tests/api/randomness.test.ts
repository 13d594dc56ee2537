/** What is to be unguessable: as long as is said, of the whole alphabet, and never the same. */
import { beforeAll, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { emailOf, signIn } from '../helpers/people'
import { secretOf } from '../helpers/totp'
import { post, somebody } from './support'
import { withOffer } from './second-factor'

const own = useConsole()
const MANY = 50
const many = async <Result>(make: (n: number) => Promise<Result>) => {
  const made: Result[] = []
  for (let n = 0; n < MANY; n += 1) made.push(await make(n))
  return made
}

/**
 * All of one form and all different, and no place in them where a counter, a clock or a fixed part could stand: at each
 * there are many letters, where only few may come at the last by what is left over of the bits.
 */
function expectRandom(texts: string[], form: RegExp, letters: number) {
  for (const text of texts) expect(text).toMatch(form)
  expect(new Set(texts).size).toBe(texts.length)
  const length = texts[0]!.length
  for (let at = 0; at < length; at += 1) {
    const found = new Set(texts.map(text => text[at]))
    expect(found.size, `place ${at}`).toBeGreaterThan(at === length - 1 ? 3 : 9)
  }
  // Nearly every letter of the alphabet comes.
  expect(new Set(texts.join('')).size).toBeGreaterThan(letters * 0.9)
  // No two begin or end alike, as they would with a clock in them.
  for (const part of [texts.map(text => text.slice(0, 6)), texts.map(text => text.slice(-6))]) expect(new Set(part).size).toBe(texts.length)
}

test('links: 256 bits', async () => {
  const person = await somebody(own)
  const links = await many(async () => (await post(own, `/api/people/${person.id}/invitation`, {})).body.link as string)
  expect(new Set(links.map(link => link.split('#')[0]))).toEqual(new Set([`${own.url}/set-up`]))
  expectRandom(links.map(link => link.split('#')[1]!), /^[\w-]{43}$/, 64)
})

test('tokens: 256 bits', async () => {
  const person = await somebody(own)
  const tokens = await many(async n => (await post(person, '/api/account/tokens', { name: `script ${n}`, role: 'viewer' })).body.token as string)
  expect(new Set(tokens.map(token => token.slice(0, 3)))).toEqual(new Set(['iu_']))
  expectRandom(tokens.map(token => token.slice(3)), /^[\w-]{43}$/, 64)
})

describe('sessions', () => {
  let cookies: string[]
  beforeAll(async () => {
    cookies = await many(() => signIn(own.url, emailOf('operator')))
  }, 120_000)

  test('have more than 128 bits, whoever and whenever', () => {
    const tokens = cookies.map(cookie => decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1)).split('.')[0]!)
    // 32 letters of 62: 190 bits.
    expectRandom(tokens, /^[A-Za-z0-9]{32}$/, 62)
  })

  test('go by rows that are looked up: what is not in the table is none, and what was given out is', async () => {
    const rows = await own.db.selectFrom('console.session').select('token').execute()
    const kept = new Set(rows.map(({ token }) => token))
    expect(cookies.filter(cookie => !kept.has(decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1)).split('.')[0]!))).toEqual([])
    const status = async () => (await own.fetchAs(null, '/api/session', { headers: { cookie: cookies[7]! } })).status
    expect(await status()).toBe(200)
    await own.db.deleteFrom('console.session').where('token', '=', decodeURIComponent(cookies[7]!.split('=')[1]!).split('.')[0]!).execute()
    expect(await status()).toBe(401)
  })
})

test('secrets of authenticator apps: 160 bits and more; backup codes: ten for each, 59 bits', async () => {
  const offers = []
  for (let n = 0; n < 12; n += 1) offers.push(await withOffer(own))
  const secrets = offers.map(({ uri }) => secretOf(uri))
  for (const secret of secrets) expect(secret.length).toBeGreaterThanOrEqual(20)
  expect(new Set(secrets.map(secret => secret.toString('hex'))).size).toBe(12)
  for (const { backupCodes } of offers) expect(backupCodes).toHaveLength(10)
  expectRandom(offers.flatMap(({ backupCodes }) => backupCodes.map(code => code.replace('-', ''))), /^[A-Za-z0-9]{10}$/, 62)
})

import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { startConsole } from '../helpers/console'
import { PASSWORD, addPerson, emailOf } from '../helpers/people'
import { totp } from '../helpers/totp'
import { waitFor } from '../helpers/wait'
import { raw } from './raw'
import { cookiesOf, halfSignedIn, withOffer, withSecondFactor } from './second-factor'
import { type Asks, browser, get, post, somebody } from './support'

// Behind a proxy, so that a test can come from as many addresses as it needs.
const own = useConsole('demo', { env: { IU_TRUST_PROXY: 'true' } })
const LIMIT = 10

const json = { 'content-type': 'application/json' }
/** One attempt to sign in, from an address. */
async function attempt(email: string, password: string, from = '198.51.100.1', url = own.url) {
  const answer = await raw(url, { method: 'POST', path: '/api/session', headers: { ...json, 'x-forwarded-for': from }, body: JSON.stringify({ email, password }) })
  return { ...answer, json: JSON.parse(answer.body) }
}
const statuses = (answers: { status: number }[], status: number) => answers.filter(answer => answer.status === status).length
const nobody = { fetch: (path: string, init?: RequestInit) => own.fetchAs(null, path, init) }

beforeEach(async () => {
  await sql`delete from console.sign_in_attempt`.execute(own.db)
})

describe('who is there cannot be found out', () => {
  test('an unknown person, a wrong password, a disabled person and one without a password get the same answer', async () => {
    const disabled = 'disabled@example.org'
    await sql`update console.person set disabled_at = now() where id = ${await addPerson(own.db, { email: disabled, role: 'viewer' })}::uuid`.execute(own.db)
    await sql`insert into console.person (email, name) values ('invited@example.org', 'Invited')`.execute(own.db)
    const answers = [
      await attempt('unknown@example.org', 'wrong'), await attempt(emailOf('viewer'), 'wrong'), await attempt(disabled, PASSWORD), await attempt(disabled, 'wrong'),
      await attempt('invited@example.org', 'wrong'), await attempt('invited@example.org', ''.padEnd(12, 'x')),
    ]
    const shown = answers.map(({ status, headers, json: { error: { request_id: _, ...error } } }) => {
      const { 'x-request-id': _id, date: _date, ...rest } = headers
      return { status, headers: rest, error }
    })
    for (const other of shown.slice(1)) expect(other).toEqual(shown[0])
    expect(shown[0]!.status).toBe(401)
  })

  test('each costs one hash: a crowd of unknown names fills the line for hashing as a crowd of known ones does', { timeout: 120_000 }, async () => {
    const crowd = async (email: (n: number) => string) =>
      Promise.all(Array.from({ length: 120 }, (_, n) => attempt(email(n), 'wrong', `203.0.113.${n}`)))
    for (let n = 0; n < 120; n += 1) await sql`insert into console.person (email, name) values (${`crowd-${n}@example.org`}, 'One of many')`.execute(own.db)
    await sql`insert into console.sign_in_method (person_id, provider_id, account_id, password)
      select p.id, 'credential', p.id::text, m.password from console.person p,
        (select password from console.sign_in_method limit 1) m where p.email like 'crowd-%'`.execute(own.db)
    const known = await crowd(n => `crowd-${n}@example.org`)
    const unknown = await crowd(n => `nobody-${n}@example.org`)
    for (const answers of [known, unknown]) {
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 503]))
      // 2 at once and 50 in line: whoever comes on top of that is sent away.
      expect(statuses(answers, 401)).toBeGreaterThanOrEqual(52)
    }
    const [busy] = unknown.filter(({ status }) => status === 503)
    expect([busy!.headers['retry-after'], busy!.json.error.status]).toEqual(['5', 'busy'])
  })
})

describe('limits', () => {
  test('ten attempts on an account, from anywhere; then the right password is of no use for a while', async () => {
    const { email } = await somebody(own)
    const answers = []
    for (let n = 0; n <= LIMIT; n += 1) answers.push(await attempt(email, 'wrong', `198.51.100.${n}`))
    expect(answers.map(({ status }) => status)).toEqual([...Array(LIMIT).fill(401), 429])
    const late = await attempt(email, PASSWORD, '198.51.100.99')
    expect([late.status, late.json.error.status]).toEqual([429, 'too_many_attempts'])
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(800)
    expect(Number(late.headers['retry-after'])).toBeLessThanOrEqual(900)
    expect((await attempt(emailOf('viewer'), PASSWORD, '198.51.100.99')).status).toBe(200)
  })

  test('fifty attempts from an address; what a client writes into X-Forwarded-For itself does not help', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => attempt(`name-${n}@example.org`, 'wrong', `10.0.0.${n}, 198.51.100.7`)))
    expect(statuses(answers, 429)).toBe(10)
    expect((await attempt(emailOf('viewer'), PASSWORD, '198.51.100.7')).status).toBe(429)
    expect((await attempt(emailOf('viewer'), PASSWORD, '198.51.100.8')).status).toBe(200)
  })

  test('a sign-in that is right does not use an account up', async () => {
    for (let n = 0; n < LIMIT + 3; n += 1) expect((await attempt(emailOf('operator'), PASSWORD)).status).toBe(200)
  })

  test('a person\'s address in capitals or with blanks is the same account', async () => {
    const { email } = await somebody(own)
    const written = [email.toUpperCase(), ` ${email}`, `${email} `, email]
    const answers = []
    for (let n = 0; n <= LIMIT; n += 1) answers.push(await attempt(written[n % 4]!, 'wrong', `198.51.100.${n}`))
    expect(answers.at(-1)!.status).toBe(429)
  })

  test('the own password is asked for no more often either', async () => {
    const person = await somebody(own)
    const answers = []
    for (let n = 0; n <= LIMIT; n += 1) answers.push(await post(person, '/api/account/second-factor/remove', { password: 'wrong' }))
    expect(answers.map(({ status }) => status)).toEqual([...Array(LIMIT).fill(400), 429])
  })

  test('without a proxy, X-Forwarded-For means nothing', async () => {
    const direct = await startConsole(own.databaseUrl)
    try {
      const answers = await Promise.all(Array.from({ length: 55 }, (_, n) => attempt(`direct-${n}@example.org`, 'wrong', `10.1.0.${n}`, direct.url)))
      expect(statuses(answers, 429)).toBe(5)
    }
    finally {
      await direct.stop()
    }
  })
})

describe('the second factor', () => {
  test('is asked for after the password, and the password alone opens nothing', async () => {
    const person = await withSecondFactor(own)
    const half = await halfSignedIn(own, person.email)
    expect((await browser(own, half).fetch('/api/session')).status).toBe(401)
    expect((await post(browser(own, half), '/api/session/second-factor', { code: '000000' })).status).toBe(401)
    const done = await post(browser(own, half), '/api/session/second-factor', { code: totp(person.uri, 1) })
    expect(done.body).toEqual({ status: 'signed_in' })
  })

  test('a code counts once: not again at the next sign-in, nor for one that is before it', async () => {
    const person = await withSecondFactor(own)
    const code = totp(person.uri, 1)
    const first = browser(own, await halfSignedIn(own, person.email))
    expect((await post(first, '/api/session/second-factor', { code })).status).toBe(200)
    const second = browser(own, await halfSignedIn(own, person.email))
    for (const used of [code, totp(person.uri)]) {
      const { status, body } = await post(second, '/api/session/second-factor', { code: used })
      expect([status, body.error.status]).toEqual([401, 'not_signed_in'])
    }
    // What was refused has not used the sign-in up: a code that was not seen yet, or a backup code, ends it.
    expect((await post(second, '/api/session/second-factor', { code: person.backupCodes[0] })).status).toBe(200)
  })

  test('a code that comes with eight sign-ins at once lets one of them in', async () => {
    const person = await withSecondFactor(own)
    const halves = []
    for (let n = 0; n < 8; n += 1) halves.push(browser(own, await halfSignedIn(own, person.email)))
    const code = totp(person.uri, 1)
    const answers = await Promise.all(halves.map(half => post(half, '/api/session/second-factor', { code })))
    expect(statuses(answers, 200)).toBe(1)
    expect(statuses(answers, 401)).toBe(7)
  })

  test('a used code counts as a wrong one: ten of them lock the second factor', async () => {
    const person = await withSecondFactor(own)
    const code = totp(person.uri)
    for (let n = 0; n < 2; n += 1) {
      const half = browser(own, await halfSignedIn(own, person.email))
      for (let again = 0; again < 5; again += 1) await post(half, '/api/session/second-factor', { code })
    }
    const half = browser(own, await halfSignedIn(own, person.email))
    expect((await post(half, '/api/session/second-factor', { code: totp(person.uri, 1) })).status).toBe(401)
  })

  test('the code that confirmed it signs nobody in', async () => {
    const person = await withOffer(own)
    const code = totp(person.uri)
    expect((await post(person, '/api/account/second-factor/confirm', { code })).status).toBe(200)
    const half = browser(own, await halfSignedIn(own, person.email))
    expect((await post(half, '/api/session/second-factor', { code })).status).toBe(401)
    expect((await post(half, '/api/session/second-factor', { code: totp(person.uri, 1) })).status).toBe(200)
  })

  test('the code that confirmed it confirms nothing more', async () => {
    const person = await withOffer(own)
    const code = totp(person.uri)
    const confirmed = await post(person, '/api/account/second-factor/confirm', { code })
    const session = browser(own, cookiesOf(confirmed.headers))
    const again = await post(session, '/api/account/second-factor/confirm', { code })
    expect([again.status, again.body.error.field]).toEqual([400, 'code'])
  })

  test('taken off and offered anew, it has codes of its own; those of before count no more', async () => {
    const person = await withSecondFactor(own)
    const removed = await post(person, '/api/account/second-factor/remove', { password: PASSWORD })
    expect(removed.status).toBe(200)
    const session = browser(own, cookiesOf(removed.headers))
    const { body: { uri } } = await post(session, '/api/account/second-factor', { password: PASSWORD })
    for (const steps of [0, 1]) expect((await post(session, '/api/account/second-factor/confirm', { code: totp(person.uri, steps) })).status).toBe(400)
    // The codes of before used none of the new ones up.
    expect((await post(session, '/api/account/second-factor/confirm', { code: totp(uri) })).status).toBe(200)
  })

  test('that is lost is taken off by an administrator, who cannot do so with his own', async () => {
    const person = await withSecondFactor(own)
    const remove = (as: Asks, id: string) => post(as, `/api/people/${id}/second-factor/remove`, {})
    const [boss, another] = [await somebody(own, 'administrator'), await somebody(own, 'operator')]
    expect((await remove(another, person.id)).status).toBe(403)
    expect(await remove(boss, boss.id)).toMatchObject({ status: 409, body: { error: { status: 'own_second_factor' } } })
    expect((await remove(boss, person.id)).body).toEqual({ status: 'ok' })
    expect((await get(person, '/api/session')).status).toBe(401)
    expect((await post(nobody, '/api/session', { email: person.email, password: PASSWORD })).body).toEqual({ status: 'signed_in' })
    expect(await remove(boss, person.id)).toMatchObject({ status: 409, body: { error: { status: 'no_second_factor' } } })
  })

  test('a code is good for its half minute and the ones before and after: earlier and later ones are wrong', async () => {
    const person = await withSecondFactor(own)
    await sql`update console.second_factor set last_used_step = 0 where person_id = ${person.id}::uuid`.execute(own.db)
    const sent = async (steps: number) => {
      const half = browser(own, await halfSignedIn(own, person.email))
      // The half minute must not end between the code and its check.
      await waitFor('A new half minute', async () => Date.now() % 30_000 < 25_000)
      return (await post(half, '/api/session/second-factor', { code: totp(person.uri, steps) })).status
    }
    const answers = []
    for (const steps of [-20, -3, -2, 2, 3, 20, -1, 0, 1]) answers.push(await sent(steps))
    expect(answers).toEqual([401, 401, 401, 401, 401, 401, 200, 200, 200])
  })

  test('between password and code there are ten minutes', async () => {
    const person = await withSecondFactor(own)
    const half = await halfSignedIn(own, person.email)
    const { rows: [waiting] } = await sql<{ minutes: number }>`
      select extract(epoch from expires_at - now())::float8 / 60 as minutes from console.verification where value = ${person.id}`.execute(own.db)
    expect(waiting!.minutes).toBeGreaterThan(9)
    expect(waiting!.minutes).toBeLessThanOrEqual(10)
    await sql`update console.verification set expires_at = now() - interval '1 second' where value = ${person.id}`.execute(own.db)
    expect((await post(browser(own, half), '/api/session/second-factor', { code: totp(person.uri, 1) })).status).toBe(401)
  })

  test('the cookie of what waits for a code goes to this host alone, over TLS or on this machine, for ten minutes, and no script reads it', async () => {
    const person = await withSecondFactor(own)
    const { headers } = await post(nobody, '/api/session', { email: person.email, password: PASSWORD })
    const given = headers.getSetCookie().filter(text => !/max-age=0/i.test(text))
    expect(given.map(text => text.split('=')[0])).toEqual(['__Host-iu-second-factor'])
    const [cookie, ...attributes] = given[0]!.split('; ')
    expect(attributes.map(attribute => attribute.toLowerCase()).sort()).toEqual(['httponly', 'max-age=600', 'path=/', 'samesite=lax', 'secure'])
    // It names the sign-in that waits and not whose it is.
    expect(decodeURIComponent(cookie!)).not.toContain(person.id)
    expect(decodeURIComponent(cookie!)).not.toContain(person.email)
  })

  test('a backup code counts once', async () => {
    const person = await withSecondFactor(own)
    const [code] = person.backupCodes
    const answers = []
    for (const half of [await halfSignedIn(own, person.email), await halfSignedIn(own, person.email)]) {
      answers.push((await post(browser(own, half), '/api/session/second-factor', { code })).status)
    }
    expect(answers).toEqual([200, 401])
  })

  test('codes cannot be tried through, whichever sign-in they belong to', async () => {
    const person = await withSecondFactor(own)
    for (let n = 0; n < 2; n += 1) {
      const half = browser(own, await halfSignedIn(own, person.email))
      for (let guess = 0; guess < 6; guess += 1) await post(half, '/api/session/second-factor', { code: `00000${guess}` })
    }
    const half = browser(own, await halfSignedIn(own, person.email))
    expect((await post(half, '/api/session/second-factor', { code: totp(person.uri, 1) })).status).toBe(401)
  })

  test('without a sign-in that waits, a code is worth nothing', async () => {
    const person = await withSecondFactor(own)
    expect((await post(nobody, '/api/session/second-factor', { code: totp(person.uri, 1) })).status).toBe(401)
  })
})

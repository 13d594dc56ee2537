import { randomUUID } from 'node:crypto'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { type Console, startConsole } from '../helpers/console'
import { type Claims, type IdentityProvider, startIdentityProvider } from '../helpers/identity-provider'
import { addPerson, emailOf, signIn } from '../helpers/people'
import { type RawAnswer, raw } from './raw'
import { accounts, get } from './support'

const own = useConsole()
const CLIENT = { id: 'iu-console', secret: 'what the provider and the console know' }
const ORIGIN = 'https://console.example.org'
const SESSION = '__Host-iu-session='

let provider: IdentityProvider
let server: Console
beforeAll(async () => {
  provider = await startIdentityProvider(CLIENT)
  server = await startConsole(own.databaseUrl, {
    IU_ORIGIN: ORIGIN, IU_OIDC_ISSUER: provider.issuer, IU_OIDC_CLIENT_ID: CLIENT.id, IU_OIDC_CLIENT_SECRET: CLIENT.secret, IU_OIDC_NAME: 'Example sign-on',
  })
}, 120_000)
afterAll(async () => {
  await server?.stop()
  await provider?.stop()
})
beforeEach(() => {
  provider.asked.length = 0
  provider.refused.length = 0
})

const ask = (path: string, cookie = '') => raw(server.url, { path, headers: { host: 'console.example.org', accept: 'text/html', ...(cookie ? { cookie } : {}) } })
const cookiesOf = ({ headers }: RawAnswer) => (headers['set-cookie'] ?? []).map(text => text.split(';')[0]!)
const sessionOf = (answer: RawAnswer) => cookiesOf(answer).find(text => text.startsWith(SESSION) && text.length > SESSION.length + 20)

/** To the provider and back to the door: the address to come back to, and the cookies until then. */
async function begin(claims: Claims, to = '/templates') {
  provider.next = claims
  const left = await ask(`/api/session/oidc?to=${encodeURIComponent(to)}`)
  expect([left.status, left.headers.location?.startsWith(`${provider.issuer}/authorize?`)]).toEqual([302, true])
  const back = new URL((await fetch(left.headers.location!, { redirect: 'manual' })).headers.get('location')!)
  expect(back.origin).toBe(ORIGIN)
  return { back, cookie: cookiesOf(left).join('; '), left }
}
const come = ({ back, cookie }: { back: URL, cookie: string }) => ask(back.pathname + back.search, cookie)

/** What somebody of the provider's says about himself. */
const claimsOf = (email: string, more: Partial<NonNullable<Claims>> = {}) => ({ sub: randomUUID(), email, email_verified: true, name: 'Somebody', ...more })
/** An answer that let nobody in. */
function expectRefused(answer: RawAnswer) {
  expect(answer.status).toBe(302)
  expect(answer.headers.location).toMatch(/^(https:\/\/console\.example\.org)?\/sign-in\?.*error=/)
  expect(sessionOf(answer)).toBeUndefined()
}
/** What the audit has of the sign-in before. */
const lastSignIn = async () =>
  (await sql`select outcome, who, detail from console.audit_entry where kind = 'sign_in' order by id desc limit 1`.execute(own.db)).rows[0]
async function added(more: { disabled?: boolean } = {}) {
  const email = `${randomUUID()}@example.org`
  const id = await addPerson(own.db, { email, role: 'operator' })
  if (more.disabled) await sql`update console.person set disabled_at = now() where id = ${id}::uuid`.execute(own.db)
  return { id, email }
}

describe('sign-in through an identity provider', () => {
  test('of a person an administrator has added: with a state and a PKCE challenge, to where one came from, on record', async () => {
    const { email } = await added()
    const answer = await come(await begin(claimsOf(email), '/templates?status=current'))
    expect([answer.status, answer.headers.location?.replace(ORIGIN, '')]).toEqual([302, '/templates?status=current'])
    const [asked] = provider.asked
    expect(Object.fromEntries(asked!)).toMatchObject({
      response_type: 'code', client_id: CLIENT.id, redirect_uri: `${ORIGIN}/api/session/callback/oidc`, code_challenge_method: 'S256',
      state: expect.stringMatching(/^.{20,}$/), code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    })
    const me = await ask('/api/session', sessionOf(answer))
    expect(JSON.parse(me.body)).toMatchObject({ name: email, role: 'operator' })
    const { rows } = await sql`select outcome, detail from console.audit_entry where kind = 'sign_in' and who = ${email}`.execute(own.db)
    expect(rows).toEqual([{ outcome: 'ok', detail: { by: 'oidc' } }])
    expect((await get({ fetch: path => fetch(server.url + path) }, '/api/session/ways')).body).toEqual({ is_set_up: true, oidc: 'Example sign-on' })
  })

  test('twice is the same person', async () => {
    const { email, id } = await added()
    const claims = claimsOf(email)
    for (let n = 0; n < 2; n += 1) expect(sessionOf(await come(await begin(claims)))).toBeDefined()
    const { rows } = await sql`select provider_id from console.sign_in_method where person_id = ${id}::uuid order by 1`.execute(own.db)
    expect(rows).toEqual([{ provider_id: 'credential' }, { provider_id: 'oidc' }])
  })

  test('goes by the provider\'s number of a person: a new address there changes nobody here, somebody else\'s neither', async () => {
    const [one, other] = [await added(), await added()]
    const { sub } = claimsOf(one.email)
    expect(sessionOf(await come(await begin(claimsOf(one.email, { sub }))))).toBeDefined()
    for (const email of [`${randomUUID()}@example.org`, other.email]) {
      const answer = await come(await begin(claimsOf(email, { sub, name: 'Another name' })))
      expect(JSON.parse((await ask('/api/session', sessionOf(answer))).body)).toMatchObject({ id: one.id, name: one.email, role: 'operator' })
    }
    const { rows } = await sql`select person_id, account_id from console.sign_in_method where provider_id = 'oidc' and person_id in (${one.id}::uuid, ${other.id}::uuid)`.execute(own.db)
    expect(rows).toEqual([{ person_id: one.id, account_id: sub }])
  })

  test('of somebody else, whom the provider has given the address of a person who was here, is refused, and on record', async () => {
    const { email, id } = await added()
    await come(await begin(claimsOf(email)))
    const answer = await come(await begin(claimsOf(email)))
    expectRefused(answer)
    expect(answer.headers.location).toContain('error=unable_to_link_account')
    expect((await sql`select from console.sign_in_method where provider_id = 'oidc' and person_id = ${id}::uuid`.execute(own.db)).rows).toHaveLength(1)
    expect(await lastSignIn()).toEqual({ outcome: 'refused', who: null, detail: { by: 'oidc', why: 'unable_to_link_account' } })
  })

  test('leaves nothing of what the provider gave out: no answer, no page, no log line and no row has it', async () => {
    const { email, id } = await added()
    provider.given.length = 0
    const begun = await begin(claimsOf(email))
    const answer = await come(begun)
    const [accessToken, refreshToken, idToken, ...more] = provider.given
    expect([accessToken, refreshToken, idToken?.split('.').length, more]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^[0-9a-f-]{36}$/), 3, []])
    const texts: Record<string, string> = { 'the way there': JSON.stringify(begun.left), 'the way back': JSON.stringify(answer), 'the log': server.logs }
    for (const path of ['/api/session', '/api/account', '/api/shell', '/', '/account', '/templates']) {
      const { status, headers, body } = await ask(path, sessionOf(answer))
      expect([path, status]).toEqual([path, 200])
      texts[path] = JSON.stringify([headers, body])
    }
    // The administrator sees no more of it.
    for (const path of ['/api/people', '/api/audit', '/api/audit/export']) texts[path] = await (await own.fetch(path)).text()
    const secrets = [accessToken!, refreshToken!, idToken!, idToken!.split('.')[1]!, idToken!.split('.')[2]!, CLIENT.secret]
    for (const [where, text] of Object.entries(texts)) for (const secret of secrets) expect(text.includes(secret), where).toBe(false)

    const { rows: [kept] } = await sql`
      select access_token, refresh_token, id_token, access_token_expires_at, refresh_token_expires_at
      from console.sign_in_method where person_id = ${id}::uuid and provider_id = 'oidc'`.execute(own.db)
    expect(new Set(Object.values(kept as object))).toEqual(new Set([null]))
  })

  test('begins with a click: the page alone asks nobody and makes no session', async () => {
    const before = (await accounts(own.db)).session
    const opened = ['/sign-in', '/sign-in?to=/templates', '/', '/templates', '/set-up', '/api/session', '/api/session/ways']
    for (const path of opened) {
      const answer = await ask(path)
      expect([path, answer.headers['set-cookie'] ?? []]).toEqual([path, []])
      expect(answer.headers.location ?? '/sign-in', path).toMatch(/^\/sign-in/)
    }
    expect(provider.asked).toEqual([])
    expect((await accounts(own.db)).session).toEqual(before)
  })

  test('that another site begins goes to the sign-in page first', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const answer = await raw(server.url, { path: '/api/session/oidc?to=/gates', headers: { 'host': 'console.example.org', 'accept': 'text/html', 'sec-fetch-site': site } })
      expect([answer.status, answer.headers.location, answer.headers['set-cookie']]).toEqual([302, '/sign-in?to=%2Fgates', undefined])
    }
  })

  test('keeps its state in a cookie for this host alone, over TLS, for five minutes, which no script reads', async () => {
    const { left } = await begin(claimsOf(emailOf('viewer')))
    const given = left.headers['set-cookie']!
    expect(given.length).toBeGreaterThan(0)
    for (const text of given) {
      const [cookie, ...attributes] = text.split('; ')
      expect(cookie).toMatch(/^__Host-iu-(oauth-)?state=/)
      expect(attributes.map(attribute => attribute.toLowerCase()).sort()).toEqual(['httponly', 'max-age=300', 'path=/', 'samesite=lax', 'secure'])
    }
    expect(sessionOf(left)).toBeUndefined()
  })

  test('of somebody who was not added is refused, and nobody is made of it', async () => {
    const before = await accounts(own.db)
    expectRefused(await come(await begin(claimsOf('stranger@example.org'))))
    expect(await accounts(own.db)).toEqual(before)
  })

  test('with an address that the provider has not verified is refused', async () => {
    const { email, id } = await added()
    expectRefused(await come(await begin(claimsOf(email, { email_verified: false }))))
    const { rows } = await sql`select from console.sign_in_method where person_id = ${id}::uuid and provider_id = 'oidc'`.execute(own.db)
    expect(rows).toEqual([])
  })

  test('of a disabled person is refused', async () => {
    const { email } = await added({ disabled: true })
    const answer = await come(await begin(claimsOf(email)))
    expectRefused(answer)
    expect((await ask(answer.headers.location!.replace(ORIGIN, ''))).body).toContain('You may not use this console at present.')
    expect(await lastSignIn()).toEqual({ outcome: 'refused', who: null, detail: { by: 'oidc', why: 'not_let_in' } })
  })

  test('that an address says was refused is not on record as that', async () => {
    const kept = async () => (await sql`select from console.audit_entry`.execute(own.db)).rows.length
    const before = await kept()
    const { back, ...begun } = await begin(null)
    back.searchParams.set('error', 'signup_disabled')
    expectRefused(await come({ back, ...begun }))
    expect(await kept()).toBe(before)
  })

  test('that the person did not agree to ends at the sign-in page, which says so', async () => {
    const answer = await come(await begin(null))
    expectRefused(answer)
    const page = await ask(answer.headers.location!.replace(ORIGIN, ''))
    expect(page.status).toBe(200)
    expect(page.body).toMatch(/role="alert"[^>]*>\s*Signing in elsewhere did not work\. The sign-in was refused/)
  })
})

describe('what came back from the provider', () => {
  test('to another browser is refused: the state belongs to the one that left', async () => {
    const { email } = await added()
    const begun = await begin(claimsOf(email))
    expectRefused(await come({ ...begun, cookie: '' }))
    const other = await begin(claimsOf(email))
    expectRefused(await come({ back: begun.back, cookie: other.cookie }))
  })

  test.each(['changed', 'missing', 'empty'])('with a state that is %s is refused', async (how) => {
    const { email } = await added()
    const begun = await begin(claimsOf(email))
    if (how === 'changed') begun.back.searchParams.set('state', `x${begun.back.searchParams.get('state')!.slice(1)}`)
    else if (how === 'missing') begun.back.searchParams.delete('state')
    else begun.back.searchParams.set('state', '')
    expectRefused(await come(begun))
  })

  test('a second time is refused', async () => {
    const { email } = await added()
    const begun = await begin(claimsOf(email))
    expect(sessionOf(await come(begun))).toBeDefined()
    expectRefused(await come(begun))
  })

  test('with the code of another sign-in is refused: its PKCE challenge was another', async () => {
    const { email } = await added()
    const victim = await begin(claimsOf(email))
    const attacker = await begin(claimsOf(email))
    attacker.back.searchParams.set('code', victim.back.searchParams.get('code')!)
    expectRefused(await come(attacker))
    expect(provider.refused).toEqual(['invalid_grant'])
  })

  test('with a code that was made up is refused', async () => {
    const begun = await begin(claimsOf('stranger@example.org'))
    begun.back.searchParams.set('code', 'made-up')
    expectRefused(await come(begun))
  })

  test('that is nonsense is refused, and never a fault', async () => {
    for (const query of ['', '?code=x', '?state=x', '?code=x&state=x', '?error=<script>alert(1)</script>', '?error=server_error&error_description=%00', '?code=a&code=b&state=a&state=b']) {
      const answer = await ask(`/api/session/callback/oidc${query}`)
      expect(answer.status, query).toBeLessThan(500)
      expect(sessionOf(answer), query).toBeUndefined()
      expect(answer.body, query).not.toContain('<script>alert')
    }
  })
})

describe('where it leads', () => {
  test.each(['//example.com', 'https://example.com/', '/\\example.com', 'javascript:alert(1)', 'example.com', '/\n/example.com'])('not to %s', async (to) => {
    const answer = await ask(`/api/session/oidc?to=${encodeURIComponent(to)}`)
    expect(answer.status).toBe(400)
    expect(answer.headers.location).toBeUndefined()
    const page = await ask(`/sign-in?to=${encodeURIComponent(to)}`)
    expect(page.body).toContain('href="/api/session/oidc?to=%2F"')
  })

  test('with words that a link may have brought along, it shows none of them', async () => {
    const { body } = await ask(`/sign-in?error=${encodeURIComponent('Call 555 now')}&error_description=${encodeURIComponent('Call 555 now')}`)
    expect(body).toMatch(/role="alert"[^>]*>\s*Signing in elsewhere did not work\. Try again\./)
    expect(body.replace(/<script[\s\S]*?<\/script>/g, '')).not.toContain('Call 555')
  })

  test('nowhere, without a provider', async () => {
    for (const path of ['/api/session/oidc', '/api/session/callback/oidc?code=x&state=x']) {
      expect((await raw(own.url, { path })).status).toBe(404)
    }
  })

  test.each(['signature', 'issuer', 'audience', 'nonce'] as const)('with an ID token whose %s is wrong: nobody gets in', async (wrong) => {
    const { email } = await added()
    const begun = await begin(claimsOf(email))
    provider.wrong = wrong
    try {
      const answer = await come(begun)
      expect([answer.status, answer.headers.location?.replace(ORIGIN, '')]).toEqual([302, expect.stringMatching(/^\/sign-in\?.*error=/)])
      expect(sessionOf(answer)).toBeUndefined()
    }
    finally {
      provider.wrong = null
    }
  })

  test('to a provider that tells no keys: its word is not taken on trust', async () => {
    provider.keyless = true
    const alone = await startConsole(own.databaseUrl, { IU_OIDC_ISSUER: provider.issuer, IU_OIDC_CLIENT_ID: CLIENT.id, IU_OIDC_CLIENT_SECRET: CLIENT.secret })
    try {
      const answer = await raw(alone.url, { path: '/api/session/oidc' })
      expect([answer.status, answer.headers.location]).toEqual([302, '/sign-in?error=provider_unavailable'])
    }
    finally {
      provider.keyless = false
      await alone.stop()
    }
  })

  test('to a provider that takes the call and never answers: only the way through it waits, and not for long', async () => {
    const silent = createServer()
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    const calls = new Set<Socket>()
    silent.on('connection', socket => calls.add(socket))
    const { port } = silent.address() as AddressInfo
    const alone = await startConsole(own.databaseUrl, { IU_OIDC_ISSUER: `http://127.0.0.1:${port}`, IU_OIDC_CLIENT_ID: 'x', IU_OIDC_CLIENT_SECRET: 'y' })
    const timed = async <Result>(work: Promise<Result>) => {
      const started = performance.now()
      return { result: await work, ms: performance.now() - started }
    }
    try {
      const leaving = timed(raw(alone.url, { path: '/api/session/oidc' }))
      const way = await timed(signIn(alone.url, emailOf('viewer')))
      const look = await timed(raw(alone.url, { path: '/api/session', headers: { cookie: way.result } }))
      expect(look.result.status).toBe(200)
      expect(Math.max(way.ms, look.ms)).toBeLessThan(3_000)
      const left = await leaving
      expect(calls.size).toBeGreaterThan(0)
      expect([left.result.status, left.result.headers.location]).toEqual([302, '/sign-in?error=provider_unavailable'])
      expect(left.ms).toBeLessThan(10_000)
    }
    finally {
      for (const call of calls) call.destroy()
      silent.close()
      await alone.stop()
    }
  })

  test('to a provider that falls silent while somebody is there: back to the sign-in page, which says so', async () => {
    const { email } = await added()
    const begun = await begin(claimsOf(email))
    provider.silent = true
    try {
      const started = performance.now()
      const answer = await come(begun)
      expect([answer.status, answer.headers.location]).toEqual([302, '/sign-in?error=provider_unavailable'])
      expect(performance.now() - started).toBeLessThan(10_000)
    }
    finally {
      provider.silent = false
    }
    expect(sessionOf(await come(await begin(claimsOf(email))))).toBeDefined()
  })

  test('to a provider that is away: an answer, and no fault', async () => {
    const alone = await startConsole(own.databaseUrl, { IU_OIDC_ISSUER: 'http://127.0.0.1:1', IU_OIDC_CLIENT_ID: 'x', IU_OIDC_CLIENT_SECRET: 'y' })
    try {
      const answer = await raw(alone.url, { path: '/api/session/oidc' })
      expect([answer.status, answer.headers.location]).toEqual([302, '/sign-in?error=provider_unavailable'])
      const page = await raw(alone.url, { path: answer.headers.location!, headers: { accept: 'text/html' } })
      expect(page.body).toContain('It cannot be reached at the moment')
      // Whoever has a password is not kept out by that.
      expect((await raw(alone.url, { path: '/api/session', headers: { cookie: await signIn(alone.url, emailOf('viewer')) } })).status).toBe(200)
    }
    finally {
      await alone.stop()
    }
  })
})

import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { PASSWORD } from '../helpers/people'
import { secretOf, totp } from '../helpers/totp'
import { waitFor } from '../helpers/wait'
import { raw } from './raw'
import { READING, addressOf } from './routes'
import { halfSignedIn, withSecondFactor } from './second-factor'
import { ask, browser, get, orchestration, post, somebody } from './support'

const SECRET = 'canary-of-the-secret-that-signs-cookies'
const DATABASE_PASSWORD = 'canary-in-the-connection-string'
const OIDC_SECRET = 'canary-of-the-identity-provider'
const NEW = 'canary-walnut-harbour-77'
const TYPED = 'canary-that-was-typed-and-is-wrong'

const own = useConsole('demo', {
  password: DATABASE_PASSWORD,
  env: { IU_SECRET: SECRET, IU_OIDC_ISSUER: 'http://127.0.0.1:1', IU_OIDC_CLIENT_ID: 'console', IU_OIDC_CLIENT_SECRET: OIDC_SECRET },
})

/** Everything that was answered, with the request it came for. */
const answered: { to: string, text: string }[] = []
const nobody = { fetch: (path: string, init?: RequestInit) => own.fetchAs(null, path, init) }
const secrets: Record<string, string> = {
  'the password': PASSWORD, 'the new password': NEW, 'what was typed': TYPED, 'IU_SECRET': SECRET, 'the database\'s password': DATABASE_PASSWORD, 'the provider\'s secret': OIDC_SECRET,
}

/** Asks and keeps the answer. */
async function note(to: string, asked: Promise<{ body: unknown }>) {
  const { body } = await asked
  answered.push({ to, text: typeof body === 'string' ? body : JSON.stringify(body) })
}

beforeAll(async () => {
  const person = await withSecondFactor(own)
  const half = await halfSignedIn(own, person.email)
  const code = totp(person.uri, 1)
  const signedIn = await post(browser(own, half), '/api/session/second-factor', { code })
  if (signedIn.status !== 200) throw new Error(JSON.stringify(signedIn.body))
  const administrator = await somebody(own, 'administrator')
  const made = await post(administrator, '/api/account/tokens', { name: 'a script', role: 'administrator' })
  const invited = await post(administrator, '/api/people', { email: 'invited@example.org', name: 'Invited', role: 'viewer' })
  Object.assign(secrets, {
    'the secret of the authenticator app': new URL(person.uri).searchParams.get('secret')!,
    'the same out of its Base32': secretOf(person.uri).toString(),
    'a backup code': person.backupCodes[0]!,
    'the session': decodeURIComponent(administrator.cookie.split('=')[1]!).split('.')[0]!,
    'the token': made.body.token,
    'the link': String(invited.body.link).split('#')[1]!,
  })

  // All of them are used, rightly and wrongly.
  await note('a wrong password', post(nobody, '/api/session', { email: administrator.email, password: TYPED }))
  await note('a password as a name', post(nobody, '/api/session', { email: `${TYPED}@example.org`, password: TYPED }))
  await note('a wrong body', post(nobody, '/api/session', { email: 'x', password: TYPED, [TYPED]: TYPED }).then(({ body: { error: { message: _, fields: _f, field: _n, ...rest } } }) => ({ body: rest })))
  await note('a wrong code', post(browser(own, half), '/api/session/second-factor', { code: person.backupCodes[1]!.slice(0, 6) }))
  await note('a wrong link', post(nobody, '/api/set-up/check', { token: TYPED }))
  await note('the link', post(nobody, '/api/set-up/check', { token: secrets['the link'] }))
  await note('the set-up', post(nobody, '/api/set-up', { token: secrets['the link'], email: 'invited@example.org', name: 'Invited', password: NEW }))
  await note('a wrong present password', ask(administrator, 'PUT', '/api/account/password', { current_password: TYPED, new_password: NEW }))
  await note('to the provider', own.fetchAs(null, '/api/session/oidc').then(async answer => ({ body: `${answer.headers.get('location')} ${await answer.text()}` })))
  await note('back from the provider', own.fetchAs(null, `/api/session/callback/oidc?code=${TYPED}&state=${TYPED}`).then(async answer => ({ body: await answer.text() })))
  await note('a token in the address', raw(own.url, { path: `/api/shell?token=${secrets['the token']}` }))
  await note('a wrong token', raw(own.url, { path: '/api/shell', headers: { authorization: `Bearer ${TYPED}-${TYPED}` } }))
  await note('a preview', post(administrator, '/api/orchestrations/preview', await orchestration(own.db)))
  const asToken = { fetch: (path: string, init?: RequestInit) => own.fetchAs(null, path, { ...init, headers: { ...init?.headers as object, authorization: `Bearer ${secrets['the token']}` } }) }
  await note('a preview by token', post(asToken, '/api/orchestrations/preview', await orchestration(own.db)))

  for (const { file, asked } of READING) {
    for (const { params, query } of (await asked?.(own.db) ?? [{}]).slice(0, 5)) {
      const path = addressOf(file, params).path + (query ? `?${query}` : '')
      answered.push({ to: path, text: await (await administrator.fetch(path)).text() })
    }
  }
  for (const path of ['/', '/templates', '/gates', '/runs', '/health', '/sign-in', '/set-up', '/no-such-page', `/sign-in?to=/x`]) {
    answered.push({ to: path, text: await (await administrator.fetch(path, { headers: { accept: 'text/html' } })).text() })
    answered.push({ to: `${path}, as nobody`, text: await (await nobody.fetch(path, { headers: { accept: 'text/html' } })).text() })
  }
  // A fault, with its stack in the log.
  await sql`alter view console.v_audit rename to v_kept_aside`.execute(own.db)
  await sql`create view console.v_audit as select v.*, 1 / (length(v.id) * 0) as fault from console.v_kept_aside v`.execute(own.db)
  await note('a fault', get(administrator, '/api/audit'))
  await sql`drop view console.v_audit`.execute(own.db)
  await sql`alter view console.v_kept_aside rename to v_audit`.execute(own.db)
}, 120_000)

let log: string
beforeAll(async () => {
  await waitFor('The log', async () => own.logs.includes('"status":500'), { patience: 10_000 })
  log = own.logs
})
afterAll(() => answered.splice(0))

test('all of them were there to be found', () => {
  expect(Object.entries(secrets).filter(([, secret]) => !secret || secret.length < 8)).toEqual([])
  expect(Object.keys(secrets)).toHaveLength(12)
  expect(answered.length).toBeGreaterThan(60)
  expect(answered.find(({ to }) => to === 'a fault')!.text).toContain('internal_error')
})

test('no answer and no page holds a secret', () => {
  const found = Object.entries(secrets).flatMap(([what, secret]) => answered.filter(({ text }) => text.includes(secret)).map(({ to }) => `${what} in the answer to ${to}`))
  expect(found).toEqual([])
})

test('no log line holds a secret', () => {
  expect(Object.entries(secrets).filter(([, secret]) => log.includes(secret)).map(([what]) => what)).toEqual([])
})

test('no row of audit, runs or accounts holds a secret as it is', async () => {
  const { rows } = await sql<{ name: string, text: string }>`
    select 'audit' as name, a::text as text from console.audit_entry a union all select 'runs', r::text from public.dot_iu_command_run r
    union all select 'ways in', m::text from console.sign_in_method m union all select 'second factor', f::text from console.second_factor f
    union all select 'links', i::text from console.invitation i union all select 'tokens', t::text from console.token t
    union all select 'attempts', s::text from console.sign_in_attempt s union all select 'people', p::text from console.person p`.execute(own.db)
  // The library finds a session by its token, so that one stands there as it is.
  const kept = Object.entries(secrets).filter(([what]) => what !== 'the session')
  expect(kept.flatMap(([what, secret]) => rows.filter(({ text }) => text.includes(secret)).map(({ name }) => `${what} in ${name}`))).toEqual([])
  expect(rows.filter(({ name }) => name === 'audit').length).toBeGreaterThan(5)
})

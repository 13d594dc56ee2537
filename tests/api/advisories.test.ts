/**
 * Holes that were found in what the console is built on and in consoles like it, each tried here. Where an advisory is about
 * something that is not used here (route rules, islands, cached pages), its test shows that it is not.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { startConsole } from '../helpers/console'
import { PASSWORD, emailOf } from '../helpers/people'
import { raw, rawBytes } from './raw'
import { accounts, ask, get, post, somebody, world } from './support'

const own = useConsole()
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DATA = /tpl:|onboarding|iu-core|iu_core\.|example\.org/
const nobody = { fetch: (path: string, init?: RequestInit) => own.fetchAs(null, path, init) }
const filesOf = (folder: string) => readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' })

/** Asks as nobody, and expects to learn nothing. */
async function expectNothing(path: string, headers: Record<string, string> = {}) {
  const answer = await raw(own.url, { path, headers: { accept: 'text/html', ...headers } })
  // Where islands are off, Nuxt answers for them with 204 and nothing.
  if (answer.status === 204) expect(answer.body, path).toBe('')
  else expect(answer.status, path).toBeGreaterThanOrEqual(300)
  expect(answer.status, path).toBeLessThan(500)
  expect(answer.body, path).not.toMatch(DATA)
  return answer
}

const bytes = (text: string) => rawBytes(own.url, text)
const answersIn = (text: string) => [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))

beforeEach(async () => {
  await sql`delete from console.sign_in_attempt`.execute(own.db)
})

describe('Nuxt', () => {
  test.each(['/Templates', '/TEMPLATES', '/gAtes', '/Runs', '/API/templates', '/Api/people'])('CVE-2026-53721: other letter case leads past no guard (%s)', async (path) => {
    await expectNothing(path)
  })

  test('CVE-2026-53721, CVE-2026-44373: no route rule decides about access, or proxies, or caches', () => {
    expect(readFileSync(`${ROOT}/nuxt.config.ts`, 'utf8')).not.toMatch(/routeRules|\bproxy\b|\bswr\b|\bisr\b|\bcache\b|prerender/)
    for (const folder of ['pages', 'app', 'components', 'server']) {
      for (const file of filesOf(folder).filter(name => /\.(vue|ts)$/.test(name))) {
        expect(readFileSync(`${ROOT}/${folder}/${file}`, 'utf8'), file).not.toMatch(/defineRouteRules|defineCachedEventHandler|defineCachedFunction|cachedEventHandler/)
      }
    }
  })

  test('CVE-2026-47200: no page and no component is an island, so none is reached past its guard', async () => {
    expect([...filesOf('pages'), ...filesOf('components')].filter(file => /\.server\.vue$|islands\//.test(file))).toEqual([])
    expect(readFileSync(`${ROOT}/nuxt.config.ts`, 'utf8')).toContain('componentIslands: false')
    for (const name of ['page_templates', 'page_index', 'page_people', 'PageTemplates']) {
      for (const path of [`/__nuxt_island/${name}`, `/__nuxt_island/${name}_abc.json`, `/__nuxt_island/${name}_abc?props=%7B%7D`]) await expectNothing(path)
    }
  })

  test('GHSA-hxvh-4h3w-prp9, CVE-2026-114131, as the class "props of server islands": props that bring a template are not rendered', async () => {
    const props = encodeURIComponent(JSON.stringify({ template: '{{ 7 * 191 }}', is: 'script', innerHTML: '<script>island()</script>' }))
    for (const name of ['NuxtWelcome', 'ErrorComponent', 'AppShell_abc', 'x']) {
      const { body } = await expectNothing(`/__nuxt_island/${name}.json?props=${props}`)
      // The way to the sign-in names the address, encoded; neither was computed nor is it markup.
      expect(body).not.toMatch(/1337|<script>island/)
    }
    expect(readFileSync(`${ROOT}/nuxt.config.ts`, 'utf8')).not.toContain('runtimeCompiler')
  })

  test('CVE-2026-114133, as the class "payload of another person": what a page sends as payload is never kept, and never another\'s', async () => {
    const asViewer = await somebody(own, 'viewer')
    const asAdministrator = await somebody(own, 'administrator')
    for (const path of ['/', '/templates', '/_payload.json', '/templates/_payload.json', '/templates?/_payload.json']) {
      const answers = await Promise.all([asViewer, asAdministrator, nobody, asViewer].map(async asker => (await asker.fetch(path))))
      const texts = await Promise.all(answers.map(answer => answer.text()))
      for (const answer of answers) expect(answer.headers.get('cache-control') ?? '', path).not.toMatch(/public|s-maxage|stale|max-age=[1-9]/)
      expect(texts[0], path).not.toContain(asAdministrator.email)
      expect(texts[1], path).not.toContain(asViewer.email)
      expect(texts[2], path).not.toMatch(DATA)
    }
  })

  test('CVE-2026-45669, as the class "redirect to another site": a way back leads into this console', async () => {
    for (const to of ['//example.com', '/\\example.com', 'https://example.com', 'javascript:alert(1)', '\\\\example.com', '/%5cexample.com', '/\t/example.com', '%2f%2fexample.com', ' //example.com']) {
      const page = await raw(own.url, { path: `/sign-in?to=${encodeURIComponent(to)}`, headers: { accept: 'text/html' } })
      expect([200, 302], to).toContain(page.status)
      if (page.headers.location) expect(page.headers.location, to).toMatch(/^\/(?![/\\])/)
      expect(page.body, to).not.toMatch(/http-equiv="refresh"|(href|action|src)="(\/\/|\/\\|https:\/\/|javascript:)[^"]*(example|alert)/i)
    }
    for (const path of ['//example.com', '//example.com/%2e%2e', '/\\example.com', '///example.com/templates', '//example.com//templates/']) {
      const { headers } = await raw(own.url, { path, headers: { accept: 'text/html' } })
      if (headers.location) expect(headers.location, path).toMatch(/^\/(?![/\\])/)
    }
  })

  test('CVE-2025-27415: a query that looks like a payload gets the page, not its payload, and no cache keeps either', async () => {
    const person = await somebody(own)
    for (const path of ['/?/_payload.json', '/templates?/_payload.json', '/templates?x=/_payload.json', '/?_payload.json']) {
      const answer = await person.fetch(path, { headers: { accept: 'text/html' } })
      expect([path, answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([path, 200, 'text/html;charset=utf-8', 'no-store'])
    }
  })
})

describe('h3 and Nitro', () => {
  const host = () => `Host: ${new URL(own.url).host}`
  const SMUGGLED = 'GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n'

  test.each(['chunked', 'ChuNked', 'CHUNKED', 'chunked, identity', 'identity, chunked', ' chunked', 'xchunked'])('CVE-2026-23527: a body of transfer-encoding "%s" is not taken, whatever its letters', async (coding) => {
    const before = [await world(own.db), await accounts(own.db)]
    const answer = await bytes(`PUT /api/gates/iu_core.composer_enabled HTTP/1.1\r\n${host()}\r\nAuthorization: Bearer ${own.tokens.administrator}\r\nContent-Type: application/json\r\nTransfer-Encoding: ${coding}\r\nConnection: close\r\n\r\n2b\r\n{"open":true,"actor":"a","reason":"because"}\r\n0\r\n\r\n`)
    for (const status of answersIn(answer)) expect([400, 411, 501]).toContain(status)
    expect([await world(own.db), await accounts(own.db)]).toEqual(before)
  })

  test.each([
    ['length and chunks', `Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`],
    ['chunks in odd letters, and a length', `Transfer-Encoding: ChUnKeD\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`],
    ['two lengths', `Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
    ['a blank before the colon', `Transfer-Encoding : chunked\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
  ])('CVE-2026-23527: no second request hides in the body of a first: %s', async (_what, rest) => {
    const answer = await bytes(`POST /api/session HTTP/1.1\r\n${host()}\r\nContent-Type: application/json\r\n${rest}`)
    expect(answer).not.toContain('"status":"ok"')
    expect(answersIn(answer).filter(status => status < 400)).toEqual([])
  })

  test('CVE-2026-33128: there is no stream of server-sent events to put lines into', async () => {
    for (const file of filesOf('server').filter(name => name.endsWith('.ts'))) {
      expect(readFileSync(`${ROOT}/server/${file}`, 'utf8'), file).not.toMatch(/createEventStream|EventStream|text\/event-stream/)
    }
    for (const path of ['/api/events', '/api/events/newer', '/api/session/ways']) {
      const { headers } = await raw(own.url, { path, headers: { accept: 'text/event-stream', authorization: `Bearer ${own.tokens.viewer}` } })
      expect(headers['content-type'], path).toMatch(/^application\/json/)
    }
  })

  test('CVE-2026-33128, as the class "line breaks in headers": what is sent does not become a header of the answer', async () => {
    for (const path of ['/sign-in?to=/%0d%0aSet-Cookie:%20a=b', '/%0d%0aSet-Cookie:%20a=b', '/api/%0d%0aSet-Cookie:%20a=b', '/api/session/oidc?to=/%0d%0aSet-Cookie:%20a=b']) {
      const { headers } = await raw(own.url, { path })
      expect(headers['set-cookie'] ?? [], path).toEqual([])
    }
  })

  test('CVE-2026-44373: encoded dot segments lead out of no folder and no scope', async () => {
    for (const path of ['/api/health/..%2ftemplates', '/api/health/..%2f..%2ftemplates', '/api/session/ways/..%2f..%2fpeople', '/api/health/%2e%2e%2fpeople', '/_nuxt/..%2f..%2fserver%2findex.mjs', '/_nuxt/%2e%2e/%2e%2e/package.json', '/..%2f..%2fpackage.json', '/favicon.svg/..%2f..%2fapi%2fpeople']) {
      const { body } = await expectNothing(path)
      expect(body, path).not.toContain('"dependencies"')
    }
  })
})

describe('consoles like this one', () => {
  test('Argo CD CVE-2024-21662: many invented names do not make the console forget who is over the limit', { timeout: 120_000 }, async () => {
    const { email } = await somebody(own)
    for (let n = 0; n < 10; n += 1) await post(nobody, '/api/session', { email, password: 'wrong' })
    await sql`select console.fn_sign_in_admit(encode(sha256(n::text::bytea), 'hex'), 'address ' || n) from generate_series(1, 10000) n`.execute(own.db)
    expect((await post(nobody, '/api/session', { email, password: PASSWORD })).status).toBe(429)
  })

  test('Argo CD CVE-2024-21652: neither a restart nor a crash makes the console forget who is over the limit', { timeout: 120_000 }, async () => {
    const { email } = await somebody(own)
    for (let n = 0; n < 10; n += 1) await post(nobody, '/api/session', { email, password: 'wrong' })
    const another = await startConsole(own.databaseUrl)
    try {
      expect((await post({ fetch: another.fetch }, '/api/session', { email, password: PASSWORD })).status).toBe(429)
    }
    finally {
      await another.stop()
    }
  })

  test('Argo CD CVE-2025-55190: no answer to anybody holds a password hash, a secret or a token, the administrator\'s neither', async () => {
    const person = await somebody(own, 'administrator')
    const { body: { token } } = await post(person, '/api/account/tokens', { name: 'a script', role: 'viewer' })
    const { rows } = await sql<{ secret: string }>`
      select password as secret from console.sign_in_method where password is not null union select token from console.session
      union select token_hash from console.token union select token_hash from console.invitation`.execute(own.db)
    const secrets = [...rows.map(({ secret }) => secret), token, new URL(own.databaseUrl).password].filter(Boolean)
    for (const path of ['/api/people', '/api/account', '/api/audit', '/api/audit/export', '/api/shell', '/api/session', '/api/health/report', '/api/conformance', '/api/runs', '/api/runs/export', '/', '/gates']) {
      const text = await (await person.fetch(path)).text()
      for (const secret of secrets) expect(text.includes(secret), path).toBe(false)
    }
  })

  test('Directus GHSA-56p6-qw3c-fq2g: a session or a token of somebody who was suspended opens nothing, before it expires', async () => {
    const person = await somebody(own, 'operator')
    const { body: { token } } = await post(person, '/api/account/tokens', { name: 'a script', role: 'operator' })
    const byToken = { fetch: (path: string) => own.fetchAs(null, path, { headers: { authorization: `Bearer ${token}` } }) }
    expect([(await get(person, '/api/templates')).status, (await get(byToken, '/api/templates')).status]).toEqual([200, 200])
    await ask(own, 'PUT', `/api/people/${person.id}`, { role: 'operator', disabled: true })
    expect([(await get(person, '/api/templates')).status, (await get(byToken, '/api/templates')).status]).toEqual([401, 401])
  })

  test('Directus CVE-2026-126539, as the class "a field that a request may not set": nobody gives himself a role, a name on the record or a session', async () => {
    const person = await somebody(own, 'viewer')
    const before = await accounts(own.db)
    for (const [method, path, body] of [
      ['PUT', '/api/account/password', { current_password: PASSWORD, new_password: 'brisk-walnut-harbour-77', role: 'administrator' }],
      ['POST', '/api/account/tokens', { name: 'x', role: 'viewer', person_id: person.id, token_hash: 'x' }],
      ['POST', '/api/session', { email: person.email, password: PASSWORD, role: 'administrator' }],
      ['POST', '/api/set-up', { token: 'x', email: 'a@example.org', name: 'A', password: 'brisk-walnut-harbour-77', role: 'administrator' }],
      ['PUT', `/api/people/${person.id}`, { role: 'administrator', disabled: false }],
    ] as const) expect([path, (await ask(person, method, path, body)).status]).toEqual([path, path.startsWith('/api/people') ? 403 : 400])
    expect(await accounts(own.db)).toEqual(before)
  })

  test('Grafana CVE-2021-39226: no key or id of a record opens it without a sign-in, literal names of parameters neither', async () => {
    const { body: { id } } = await post(own, '/api/rollbacks/preview', { actor: 'somebody', dry_run: true })
    for (const path of [`/api/runs/${id}`, '/api/runs/:id', '/api/runs/%3Aid', '/api/snapshots/:key', '/api/invariants/:key', '/api/templates/:id', `/runs/${id}`, '/runs/:id']) await expectNothing(path)
    for (const method of ['GET', 'DELETE', 'POST']) {
      const { status, headers } = await raw(own.url, { method, path: '/api/runs/:deleteKey' })
      expect(status === 401 || headers.location?.startsWith('/sign-in'), method).toBe(true)
    }
  })

  test('sign-in from a page of another site, or from one whose name was bound to this machine, is refused', async () => {
    const body = JSON.stringify({ email: emailOf('viewer'), password: PASSWORD })
    const { port } = new URL(own.url)
    const from = (headers: Record<string, string>) => raw(own.url, { method: 'POST', path: '/api/session', headers: { 'content-type': 'application/json', ...headers }, body })
    expect((await from({})).status).toBe(200)
    expect((await from({ origin: 'https://example.com' })).status).toBe(403)
    expect((await from({ origin: 'null' })).status).toBe(403)
    expect((await from({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await from({ 'content-type': 'text/plain' })).status).toBe(415)
    expect((await from({ host: `rebound.example.com:${port}`, origin: `http://rebound.example.com:${port}` })).status).toBe(421)
  })
})

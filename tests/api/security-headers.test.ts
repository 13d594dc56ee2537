import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { type Console, startConsole } from '../helpers/console'
import { type RawAnswer, raw, rawBytes } from './raw'
import { somebody } from './support'

const own = useConsole()
const ORIGIN = 'https://console.example.org'
const HTML = { accept: 'text/html' }

let cookie: string
let asset: string
beforeAll(async () => {
  ({ cookie } = await somebody(own, 'administrator'))
  const { body } = await raw(own.url, { path: '/sign-in', headers: HTML })
  asset = /\/_nuxt\/[\w.-]+\.js/.exec(body)![0]
})

/** One answer of each kind. */
const answers = (): Record<string, Promise<RawAnswer>> => ({
  'a page': raw(own.url, { path: '/templates', headers: { ...HTML, cookie } }),
  'the page for anyone': raw(own.url, { path: '/sign-in', headers: HTML }),
  'a redirect': raw(own.url, { path: '/templates', headers: HTML }),
  'a page that is not there': raw(own.url, { path: '/no-such-page', headers: { ...HTML, cookie } }),
  'data': raw(own.url, { path: '/api/templates', headers: { cookie } }),
  'a file': raw(own.url, { path: '/api/templates/export', headers: { cookie } }),
  'a refusal': raw(own.url, { path: '/api/templates' }),
  'an asset': raw(own.url, { path: asset }),
  'an asset that is not there': raw(own.url, { path: '/_nuxt/no-such.js' }),
  'the icon': raw(own.url, { path: '/favicon.svg' }),
})

test('every answer tells the browser what it may not do', async () => {
  for (const [what, asked] of Object.entries(answers())) {
    const { headers } = await asked
    expect({ what, ...headers }).toMatchObject({
      what, 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringMatching(/default-src 'none'.*base-uri 'none'; frame-ancestors 'none'/),
    })
    expect(headers['content-security-policy'], what).not.toMatch(/script-src[^;]*unsafe|\*/)
    expect(Object.keys(headers).filter(name => name.startsWith('access-control-') || name === 'x-powered-by' || name === 'server'), what).toEqual([])
    expect(headers['strict-transport-security'], what).toBeUndefined()
  }
})

test('what may hold data is kept by nobody', async () => {
  const asked = answers()
  for (const what of ['a page', 'the page for anyone', 'a page that is not there', 'data', 'a file', 'a refusal']) {
    expect([what, (await asked[what])!.headers['cache-control']]).toEqual([what, 'no-store'])
  }
  expect((await asked['a redirect'])!.headers['cache-control'] ?? '').not.toMatch(/public|max-age=[1-9]/)
})

test('each page has a nonce of its own, and every script in it that nonce', async () => {
  const nonces = new Set<string>()
  for (const path of ['/templates', '/templates', '/sign-in', '/set-up', '/no-such-page']) {
    const { headers, body } = await raw(own.url, { path, headers: { ...HTML, ...(path === '/sign-in' ? {} : { cookie }) } })
    const nonce = /script-src 'nonce-([^']{22,})' 'strict-dynamic'/.exec(headers['content-security-policy'] as string)?.[1]
    expect(nonce, path).toBeDefined()
    nonces.add(nonce!)
    const scripts = [...body.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag)
    expect(scripts.length, path).toBeGreaterThan(0)
    expect(scripts.filter(tag => !tag.includes(`nonce="${nonce}"`)), path).toEqual([])
    expect(body, path).not.toMatch(/<[a-z]+\b[^>]*\son[a-z]+="/)
  }
  expect(nonces.size).toBe(5)
})

describe('what was sent does not come back', () => {
  const CANARY = 'canary-in-a-header'
  const canaries = { 'x-canary': CANARY, 'authorization': `Bearer ${CANARY}-${CANARY}`, 'user-agent': CANARY, 'via': CANARY, 'max-forwards': '0' }

  test.each(['TRACE', 'OPTIONS', 'PROPFIND', 'SEARCH', 'PURGE', 'M-SEARCH'])('to %s', async (method) => {
    for (const path of ['/', '/sign-in', '/templates', '/api/templates', '/api/health/live', '/api/session', asset, '/favicon.svg', '*']) {
      for (const headers of [canaries, { ...canaries, authorization: `Bearer ${own.tokens.viewer}`, cookie: `${cookie}; other=${CANARY}` }] as Record<string, string>[]) {
        const answer = await raw(own.url, { method, path, headers })
        const whole = JSON.stringify([answer.headers, answer.body])
        for (const sent of [CANARY, own.tokens.viewer, cookie.split('=')[1]!]) expect(whole.includes(sent), path).toBe(false)
        expect(answer.headers['content-type'], path).toMatch(/^(text\/html|application\/json)/)
        expect(answer.status, path).toBeLessThan(500)
        // No data but to GET: what is not a page is not there under another method.
        if (path.startsWith('/api')) expect([401, 404], path).toContain(answer.status)
      }
    }
  })

  test.each(['CONNECT example.org:443', 'CONNECT 127.0.0.1:5432', 'TRACK /', 'DEBUG /', 'trace /', 'TRACE http://example.org/', 'GET http://example.org/'])('to %s, nor is it passed on', async (line) => {
    const { host } = new URL(own.url)
    const answer = await rawBytes(own.url, `${line} HTTP/1.1\r\nHost: ${host}\r\nX-Canary: ${CANARY}\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^(HTTP\/1\.1 (302|400|404|405|501) |$)/)
    expect(answer).not.toContain(CANARY)
  })
})

describe('behind TLS, at an address of its own', () => {
  let server: Console
  beforeAll(async () => {
    server = await startConsole(own.databaseUrl, { IU_ORIGIN: ORIGIN })
  }, 120_000)
  afterAll(() => server?.stop())
  const write = (headers: Record<string, string>) => raw(server.url, {
    method: 'POST', path: '/api/rollbacks/preview', headers: { 'authorization': `Bearer ${own.tokens.administrator}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ actor: 'somebody', dry_run: true }),
  })
  const host = 'console.example.org'

  test('a browser is told to stay with TLS', async () => {
    for (const path of ['/sign-in', '/api/templates', '/favicon.svg']) {
      expect((await raw(server.url, { path, headers: { host } })).headers['strict-transport-security'], path).toBe('max-age=31536000; includeSubDomains')
    }
  })

  test('its own pages may write, others not', async () => {
    expect((await write({ host, 'origin': ORIGIN, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
    for (const origin of ['https://example.org', 'https://console.example.org.example.com', 'https://console.example.org:8443', 'http://example.com', 'null']) {
      expect([origin, (await write({ host, origin })).status]).toEqual([origin, 403])
    }
    for (const site of ['cross-site', 'same-site']) expect((await write({ host, 'origin': ORIGIN, 'sec-fetch-site': site })).status).toBe(403)
    for (const other of ['example.com', 'console.example.org.example.com', '192.0.2.1']) expect([other, (await write({ host: other })).status]).toEqual([other, 421])
  })
})

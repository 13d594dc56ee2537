import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { emailOf, signIn } from '../helpers/people'
import { type RawAnswer, raw } from './raw'
import { ACTING, ANSWERED_BY_PROVIDER, READING, WRITING, addressOf, nameOf } from './routes'
import { accounts, recorded, world } from './support'
import { ROLES, ROUTES, type Role, may } from '#shared/access'

const own = useConsole()
const ANY_ID = '00000000-0000-4000-8000-000000000000'

/** How somebody shows who he is. */
interface Asker { as: string, role: Role | null, token: boolean, headers: () => Record<string, string> }
const cookies: Partial<Record<Role, string>> = {}
beforeAll(async () => {
  for (const role of ROLES) cookies[role] = await signIn(own.url, emailOf(role))
})
const ASKERS: Asker[] = [
  { as: 'nobody', role: null, token: false, headers: () => ({}) },
  ...ROLES.flatMap((role): Asker[] => [
    { as: `${role}, in a browser`, role, token: false, headers: () => ({ cookie: cookies[role]! }) },
    { as: `${role}, by token`, role, token: true, headers: () => ({ authorization: `Bearer ${own.tokens[role]}` }) },
  ]),
]

/** Whether the table of access lets somebody in. */
const isAllowed = (name: keyof typeof ROUTES, { role, token }: Asker) =>
  ROUTES[name] === 'anyone' || (role !== null && may(role, name) && !(ROUTES[name] === 'person' && token))

/** Ways to write an address so that something that looks at paths might miss it. */
const WAYS: Record<string, (path: string, method: string) => { path: string, method?: string }> = {
  'in capitals': path => ({ path: path.toUpperCase() }),
  'with one capital': path => ({ path: path.replace(/\/api\/./, start => start.slice(0, -1) + start.at(-1)!.toUpperCase()) }),
  'with an encoded letter': path => ({ path: path.replace(/\/api\/./, start => `/api/%${start.charCodeAt(5).toString(16)}`) }),
  'with api encoded': path => ({ path: path.replace('/api', '/%61%70%69') }),
  'with a doubled slash': path => ({ path: path.replace('/api/', '/api//') }),
  'beginning with two slashes': path => ({ path: `/${path}` }),
  'with a slash at its end': path => ({ path: `${path}/` }),
  'with dot segments': path => ({ path: path.replace('/api/', '/api/health/../') }),
  'with encoded dot segments': path => ({ path: path.replace('/api/', '/api/health/%2e%2e/') }),
  'with a back slash': path => ({ path: path.replace('/api/', '/api\\') }),
  'as a payload': path => ({ path: `${path}/_payload.json` }),
  'as an island': path => ({ path: `/__nuxt_island${path}` }),
  'with a query for the payload': path => ({ path: `${path}?/_payload.json` }),
  'with HEAD': path => ({ path, method: 'HEAD' }),
  'with OPTIONS': path => ({ path, method: 'OPTIONS' }),
  'with DELETE': path => ({ path, method: 'DELETE' }),
  'with the other method': (path, method) => ({ path, method: method === 'GET' ? 'POST' : 'GET' }),
}

/** Every route, with a body that comes close and changes nothing. */
const TARGETS = [
  ...READING.map(({ file }) => ({ name: nameOf(file), ...addressOf(file, { id: ANY_ID }), body: undefined })),
  ...WRITING.map(({ file, params, close }) => ({ name: nameOf(file), ...addressOf(file, { id: ANY_ID, ...params }), body: close })),
  ...ACTING.map(({ file }) => ({ name: nameOf(file), ...addressOf(file, { id: ANY_ID }), body: async () => ({}) })),
  ...ANSWERED_BY_PROVIDER.map(file => ({ name: nameOf(file), ...addressOf(file), body: undefined })),
]
/** They end the session that asks. */
const ENDS_ITSELF = ['POST /api/session/end', 'POST /api/account/sessions/end']

function send({ headers }: Asker, method: string, path: string, body?: string) {
  return raw(own.url, { method, path, headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers() }, body: method === 'GET' || method === 'HEAD' ? undefined : body })
}

/** What no answer is, whoever asks for whatever. */
function expectSound(answer: RawAnswer, about: string) {
  expect(answer.status, about).toBeLessThan(500)
  expect(answer.body, about).not.toMatch(/\n\s+at .+:\d+:\d+|node_modules|\.mjs:/)
  expect(Object.keys(answer.headers).filter(header => header.startsWith('access-control-')), about).toEqual([])
  const { location } = answer.headers
  if (location !== undefined) expect(location, about).toMatch(/^\/(?![/\\])/)
}

/** A refusal, a redirect, or an answer that says nothing: where islands are off, Nuxt answers for them with 204. */
function expectNothing({ status, body }: RawAnswer, about: string) {
  if (status === 204) expect(body, about).toBe('')
  else expect(status, about).toBeGreaterThanOrEqual(300)
}

test('every row of the table of access is asked for here', () => {
  expect([...TARGETS.map(({ name }) => name), '* /api/**'].sort()).toEqual(Object.keys(ROUTES).sort())
})

describe.each(TARGETS)('$name', ({ name, method, path, body }) => {
  let text: string | undefined
  beforeAll(async () => {
    text = body && JSON.stringify(await body(own.db))
  })
  const shut = ASKERS.filter(asker => !isAllowed(name, asker))
  const state = async () => ({ world: await world(own.db), accounts: await accounts(own.db), runs: await recorded(own.db) })

  if (shut.length > 0) test('is shut to whom the table does not name, however it is written, and nothing is written', async () => {
    const before = await state()
    for (const asker of shut) {
      const answer = await send(asker, method, path, text)
      expect([asker.as, answer.status]).toEqual([asker.as, asker.role === null ? 401 : 403])
      expectSound(answer, asker.as)
      expect(Object.keys(JSON.parse(answer.body)), asker.as).toEqual(['error'])
      await Promise.all(Object.entries(WAYS).map(async ([way, change]) => {
        const changed = change(path, method)
        // What another row of the table answers is that row's matter.
        if (TARGETS.some(target => target.path === changed.path && target.method === (changed.method ?? method))) return
        const other = await send(asker, changed.method ?? method, changed.path, text)
        expectSound(other, `${asker.as}, ${way}`)
        expectNothing(other, `${asker.as}, ${way}`)
      }))
    }
    expect(await state()).toEqual(before)
  })

  test('is open to whom the table names', async () => {
    for (const asker of ASKERS.filter(asker => isAllowed(name, asker))) {
      if (ENDS_ITSELF.includes(name)) continue
      const answer = await send(asker, method, path, text)
      expectSound(answer, asker.as)
      // Where anyone may ask, a wrong password is answered so as well; and an operator may not open the gate of his command.
      if (ROUTES[name] !== 'anyone') expect(answer.body, asker.as).not.toMatch(/"status":"(not_signed_in|not_allowed)"/)
      await Promise.all(Object.entries(WAYS).map(async ([way, change]) => {
        const changed = change(path, method)
        if (ROUTES[name] === 'anyone' && method === 'POST') return
        expectSound(await send(asker, changed.method ?? method, changed.path, text), `${asker.as}, ${way}`)
      }))
    }
  })
})

describe('a method that an address does not have', () => {
  const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
  /** A name in an address stands for what other rows have there: GET /api/pieces/changes asks for the piece of that id. */
  const isRow = (method: string, path: string) =>
    TARGETS.some(({ name }) => new RegExp(`^${name.replace(/:\w+/g, '[^/]+')}$`).test(`${method} ${path}`))
  const paths = [...new Set([...TARGETS.map(({ path }) => path), '/api', '/api/', '/api/no-such-thing'])]

  test.each(paths)('%s: nobody is told to sign in, others that there is nothing; never a page, nor sent to one', async (path) => {
    const absent = METHODS.filter(method => !isRow(method, path))
    for (const asker of ASKERS) {
      for (const method of absent) {
        const about = `${asker.as}, ${method}`
        const answer = await send(asker, method, path)
        expect([about, answer.status]).toEqual([about, asker.role === null ? 401 : 404])
        expect(answer.headers, about).toMatchObject({ 'content-type': expect.stringMatching(/^application\/json/), 'cache-control': 'no-store' })
        expect(answer.headers.location, about).toBeUndefined()
        if (method !== 'HEAD') expect(JSON.parse(answer.body).error.status, about).toBe(asker.role === null ? 'not_signed_in' : 'not_found')
      }
    }
  })
})

describe('an address below /api that is no route', () => {
  test.each(['/api', '/api/', '/api/no-such-thing', '/api/templates/x/y/z', '/api/session/callback/other', '/api/session/sign-in/email', '/api/session/get-session', '/api/auth/ok', '/api/.env', '/api/%00'])('%s', async (path) => {
    for (const asker of ASKERS) {
      const answer = await send(asker, 'GET', path)
      expectSound(answer, asker.as)
      expectNothing(answer, asker.as)
    }
  })
})

describe('pages', () => {
  const PAGES = fileURLToPath(new URL('../../pages', import.meta.url))
  const files = readdirSync(PAGES, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.vue'))
  const FOR_ANYONE = ['sign-in.vue', 'set-up.vue']
  const addressOfPage = (file: string) => `/${file.replace(/\.vue$/, '').replace(/(^|\/)index$/, '').replace('[change]', 'edit').replace(/\[\w+\]/g, ANY_ID)}`
  /** What only somebody who is signed in gets to see. */
  const DATA = /tpl:|onboarding|iu-core|wf\/|example\.org|iu_core\./

  test.each(files.filter(file => !FOR_ANYONE.includes(file)))('%s sends nobody to sign in, without data, however it is written', async (file) => {
    const path = addressOfPage(file)
    const ways = [
      path, `${path}/`, path.toUpperCase(), `${path}?a=b`, `${path}/_payload.json`, `${path}?/_payload.json`, `/${path}`,
      path.replace(/[a-z]/, letter => `%${letter.charCodeAt(0).toString(16)}`), `/sign-in/..${path}`, `/__nuxt_island${path}`,
    ]
    for (const way of ways) {
      for (const headers of <Record<string, string>[]>[{ accept: 'text/html' }, { 'accept': 'application/json', 'x-nuxt-error': 'true' }]) {
        const answer = await raw(own.url, { path: way, headers })
        expectSound(answer, way)
        expectNothing(answer, way)
        expect(answer.body, way).not.toMatch(DATA)
      }
    }
    const answer = await raw(own.url, { path, headers: { accept: 'text/html' } })
    expect(answer.status).toBe(302)
    expect(answer.headers.location).toMatch(/^\/sign-in(\?to=|$)/)
  })

  test.each(FOR_ANYONE)('%s is for anyone, and shows nothing', async (file) => {
    const answer = await raw(own.url, { path: addressOfPage(file), headers: { accept: 'text/html' } })
    expect(answer.status).toBe(200)
    expect(answer.body).not.toMatch(DATA)
  })

  test.each(files.filter(file => !file.includes('[')))('%s answers each role', async (file) => {
    for (const role of ROLES) {
      const answer = await raw(own.url, { path: addressOfPage(file), headers: { accept: 'text/html', cookie: cookies[role]! } })
      expect([200, 302, 403], `${role}: ${answer.status}`).toContain(answer.status)
      expectSound(answer, role)
    }
  })

  test.each([
    '/_payload.json', '/__nuxt_error', '/__nuxt_error?statusCode=200&url=/templates', '/__nuxt_island/page_templates_x.json', '/__nuxt_island/x.json?props=%7B%7D',
    '/_nuxt/builds/latest.json', '/_nuxt/builds/meta/x.json', '/_nuxt/', '/_nuxt/../server/index.mjs', '/_nuxt/%2e%2e/%2e%2e/nitro.json', '/api/_nuxt_icon/lucide.json?icons=x',
    '/_ipx/x', '/__nuxt_content', '/__sitemap__', '/_openapi.json', '/_scalar', '/_swagger', '/.env', '/nitro.json',
  ])('%s tells nobody anything', async (path) => {
    for (const headers of [{}, { 'x-nuxt-error': 'true' }, { 'x-nitro-prerender': '/templates' }, { accept: 'text/html' }] as Record<string, string>[]) {
      const answer = await raw(own.url, { path, headers })
      expectSound(answer, path)
      expect(answer.body).not.toMatch(DATA)
    }
  })
})

import { request } from 'node:http'
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { waitFor } from '../helpers/wait'
import { ask, get, orchestration, world } from './support'
import { ApiErrorBody } from '#shared/schemas/error'

const PASSWORD = 'canary-in-the-connection-string'

const own = useConsole('demo', { password: PASSWORD })

/** A request of the administrator's, with headers that `fetch` would not let a caller choose. */
function raw(method: string, path: string, headers: Record<string, string>, body?: string) {
  return new Promise<{ status: number, requestId: unknown, body: string }>((resolve, reject) => {
    request(new URL(path, own.url), { method, headers: { authorization: `Bearer ${own.tokens.administrator}`, ...headers } }, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      resolve({ status: response.statusCode!, requestId: response.headers['x-request-id'], body: text })
    }).on('error', reject).end(body)
  })
}

const errorOf = (body: string) => ApiErrorBody.strict().parse(JSON.parse(body)).error
const JSON_BODY = { 'content-type': 'application/json' }

describe('who is let in', () => {
  test.each(['example.com', 'example.com:80', '127.0.0.1.example.com', 'localhost.example.com', '192.168.0.1', '0.0.0.0', '[::2]', 'localhost@example.com', 'localhost:80:80'])('host "%s" is nobody here', async (host) => {
    const before = await world(own.db)
    for (const path of ['/api/templates', '/api/shell', '/api/no-such-thing', '/api/gates']) {
      const { status, body } = await raw('GET', path, { host })
      expect(status).toBe(421)
      expect(errorOf(body)).toMatchObject({ status: 'invalid_request', message: 'This console has another address.' })
    }
    const written = await raw('PUT', '/api/gates/iu_core.composer_enabled', { host, ...JSON_BODY }, JSON.stringify({ open: true, actor: 'a', reason: 'b' }))
    expect(written.status).toBe(421)
    expect(await world(own.db)).toEqual(before)
  })

  test.each(['localhost', 'localhost:3000', '127.0.0.1', '127.8.9.10:1', '[::1]', '[::1]:3000'])('host "%s" is this machine', async (host) => {
    expect((await raw('GET', '/api/templates', { host })).status).toBe(200)
  })

  test('a header that claims to come from here does not help, and one that claims the contrary does not lock out', async () => {
    const claims = { 'x-forwarded-host': '127.0.0.1', 'x-forwarded-for': '127.0.0.1', 'forwarded': 'for=127.0.0.1;host=localhost' }
    expect((await raw('GET', '/api/templates', { host: 'example.com', ...claims })).status).toBe(421)
    expect((await raw('GET', '/api/templates', { 'host': 'localhost', 'x-forwarded-for': '203.0.113.9' })).status).toBe(200)
  })

  test('liveness and readiness answer anyone', async () => {
    for (const path of ['/api/health/live', '/api/health/ready']) {
      const { status, body } = await raw('GET', path, { host: 'example.com' })
      expect([status, JSON.parse(body)]).toEqual([200, { status: 'ok' }])
    }
  })

  test.each(['cross-site', 'same-site', 'anything'])('a page of another site (sec-fetch-site: %s) may not write', async (site) => {
    const before = await world(own.db)
    const body = JSON.stringify(await orchestration(own.db))
    const answer = await raw('POST', '/api/orchestrations/preview', { ...JSON_BODY, 'sec-fetch-site': site }, body)
    expect(answer.status).toBe(403)
    expect(errorOf(answer.body)).toMatchObject({ status: 'not_allowed' })
    expect(await world(own.db)).toEqual(before)
  })

  test.each(['same-origin', 'none'])('the console\'s own page (sec-fetch-site: %s) may', async (site) => {
    const body = JSON.stringify(await orchestration(own.db))
    expect((await raw('POST', '/api/orchestrations/preview', { ...JSON_BODY, 'sec-fetch-site': site }, body)).status).toBe(200)
  })

  test.each([
    ['DELETE', '/api/templates'], ['POST', '/api/templates'], ['PUT', '/api/orchestrations'], ['GET', '/api/orchestrations'],
    ['GET', '/api/rollbacks/preview'], ['POST', '/api/gates/iu_core.composer_enabled'], ['DELETE', '/api/gates/iu_core.composer_enabled'],
    ['PATCH', '/api/versions'], ['OPTIONS', '/api/gates'], ['POST', '/api/health/live'], ['DELETE', '/api/runs/1'],
  ])('%s %s is no way in', async (method, path) => {
    const before = await world(own.db)
    const { status } = await raw(method, path, JSON_BODY, method === 'GET' ? undefined : JSON.stringify({ open: true, actor: 'a', reason: 'b' }))
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(await world(own.db)).toEqual(before)
  })
})

describe('what is logged', () => {
  type Line = { id: string, method: string, path: string, status: number, ms: number, user: string, msg: string, time: string }
  const lines = () => own.logs.split('\n').filter(line => line.startsWith('{') && line.endsWith('}')).map(line => JSON.parse(line) as Line)

  /** The lines of one request; the server's output reaches us a moment after its answer. */
  async function linesOf(requestId: unknown) {
    const found = () => lines().filter(({ id }) => id === requestId)
    await waitFor('The log line', async () => found().length > 0, { patience: 5_000 })
    return found()
  }

  test('one line a request, with the id that its answer carries', async () => {
    const requests: [string, string, string | undefined, number][] = [
      ['GET', '/api/templates?q=secret-in-the-query', undefined, 200],
      ['GET', '/api/no-such-thing', undefined, 404],
      ['POST', '/api/orchestrations/preview', '{"actor":', 400],
      ['POST', '/api/orchestrations/preview', JSON.stringify(await orchestration(own.db, { open_gates: false })), 409],
      ['GET', '/api/health/live', undefined, 200],
    ]
    for (const [method, path, body, code] of requests) {
      const { status, requestId } = await raw(method, path, body ? JSON_BODY : {}, body)
      expect([path, status]).toEqual([path, code])
      expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
      const [line, ...more] = await linesOf(requestId)
      expect(line).toMatchObject({
        method, path: path.split('?')[0], status: code, ms: expect.any(Number), msg: 'request', time: expect.stringMatching(/Z$/),
        user: path.includes('health') ? 'nobody' : 'administrator@example.org (tests)',
      })
      expect(more).toEqual([])
    }
  })

  test('an id that the caller brings along is not taken over', async () => {
    const { requestId } = await raw('GET', '/api/shell', { 'x-request-id': 'forged\\n' })
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('the refusal in the answer has the id of its line', async () => {
    const { headers, body } = await get(own, `/api/runs/${randomUUID()}`)
    expect(body.error.request_id).toBe(headers.get('x-request-id'))
  })

  test('every line is JSON, and none holds what was sent or the way to the database', async () => {
    const secrets = ['canary-actor', 'canary-note', 'canary-suffix', 'canary-reason', 'canary-header']
    const body = await orchestration(own.db, { actor: 'canary-actor', note: 'canary-note', instance_key_suffix: 'canary-suffix' })
    const answers = [
      await ask(own, 'POST', '/api/orchestrations/preview', body),
      await ask(own, 'POST', '/api/orchestrations/preview', { ...body, emit_mode: 'canary-actor' }),
      await ask(own, 'POST', '/api/orchestrations/preview', { ...body, open_gates: false }),
      await ask(own, 'PUT', '/api/gates/no.such.gate', { open: true, actor: 'canary-actor', reason: 'canary-reason' }),
      await get(own, '/api/templates?q=canary-note&cursor=canary-suffix'),
    ]
    await raw('GET', '/api/shell', { 'authorization': 'Bearer canary-header', 'cookie': 'canary-header=1', 'user-agent': 'canary-header' })
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 409, 404, 400])
    await linesOf(answers.at(-1)!.headers.get('x-request-id'))
    const written = own.logs.trim().split('\n')
    expect(written.filter(line => !line.startsWith('{') && !line.startsWith('Listening on'))).toEqual([])
    for (const secret of [...secrets, PASSWORD, 'postgres://']) expect(written.filter(line => line.includes(secret))).toEqual([])
    expect(JSON.stringify(answers)).not.toContain(PASSWORD)
  })

  test('a fault of ours is a 500 with an id that is in the log, and no detail', async () => {
    // A view that fails while it is read, as after a change behind the console's back.
    await sql`alter view public.v_iu_template_family rename to v_kept_aside`.execute(own.db)
    await sql`create view public.v_iu_template_family as
      select v.*, 1 / (length(v.title) * 0) as canary_column from public.v_kept_aside v`.execute(own.db)
    await sql`grant select on public.v_iu_template_family to iu_console`.execute(own.db)
    try {
      const { status, body, headers } = await get(own, '/api/families')
      expect(status).toBe(500)
      expect(body.error).toEqual({ status: 'internal_error', message: expect.any(String), request_id: headers.get('x-request-id') })
      const [line] = await linesOf(body.error.request_id)
      expect(line).toMatchObject({ level: 50, status: 500, err: { code: '22012', message: expect.any(String) } })
    }
    finally {
      await sql`drop view public.v_iu_template_family`.execute(own.db)
      await sql`alter view public.v_kept_aside rename to v_iu_template_family`.execute(own.db)
    }
  })

  test('a database that lacks something says how to mend it', async () => {
    await sql`alter view public.v_iu_gate rename to v_kept_aside`.execute(own.db)
    try {
      const { status, body, headers } = await get(own, '/api/gates')
      expect([status, headers.get('retry-after')]).toEqual([503, '60'])
      expect(body.error).toMatchObject({ status: 'database_behind', hint: expect.stringContaining('npm run db:migrate') })
    }
    finally {
      await sql`alter view public.v_kept_aside rename to v_iu_gate`.execute(own.db)
    }
  })
})

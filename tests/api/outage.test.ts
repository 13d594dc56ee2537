import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import { withTransaction } from '../../server/db/client'
import type { Db } from '../../server/db/client'
import { fetchAs } from '../helpers/api'
import { startOwnConsole } from '../helpers/console'
import { startPostgres } from '../helpers/postgres'
import type { Postgres } from '../helpers/postgres'
import { waitFor } from '../helpers/wait'
import { ask, get, orchestration, post, recorded, world } from './support'

const PASSWORD = 'canary-in-the-connection-string'
const COMPOSER = 'iu_core.composer_enabled'

let postgres: Postgres
let own: { db: Db, fetch: (path: string, init?: RequestInit) => Promise<Response>, readonly logs: string }
const cleanUps: (() => Promise<void>)[] = []
beforeAll(async () => {
  // A server of this file's own: it is stopped while others go on with theirs.
  postgres = await startPostgres(18)
  cleanUps.unshift(postgres.end)
  const started = await startOwnConsole(postgres.url, 'demo', { password: PASSWORD })
  cleanUps.unshift(started.stop)
  own = {
    db: started.db,
    fetch: (path, init) => fetchAs(started, path, init, 'administrator'),
    get logs() {
      return started.server.logs
    },
  }
}, 120_000)
afterAll(async () => {
  for (const cleanUp of cleanUps) await cleanUp()
})

describe('PostgreSQL stopped in the middle', () => {
  test('is said with 503 on every way in, and the console recovers by itself', async () => {
    const body = await orchestration(own.db)
    const preview = await post(own, '/api/orchestrations/preview', body)
    expect(preview.status).toBe(200)
    const before = await world(own.db)

    await postgres.stop()
    try {
      const writes = [
        () => post(own, '/api/orchestrations/preview', body), () => post(own, '/api/orchestrations', { preview_id: preview.body.id }),
        () => post(own, '/api/rollbacks/preview', { actor: 'a' }), () => ask(own, 'PUT', `/api/gates/${COMPOSER}`, { open: true, actor: 'a', reason: 'b' }),
      ]
      const reads = ['/api/templates', '/api/overview', '/api/events', '/api/families', '/api/gates', '/api/shell', '/api/search?q=a', '/api/health/ready', '/api/templates/export']
      for (const request of [...reads.map(path => () => get(own, path)), ...writes]) {
        const { status, headers, body: answer } = await request()
        expect([status, headers.get('retry-after')]).toEqual([503, '2'])
        expect(answer.error).toMatchObject({ status: 'database_unavailable', message: expect.any(String), hint: expect.any(String) })
        expect(JSON.stringify(answer)).not.toMatch(/ECONNREFUSED|127\.0\.0\.1|canary/)
      }
      expect((await get(own, '/api/health/live')).status).toBe(200)
      expect((await own.fetch('/', { headers: { accept: 'text/html' } })).status).toBe(503)
    }
    finally {
      await postgres.start()
    }

    await waitFor('The console', async () => (await own.fetch('/api/templates')).status === 200, { patience: 10_000 })
    expect((await get(own, '/api/health/ready')).status).toBe(200)
    expect((await own.fetch('/', { headers: { accept: 'text/html' } })).status).toBe(200)
    await waitFor('The test', async () => (await sql`select 1`.execute(own.db)).rows.length === 1, { patience: 10_000 })
    expect(await world(own.db)).toEqual(before)
    // What was previewed before can be run after.
    expect((await post(own, '/api/orchestrations', { preview_id: preview.body.id })).status).toBe(200)
  })

  test('requests that are under way end with an answer each', async () => {
    const body = await orchestration(own.db)
    const before = await world(own.db)
    const underWay = Array.from({ length: 12 }, () => post(own, '/api/orchestrations/preview', body))
    await Promise.race(underWay)
    await postgres.stop()
    try {
      const answers = await Promise.all(underWay)
      expect(answers.filter(({ status }) => status !== 200 && status !== 503)).toEqual([])
    }
    finally {
      await postgres.start()
    }
    await waitFor('The console', async () => (await own.fetch('/api/health/ready')).status === 200, { patience: 10_000 })
    await waitFor('The test', async () => (await sql`select 1`.execute(own.db)).rows.length === 1, { patience: 10_000 })
    expect(await world(own.db)).toEqual(before)
  })

  test('the log told it without the way to the database', () => {
    const lines = own.logs.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line))
    expect(lines.filter(line => line.status === 503 && line.level === 50 && line.err).length).toBeGreaterThan(5)
    expect(own.logs).not.toContain(PASSWORD)
    expect(own.logs).not.toContain('postgres://')
  })
})

describe('a gate that another transaction holds', () => {
  test('makes a write wait, and then it is refused as busy; reading goes on', { timeout: 60_000 }, async () => {
    const preview = await post(own, '/api/orchestrations/preview', await orchestration(own.db))
    const before = await world(own.db)
    const records = await recorded(own.db)
    await withTransaction(own.db, async (trx) => {
      await sql`select from public.dot_config where key = ${COMPOSER} for update`.execute(trx)
      const started = performance.now()
      const waiting = Promise.all([
        post(own, '/api/orchestrations/preview', preview.body.parameters),
        post(own, '/api/orchestrations', { preview_id: preview.body.id }),
        ask(own, 'PUT', `/api/gates/${COMPOSER}`, { open: true, actor: 'a', reason: 'b' }),
      ])
      expect((await get(own, '/api/gates')).status).toBe(200)
      expect((await get(own, '/api/templates')).status).toBe(200)
      for (const { status, headers, body } of await waiting) {
        expect([status, headers.get('retry-after'), body.error.status]).toEqual([503, '2', 'database_busy'])
      }
      expect(performance.now() - started).toBeLessThan(15_000)
    })
    expect(await world(own.db)).toEqual(before)
    // Each is on record as broken off, with nothing but PostgreSQL's code for it.
    expect(await recorded(own.db)).toBe(records + 3)
    const broken = await own.db.selectFrom('v_iu_command_run').select(['result', 'refused', 'effects']).where('status', '=', 'failed').execute()
    expect(broken).toEqual(Array.from({ length: 3 }, () => ({ result: { status: 'failed', sqlstate: '55P03' }, refused: false, effects: null })))
    expect((await post(own, '/api/orchestrations', { preview_id: preview.body.id })).status).toBe(200)
  })
})

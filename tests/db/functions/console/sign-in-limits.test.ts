import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { withDatabase, withTransaction } from '../../../helpers/db'
import { withClients } from '../../concurrency/clients'
import { fn, sha } from './people'

const OK = { status: 'ok' }
const REFUSED = { status: 'too_many_attempts', retry_after: expect.any(Number) }

describe('console.fn_sign_in_admit', () => {
  test('lets ten through for an account, from wherever they come, and says how long to wait', () => withTransaction(async (db) => {
    for (let n = 0; n < 10; n += 1) expect(await fn.admit(db, 'a', `192.0.2.${n}`)).toEqual(OK)
    const refused = await fn.admit(db, 'a', '192.0.2.99')
    expect(refused).toEqual(REFUSED)
    expect(refused.retry_after).toBeGreaterThan(890)
    expect(refused.retry_after).toBeLessThanOrEqual(900)
    expect(await fn.admit(db, 'b', '192.0.2.99')).toEqual(OK)
  }))

  test('lets fifty through for an address, and keeps no names beyond', () => withTransaction(async (db) => {
    for (let n = 0; n < 50; n += 1) expect(await fn.admit(db, `name ${n}`, '192.0.2.1')).toEqual(OK)
    for (let n = 50; n < 70; n += 1) expect(await fn.admit(db, `name ${n}`, '192.0.2.1')).toEqual(REFUSED)
    const { rows } = await sql`select from console.sign_in_attempt where kind = 'account'`.execute(db)
    expect(rows).toHaveLength(50)
    expect(await fn.admit(db, 'another', '192.0.2.2')).toEqual(OK)
  }))

  test('begins anew after a quarter of an hour, and waiting is not prolonged by trying', () => withTransaction(async (db) => {
    for (let n = 0; n < 10; n += 1) await fn.admit(db, 'a', '192.0.2.1')
    await sql`update console.sign_in_attempt set window_ends_at = now() + interval '2 minutes'`.execute(db)
    expect(await fn.admit(db, 'a', '192.0.2.1')).toEqual({ status: 'too_many_attempts', retry_after: 120 })
    await sql`update console.sign_in_attempt set window_ends_at = now() - interval '1 second'`.execute(db)
    expect(await fn.admit(db, 'a', '192.0.2.1')).toEqual(OK)
  }))

  test('clears away what is over', () => withTransaction(async (db) => {
    for (const name of ['a', 'b', 'c']) await fn.admit(db, name, '192.0.2.1')
    await sql`update console.sign_in_attempt set window_ends_at = now() - interval '1 second'`.execute(db)
    await fn.admit(db, 'd', '192.0.2.2')
    const { rows } = await sql<{ subject: string }>`select subject from console.sign_in_attempt order by kind`.execute(db)
    expect(rows.map(({ subject }) => subject)).toEqual([sha('d'), '192.0.2.2'])
  }))

  test('two hundred at once: no more than the limit get through', { timeout: 120_000 }, () => withDatabase(async ({ url }) => {
    await withClients(url, 20, async (clients) => {
      const answers = await Promise.all(Array.from({ length: 200 }, async (_, n) => {
        const { rows } = await clients[n % 20]!.query('select console.fn_sign_in_admit($1, $2) as outcome', [sha('a'), `192.0.2.${n}`])
        return rows[0].outcome.status as string
      }))
      expect(answers.filter(status => status === 'ok')).toHaveLength(10)
      expect(answers.filter(status => status === 'too_many_attempts')).toHaveLength(190)
    })
  }))

  test('ten thousand invented names neither push a real one out nor unlock it', { timeout: 120_000 }, () => withDatabase(async ({ db }) => {
    for (let n = 0; n <= 10; n += 1) await fn.admit(db, 'real', '192.0.2.1')
    await sql`select console.fn_sign_in_admit(encode(sha256(n::text::bytea), 'hex'), 'address ' || n) from generate_series(1, 10000) n`.execute(db)
    expect(await fn.admit(db, 'real', '192.0.2.2')).toEqual(REFUSED)
    expect(await fn.admit(db, 'another', '192.0.2.3')).toEqual(OK)
  }))

  test('many at once while old ones are cleared away do not stand in each other\'s way', { timeout: 120_000 }, () => withDatabase(async ({ db, url }) => {
    for (let round = 0; round < 5; round += 1) {
      await sql`insert into console.sign_in_attempt select k, encode(sha256(n::text::bytea), 'hex'), 1, now() - interval '1 second'
        from generate_series(1, 40) n, unnest('{account,address}'::text[]) k on conflict (kind, subject) do update set window_ends_at = now() - interval '1 second'`.execute(db)
      await withClients(url, 10, clients => Promise.all(Array.from({ length: 80 }, (_, n) =>
        clients[n % 10]!.query('select console.fn_sign_in_admit($1, $2)', [sha(String(n % 40 + 1)), sha(String(40 - n % 40))]))))
    }
  }))
})

describe('console.fn_sign_in_succeeded', () => {
  test('forgets the account\'s attempts, and of the address only the one that was right', () => withTransaction(async (db) => {
    for (let n = 0; n < 9; n += 1) await fn.admit(db, 'a', '192.0.2.1')
    await fn.succeeded(db, 'a', '192.0.2.1')
    const { rows } = await sql`select kind, attempts from console.sign_in_attempt`.execute(db)
    expect(rows).toEqual([{ kind: 'address', attempts: 8 }])
  }))

  test('an account of one\'s own buys no tries at others', () => withTransaction(async (db) => {
    let through = 0
    for (let n = 0; n < 100; n += 1) {
      if ((await fn.admit(db, `victim ${n}`, '192.0.2.1')).status === 'ok') through += 1
      if ((await fn.admit(db, 'own', '192.0.2.1')).status === 'ok') await fn.succeeded(db, 'own', '192.0.2.1')
    }
    expect(through).toBeLessThanOrEqual(50)
  }))
})

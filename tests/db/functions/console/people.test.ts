import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { withDatabase, withTransaction } from '../../../helpers/db'
import { addSecondFactor } from '../../../helpers/people'
import { aPerson, aSession, audited, fn, sha, tokenOf } from './people'

const OK = expect.objectContaining({ status: 'ok' })
const count = async (db: Parameters<typeof aPerson>[0], table: string, where = sql`true`) =>
  Number((await sql<{ n: number }>`select count(*)::integer as n from ${sql.table(`console.${table}`)} where ${where}`.execute(db)).rows[0]!.n)

describe('console.fn_person_add', () => {
  test('adds somebody who cannot sign in yet, with the address in small letters, and writes it down', () => withTransaction(async (db) => {
    expect(await fn.add(db, 'New@Example.org', 'operator')).toEqual({ status: 'ok', person_id: expect.any(String) })
    const { rows } = await sql`select email, role, disabled_at from console.person`.execute(db)
    expect(rows).toEqual([{ email: 'new@example.org', role: 'operator', disabled_at: null }])
    expect(await count(db, 'sign_in_method')).toBe(0)
    expect(await audited(db)).toEqual([{ kind: 'person_added', outcome: 'ok', who: 'an administrator', subject: 'new@example.org' }])
  }))

  test('refuses an address that is taken, in any letters, and changes nothing', () => withTransaction(async (db) => {
    await fn.add(db, 'new@example.org')
    expect(await fn.add(db, 'NEW@example.org', 'administrator')).toEqual({ status: 'email_taken', field: 'p_email' })
    expect(await count(db, 'person', sql`role = 'viewer'`)).toBe(1)
    expect(await audited(db)).toHaveLength(1)
  }))

  test('a role that is not one is not stored', () => withTransaction(async (db) => {
    await expect(sql`select console.fn_person_add('a@b.c', 'A', 'owner', 'x', null)`.execute(db)).rejects.toThrow('person_role_known')
  }))
})

describe('console.fn_person_set', () => {
  test('changes a role, on record with what it was', () => withTransaction(async (db) => {
    const id = await aPerson(db)
    await aPerson(db, 'administrator')
    expect(await fn.set(db, id, 'operator', false)).toEqual({ status: 'ok' })
    expect(await count(db, 'person', sql`role = 'operator'`)).toBe(1)
    const { rows } = await sql`select kind, detail from console.audit_entry`.execute(db)
    expect(rows).toEqual([{ kind: 'role_changed', detail: { from: 'viewer', to: 'operator' } }])
  }))

  test('disabling ends sessions, tokens and invitations; enabling brings none of them back', () => withTransaction(async (db) => {
    const id = await aPerson(db)
    await aSession(db, id)
    await fn.token(db, id, 'viewer', 'a token')
    await fn.invite(db, id, 'a link')
    expect(await fn.set(db, id, 'viewer', true)).toEqual({ status: 'ok' })
    await fn.set(db, id, 'viewer', false)
    expect(await count(db, 'session')).toBe(0)
    expect(await tokenOf(db, 'a token')).toBeUndefined()
    expect((await fn.accept(db, 'a link')).status).toBe('invitation_invalid')
    expect((await audited(db)).map(({ kind }) => kind)).toEqual(['token_created', 'invitation_created', 'person_disabled', 'person_enabled', 'invitation_accepted'])
  }))

  test('refuses nobody, and the last administrator', () => withTransaction(async (db) => {
    const id = await aPerson(db, 'administrator')
    await sql`update console.person set disabled_at = now() where id = ${await aPerson(db, 'administrator')}::uuid`.execute(db)
    expect(await fn.set(db, randomUUID(), 'viewer', false)).toEqual({ status: 'person_not_found', field: 'p_person_id' })
    expect(await fn.set(db, id, 'viewer', false)).toEqual({ status: 'last_administrator', field: 'p_role' })
    expect(await fn.set(db, id, 'administrator', true)).toEqual({ status: 'last_administrator', field: 'p_disabled' })
    expect(await count(db, 'person', sql`role = 'administrator' and disabled_at is null`)).toBe(1)
    expect(await audited(db)).toEqual([])
  }))

  test('two administrators who disable each other at once: one stays', () => withDatabase(async ({ db }) => {
    for (let round = 0; round < 10; round += 1) {
      await sql`delete from console.person`.execute(db)
      const [one, other] = [await aPerson(db, 'administrator'), await aPerson(db, 'administrator')]
      const outcomes = await Promise.all([fn.set(db, one, 'administrator', true), fn.set(db, other, 'viewer', false)])
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['last_administrator', 'ok'])
      expect(await count(db, 'person', sql`role = 'administrator' and disabled_at is null`)).toBe(1)
    }
  }))
})

describe('console.fn_invitation_create and console.fn_invitation_accept', () => {
  test('the first administrator is made once', () => withTransaction(async (db) => {
    expect(await fn.invite(db, null, 'first')).toMatchObject({ status: 'ok', email: null })
    expect(await fn.accept(db, 'first')).toEqual({ status: 'ok', person_id: expect.any(String), email: 'first@example.org' })
    const { rows } = await sql`select p.role, m.password from console.person p join console.sign_in_method m on m.person_id = p.id`.execute(db)
    expect(rows).toEqual([{ role: 'administrator', password: 'a hash' }])
    expect(await fn.invite(db, null, 'second')).toEqual({ status: 'already_set_up' })
    expect(await fn.accept(db, 'first')).toEqual({ status: 'invitation_invalid' })
  }))

  test('a link for the first administrator is worth nothing once there is somebody', () => withTransaction(async (db) => {
    await fn.invite(db, null, 'first')
    await aPerson(db)
    expect(await fn.accept(db, 'first')).toEqual({ status: 'invitation_invalid' })
    expect(await count(db, 'person')).toBe(1)
  }))

  test('a newer link ends the older one; one that is unknown, old or used is refused, on record', () => withTransaction(async (db) => {
    const id = await aPerson(db)
    expect(await fn.invite(db, randomUUID(), 'x')).toEqual({ status: 'person_not_found', field: 'p_person_id' })
    await fn.invite(db, id, 'older')
    // Both were made at one moment, that of the transaction.
    await sql`update console.invitation set expires_at = expires_at - interval '1 second'`.execute(db)
    await fn.invite(db, id, 'newer')
    for (const link of ['unknown', 'older']) expect(await fn.accept(db, link)).toEqual({ status: 'invitation_invalid' })
    expect(await fn.accept(db, 'newer', 'another@example.org')).toMatchObject({ status: 'ok', email: expect.not.stringContaining('another') })
    expect(await fn.accept(db, 'newer')).toEqual({ status: 'invitation_invalid' })
    await fn.invite(db, id, 'too old')
    await sql`update console.invitation set expires_at = now() - interval '1 second' where token_hash = ${sha('too old')}`.execute(db)
    expect(await fn.accept(db, 'too old')).toEqual({ status: 'invitation_invalid' })
    expect((await audited(db)).filter(({ outcome }) => outcome === 'invitation_invalid')).toHaveLength(4)
  }))

  test('a new password ends all sessions', () => withTransaction(async (db) => {
    const id = await aPerson(db)
    await aSession(db, id)
    await fn.invite(db, id, 'a link')
    expect(await fn.accept(db, 'a link')).toEqual(OK)
    expect(await count(db, 'session')).toBe(0)
  }))

  test('twenty at once use one link up once', () => withDatabase(async ({ db }) => {
    await fn.invite(db, null, 'first')
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => fn.accept(db, 'first', `one-${n}@example.org`)))
    expect(outcomes.filter(({ status }) => status === 'ok')).toHaveLength(1)
    expect(await count(db, 'person')).toBe(1)
  }))
})

describe('console.fn_sessions_end', () => {
  test('ends one or all, and of nobody else', () => withTransaction(async (db) => {
    const [one, other] = [await aPerson(db), await aPerson(db)]
    const [first, , foreign] = [await aSession(db, one), await aSession(db, one), await aSession(db, other)]
    expect(await fn.endSessions(db, one, foreign)).toEqual({ status: 'session_not_found' })
    expect(await audited(db)).toEqual([])
    expect(await fn.endSessions(db, one, first)).toEqual({ status: 'ok', sessions_ended: 1 })
    expect(await fn.endSessions(db, one, null)).toEqual({ status: 'ok', sessions_ended: 1 })
    expect(await count(db, 'session', sql`person_id = ${other}::uuid`)).toBe(1)
    expect((await audited(db)).map(({ kind }) => kind)).toEqual(['sessions_ended', 'sessions_ended'])
  }))

  test('knows who is not there', () => withTransaction(async (db) => {
    for (const session of [null, randomUUID()]) {
      expect(await fn.endSessions(db, randomUUID(), session)).toEqual({ status: 'person_not_found', field: 'p_person_id' })
    }
    expect(await audited(db)).toEqual([])
  }))
})

describe('console.fn_second_factor_remove', () => {
  test('takes it off, ends the sessions, and writes it down; of nobody else', () => withTransaction(async (db) => {
    const [one, other] = [await aPerson(db, 'viewer', 'one@example.org'), await aPerson(db, 'viewer', 'other@example.org')]
    for (const id of [one, other]) await aSession(db, id)
    for (const email of ['one@example.org', 'other@example.org']) await addSecondFactor(db, email)
    expect(await fn.removeSecondFactor(db, one)).toEqual({ status: 'ok' })
    expect([await count(db, 'second_factor'), await count(db, 'session'), await count(db, 'person', sql`two_factor_enabled`)]).toEqual([1, 1, 1])
    expect(await count(db, 'second_factor', sql`person_id = ${other}::uuid`)).toBe(1)
    expect(await audited(db)).toEqual([{ kind: 'second_factor_removed', outcome: 'ok', who: 'an administrator', subject: 'one@example.org' }])
  }))

  test('refuses nobody, and who has none; nothing changes', () => withTransaction(async (db) => {
    const id = await aPerson(db)
    await aSession(db, id)
    expect(await fn.removeSecondFactor(db, randomUUID())).toEqual({ status: 'person_not_found', field: 'p_person_id' })
    expect(await fn.removeSecondFactor(db, id)).toEqual({ status: 'no_second_factor' })
    expect([await count(db, 'session'), await audited(db)]).toEqual([1, []])
  }))
})

describe('tokens', () => {
  test('stand for their person with the lesser role of both', () => withTransaction(async (db) => {
    const id = await aPerson(db, 'operator')
    expect(await fn.token(db, id, 'operator', 'a token')).toEqual({ status: 'ok', token_id: expect.any(String) })
    expect(await tokenOf(db, 'a token')).toMatchObject({ role: 'operator' })
    for (const role of ['viewer', 'administrator'] as const) {
      await sql`update console.person set role = ${role} where id = ${id}::uuid`.execute(db)
      expect(await tokenOf(db, 'a token')).toMatchObject({ role: role === 'viewer' ? 'viewer' : 'operator' })
    }
    await sql`update console.person set disabled_at = now() where id = ${id}::uuid`.execute(db)
    expect(await tokenOf(db, 'a token')).toBeUndefined()
  }))

  test('are refused to nobody and above the own role', () => withTransaction(async (db) => {
    const id = await aPerson(db, 'viewer')
    expect(await fn.token(db, randomUUID(), 'viewer', 'x')).toEqual({ status: 'person_not_found', field: 'p_person_id' })
    expect(await fn.token(db, id, 'operator', 'x')).toEqual({ status: 'role_above_own', field: 'p_role' })
    expect(await count(db, 'token')).toBe(0)
  }))

  test('end when they expire or are revoked, by their own person alone', () => withTransaction(async (db) => {
    const [id, other] = [await aPerson(db), await aPerson(db)]
    await fn.token(db, id, 'viewer', 'old', '2020-01-01')
    expect(await tokenOf(db, 'old')).toBeUndefined()
    const { token_id } = await fn.token(db, id, 'viewer', 'a token')
    expect(await fn.revoke(db, other, String(token_id))).toEqual({ status: 'token_not_found' })
    expect(await tokenOf(db, 'a token')).toBeDefined()
    expect(await fn.revoke(db, id, String(token_id))).toEqual({ status: 'ok' })
    expect(await tokenOf(db, 'a token')).toBeUndefined()
    expect(await tokenOf(db, 'unknown')).toBeUndefined()
  }))

  test('note when they were last used', () => withTransaction(async (db) => {
    await fn.token(db, await aPerson(db), 'viewer', 'a token')
    await tokenOf(db, 'a token')
    expect(await count(db, 'token', sql`last_used_at = now()`)).toBe(1)
  }))
})

describe('console.fn_audit_record', () => {
  test('adds an entry, cut to what fits', () => withTransaction(async (db) => {
    await sql`select console.fn_audit_record('denied', 'refused', ${'x'.repeat(500)}, '192.0.2.1', 'PUT /api/gates/:key')`.execute(db)
    expect(await audited(db)).toEqual([{ kind: 'denied', outcome: 'refused', who: 'x'.repeat(300), subject: 'PUT /api/gates/:key' }])
    const { rows } = await sql`select id, kind, run_id from console.v_audit`.execute(db)
    expect(rows).toEqual([{ id: expect.stringMatching(/^entry:\d+$/), kind: 'denied', run_id: null }])
  }))
})

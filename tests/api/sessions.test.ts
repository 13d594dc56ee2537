import { createHmac, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { PASSWORD, addPerson, emailOf, giveToken, signIn } from '../helpers/people'
import { totp } from '../helpers/totp'
import { raw } from './raw'
import { cookiesOf, withSecondFactor } from './second-factor'
import { ask, browser, get, post, somebody } from './support'
import { ApiErrorBody } from '#shared/schemas/error'

const own = useConsole()
const SECRET = 'a secret of the tests, which is long enough'
const NAME = '__Host-iu-session'
const NEW = 'brisk-walnut-harbour-77'

const nobody = { fetch: (path: string, init?: RequestInit) => own.fetchAs(null, path, init) }
const sessionStatus = async (cookie: string) => (await raw(own.url, { path: '/api/session', headers: { cookie } })).status
const tokenStatus = async (token: string, path = '/api/shell') => (await raw(own.url, { path, headers: { authorization: `Bearer ${token}` } })).status

/** A session's cookie taken apart: the token that the database knows, and what proves that the console gave it out. */
function parts(cookie: string) {
  const value = decodeURIComponent(cookie.slice(NAME.length + 1))
  const dot = value.lastIndexOf('.')
  return { token: value.slice(0, dot), signature: value.slice(dot + 1) }
}
const sign = (token: string, secret: string) => createHmac('sha256', secret).update(token).digest('base64')
const cookieOf = (token: string, signature: string) => `${NAME}=${encodeURIComponent(`${token}.${signature}`)}`
const flip = (text: string, at: number) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)

beforeEach(async () => {
  await sql`delete from console.sign_in_attempt`.execute(own.db)
})

describe('a cookie', () => {
  test('is what the console signed, and nothing else', async () => {
    const { cookie } = await somebody(own)
    const { token, signature } = parts(cookie)
    // Signed here with the console's secret it is the same one: so the others below are wrong in what they say they are.
    expect(sign(token, SECRET)).toBe(signature)
    expect(await sessionStatus(cookieOf(token, sign(token, SECRET)))).toBe(200)

    const forged = {
      'the token changed': cookieOf(flip(token, 3), signature),
      'the token changed and signed again with another secret': cookieOf(token, sign(token, 'another secret of more than 32 letters')),
      'signed with an empty secret': cookieOf(token, createHmac('sha256', '').update(token).digest('base64')),
      'the signature changed': cookieOf(token, flip(signature, 5)),
      'cut': cookie.slice(0, -6),
      'cut in the token': cookieOf(token.slice(0, -1), signature),
      'no signature': `${NAME}=${token}`,
      'an empty signature': cookieOf(token, ''),
      'empty': `${NAME}=`,
      'of another name': cookie.replace(NAME, 'iu-session'),
      'of the library\'s own name': cookie.replace(NAME, 'better-auth.session_token'),
      'the row\'s id': cookieOf((await own.db.selectFrom('console.session').select('id').where('token', '=', token).executeTakeFirstOrThrow()).id, signature),
      'SQL': cookieOf('\' or true --', signature),
      'not decodable': `${NAME}=%E0%A4%A`,
    }
    for (const [what, given] of Object.entries(forged)) expect([what, await sessionStatus(given)]).toEqual([what, 401])
    expect(await sessionStatus(cookie)).toBe(200)
  })

  test('whose session has expired is worth nothing', async () => {
    const { cookie, id } = await somebody(own)
    await sql`update console.session set expires_at = now() - interval '1 second' where person_id = ${id}::uuid`.execute(own.db)
    expect(await sessionStatus(cookie)).toBe(401)
  })

  test('is worth nothing after its owner signed out, wherever a copy of it is', async () => {
    const person = await somebody(own)
    const answer = await post(person, '/api/session/end', {})
    expect(answer.status).toBe(200)
    expect(answer.headers.getSetCookie().join()).toMatch(/__Host-iu-session=;.*Max-Age=0/i)
    expect(await sessionStatus(person.cookie)).toBe(401)
  })

  test('that was stolen is worth nothing once its owner ended that session from another browser', async () => {
    const person = await somebody(own)
    const stolen = await signIn(own.url, person.email)
    const { body } = await get(person, '/api/account')
    const { id } = body.sessions.find((session: { current: boolean }) => !session.current)
    expect(await sessionStatus(stolen)).toBe(200)
    expect((await post(person, `/api/account/sessions/${id}/end`, {})).status).toBe(200)
    expect([await sessionStatus(stolen), await sessionStatus(person.cookie)]).toEqual([401, 200])
  })

  test('does not end the session of somebody else', async () => {
    const [one, other] = [await somebody(own), await somebody(own)]
    const { id } = await own.db.selectFrom('console.session').select('id').where('person_id', '=', other.id).executeTakeFirstOrThrow()
    expect((await post(one, `/api/account/sessions/${id}/end`, {})).status).toBe(404)
    expect(await sessionStatus(other.cookie)).toBe(200)
  })

  test('"end all sessions" ends all of them, the one that asks too', async () => {
    const person = await somebody(own)
    const second = await signIn(own.url, person.email)
    expect((await post(person, '/api/account/sessions/end', {})).body).toEqual({ status: 'ok', sessions_ended: 2 })
    expect([await sessionStatus(person.cookie), await sessionStatus(second)]).toEqual([401, 401])
  })

  test('an administrator ends all sessions of a person', async () => {
    const person = await somebody(own)
    expect((await post(own, `/api/people/${person.id}/sessions/end`, {})).status).toBe(200)
    expect(await sessionStatus(person.cookie)).toBe(401)
  })

  test.each([
    ['POST', 'sessions/end', {}], ['POST', 'second-factor/remove', {}], ['POST', 'invitation', {}], ['PUT', '', { role: 'viewer', disabled: true }],
  ])('%s /api/people/:id/%s of somebody who does not exist: there is no such person, and nothing is on record', async (method, below, body) => {
    const entries = async () => (await sql`select from console.audit_entry`.execute(own.db)).rows.length
    const before = await entries()
    const answer = await ask(own, method, `/api/people/${randomUUID()}${below && `/${below}`}`, body)
    expect([answer.status, answer.body.error.status]).toEqual([404, 'person_not_found'])
    expect(ApiErrorBody.strict().safeParse(answer.body).error).toBeUndefined()
    expect(await entries()).toBe(before)
  })

  test('of a changed password: other sessions end, and the one that changed it goes on with a new cookie', async () => {
    const person = await somebody(own)
    const other = await signIn(own.url, person.email)
    const answer = await ask(person, 'PUT', '/api/account/password', { current_password: PASSWORD, new_password: NEW })
    expect(answer.status).toBe(200)
    expect(await sessionStatus(other)).toBe(401)
    const renewed = answer.headers.getSetCookie().find(text => text.startsWith(NAME))!.split(';')[0]!
    expect([await sessionStatus(renewed), await sessionStatus(person.cookie)]).toEqual([200, 401])
    expect((await post(nobody, '/api/session', { email: person.email, password: PASSWORD })).status).toBe(401)
  })

  test('of a disabled person is worth nothing at once, and enabling does not bring it back', async () => {
    const person = await somebody(own)
    await ask(own, 'PUT', `/api/people/${person.id}`, { role: 'viewer', disabled: true })
    expect(await sessionStatus(person.cookie)).toBe(401)
    expect((await post(nobody, '/api/session', { email: person.email, password: PASSWORD })).status).toBe(401)
    await ask(own, 'PUT', `/api/people/${person.id}`, { role: 'viewer', disabled: false })
    expect(await sessionStatus(person.cookie)).toBe(401)
  })

  test('of a person who was disabled behind the console\'s back is worth nothing either', async () => {
    const person = await somebody(own)
    await sql`update console.person set disabled_at = now() where id = ${person.id}::uuid`.execute(own.db)
    expect(await sessionStatus(person.cookie)).toBe(401)
  })

  test('a changed role counts from the next request on, up and down', async () => {
    const person = await somebody(own, 'viewer')
    const status = async () => (await get(person, '/api/people')).status
    expect(await status()).toBe(403)
    await ask(own, 'PUT', `/api/people/${person.id}`, { role: 'administrator', disabled: false })
    expect(await status()).toBe(200)
    await ask(own, 'PUT', `/api/people/${person.id}`, { role: 'viewer', disabled: false })
    expect(await status()).toBe(403)
  })

  test('a session that was chosen before the sign-in is not taken over', async () => {
    const attacker = await somebody(own)
    const answer = await post(browser(own, attacker.cookie), '/api/session', { email: emailOf('viewer'), password: PASSWORD })
    const given = answer.headers.getSetCookie().find(text => text.startsWith(NAME))!.split(';')[0]!
    expect(parts(given).token).not.toBe(parts(attacker.cookie).token)
    expect(await sessionStatus(attacker.cookie)).toBe(401)
    expect((await get(browser(own, given), '/api/session')).body.name).toBe(emailOf('viewer'))
  })

  test('of before ends with the password of a new sign-in from that browser; that of another browser goes on', async () => {
    const person = await withSecondFactor(own)
    const other = await somebody(own)
    const half = await post(browser(own, other.cookie), '/api/session', { email: person.email, password: PASSWORD })
    expect([half.body.status, await sessionStatus(other.cookie)]).toEqual(['second_factor_needed', 401])
    expect((await post(browser(own, cookiesOf(half.headers)), '/api/session/second-factor', { code: totp(person.uri, 1) })).body.status).toBe('signed_in')
    expect(await sessionStatus(person.cookie)).toBe(200)
  })

  test('goes to this host alone, over TLS or on this machine, and no script reads it', async () => {
    const answer = await post(nobody, '/api/session', { email: emailOf('viewer'), password: PASSWORD })
    const [cookie, ...attributes] = answer.headers.getSetCookie().find(text => text.startsWith(NAME))!.split('; ')
    expect(cookie).toMatch(/^__Host-iu-session=\S{40,}$/)
    const names = attributes.map(attribute => attribute.toLowerCase())
    expect(names).toEqual(expect.arrayContaining(['httponly', 'secure', 'samesite=lax', 'path=/']))
    expect(names.join()).not.toContain('domain=')
    expect(JSON.stringify(answer.body)).not.toContain(parts(cookie!).token)
  })
})

describe('a token', () => {
  const make = async (more: { role?: 'viewer' | 'operator' | 'administrator', days?: number | null } = {}, role: 'viewer' | 'administrator' = 'administrator') => {
    const person = await somebody(own, role)
    const { body } = await post(person, '/api/account/tokens', { name: 'a script', role: 'viewer', ...more })
    return { person, token: body.token as string, id: body.token_id as string }
  }

  test('that is not one is nobody', async () => {
    const { token, id } = await make()
    expect(await tokenStatus(token)).toBe(200)
    for (const wrong of [flip(token, 8), token.slice(0, -1), `${token}A`, token.toUpperCase(), token.slice(3), 'iu_', id, `iu_${'A'.repeat(43)}`]) expect([wrong, await tokenStatus(wrong)]).toEqual([wrong, 401])
    for (const authorization of [`Basic ${Buffer.from(`x:${token}`).toString('base64')}`, token, `Bearer  ${token}`, `Bearer ${token} x`, 'Bearer', '']) {
      expect((await raw(own.url, { path: '/api/shell', headers: { authorization } })).status, authorization).toBe(401)
    }
    expect((await raw(own.url, { path: `/api/shell?access_token=${token}&token=${token}` })).status).toBe(401)
    expect(await sessionStatus(`${NAME}=${token}`)).toBe(401)
  })

  test('that has expired, was revoked, or whose person is disabled, is nobody', async () => {
    const expired = await make()
    await sql`update console.token set expires_at = now() - interval '1 second' where id = ${expired.id}::uuid`.execute(own.db)
    const revoked = await make()
    expect((await post(revoked.person, `/api/account/tokens/${revoked.id}/revoke`, {})).status).toBe(200)
    const disabled = await make()
    await ask(own, 'PUT', `/api/people/${disabled.person.id}`, { role: 'viewer', disabled: true })
    expect(await Promise.all([expired, revoked, disabled].map(({ token }) => tokenStatus(token)))).toEqual([401, 401, 401])
    await ask(own, 'PUT', `/api/people/${disabled.person.id}`, { role: 'viewer', disabled: false })
    expect(await tokenStatus(disabled.token)).toBe(401)
  })

  test('never does more than its person may at this moment', async () => {
    const { person, token } = await make({ role: 'administrator' })
    expect(await tokenStatus(token, '/api/people')).toBe(200)
    await ask(own, 'PUT', `/api/people/${person.id}`, { role: 'viewer', disabled: false })
    expect([await tokenStatus(token, '/api/people'), await tokenStatus(token)]).toEqual([403, 200])
  })

  test('of a lesser role than its person\'s does no more than that', async () => {
    const { token } = await make({ role: 'viewer' })
    expect(await tokenStatus(token, '/api/people')).toBe(403)
  })

  test('above the own role is not given out, nor one by a token', async () => {
    const person = await somebody(own, 'viewer')
    expect((await post(person, '/api/account/tokens', { name: 'x', role: 'operator' })).status).toBe(403)
    expect((await post(own, '/api/account/tokens', { name: 'x', role: 'viewer' })).status).toBe(403)
  })

  test('of somebody else is not revoked', async () => {
    const [one, other] = [await make(), await make()]
    expect((await post(one.person, `/api/account/tokens/${other.id}/revoke`, {})).status).toBe(404)
    expect(await tokenStatus(other.token)).toBe(200)
  })

  test('is seen once and kept as a hash', async () => {
    const { person, token } = await make()
    expect(JSON.stringify((await get(person, '/api/account')).body)).not.toContain(token)
    const { rows } = await sql<{ kept: string }>`select to_jsonb(t)::text as kept from console.token t`.execute(own.db)
    expect(rows.map(({ kept }) => kept).join()).not.toContain(token)
  })

  test('that is wrong is nobody, even beside a good cookie', async () => {
    const { cookie } = await somebody(own)
    expect((await raw(own.url, { path: '/api/shell', headers: { cookie, authorization: `Bearer iu_${'A'.repeat(43)}` } })).status).toBe(401)
  })

  test('cannot be made for a person who is gone', async () => {
    const id = await addPerson(own.db, { email: 'gone@example.org', role: 'viewer' })
    const token = await giveToken(own.db, id, 'viewer')
    expect(await tokenStatus(token)).toBe(200)
    await sql`delete from console.person where id = ${id}::uuid`.execute(own.db)
    expect(await tokenStatus(token)).toBe(401)
  })
})

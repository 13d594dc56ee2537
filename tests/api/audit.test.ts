import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { makeInvitation } from '../../server/auth/invitations'
import { useConsole } from '../helpers/api'
import { PASSWORD } from '../helpers/people'
import { totp } from '../helpers/totp'
import { raw } from './raw'
import { halfSignedIn, withSecondFactor } from './second-factor'
import { get, post, somebody } from './support'

// Behind a proxy, so that it can be told apart from where somebody comes.
const own = useConsole('demo', { env: { IU_TRUST_PROXY: 'true' } })
const nobody = { fetch: (path: string, init?: RequestInit) => own.fetchAs(null, path, init) }

const attempt = (email: string, password: string, from: string) => raw(own.url, {
  method: 'POST', path: '/api/session', headers: { 'content-type': 'application/json', 'x-forwarded-for': from }, body: JSON.stringify({ email, password }),
})
/** What is on record of somebody since a moment, oldest first. */
async function recorded(who: string) {
  const { rows } = await sql<{ kind: string, outcome: string, address: string | null }>`
    select kind, outcome, address from console.audit_entry where who = ${who} order by id`.execute(own.db)
  return rows
}

test('a sign-in, a wrong password and the one too many are on record: who, from where, and what came of it', async () => {
  const { email } = await somebody(own)
  await sql`delete from console.sign_in_attempt`.execute(own.db)
  const before = (await recorded(email)).length
  await attempt(email, 'wrong', '198.51.100.1')
  await attempt(email, PASSWORD, '198.51.100.2')
  for (let n = 0; n < 11; n += 1) await attempt(email, 'wrong', '198.51.100.3')
  const since = (await recorded(email)).slice(before)
  expect(since.slice(0, 2)).toEqual([
    { kind: 'sign_in', outcome: 'refused', address: '198.51.100.1' }, { kind: 'sign_in', outcome: 'ok', address: '198.51.100.2' },
  ])
  expect(since.at(-1)).toEqual({ kind: 'sign_in', outcome: 'too_many_attempts', address: '198.51.100.3' })
})

test('a wrong code and a right one are on record', async () => {
  const person = await withSecondFactor(own)
  const before = (await recorded(person.email)).length
  const cookie = await halfSignedIn(own, person.email)
  const send = (code: string) => own.fetchAs(null, '/api/session/second-factor', {
    method: 'POST', headers: { 'content-type': 'application/json', cookie }, body: JSON.stringify({ code }),
  })
  expect((await send('000000')).status).toBe(401)
  expect((await send(totp(person.uri, 1))).status).toBe(200)
  const since = (await recorded(person.email)).slice(before)
  expect(since.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(['second_factor refused', 'sign_in ok'])
})

test('a name that is nobody\'s is not kept: it may be a password typed into the wrong field', async () => {
  const typed = `${randomUUID()}@example.org`
  await attempt(typed, 'wrong', '198.51.100.4')
  const { rows } = await sql<{ text: string }>`select a::text as text from console.audit_entry a`.execute(own.db)
  expect(rows.filter(({ text }) => text.includes(typed))).toEqual([])
  expect(rows.filter(({ text }) => text.includes('198.51.100.4'))).toHaveLength(1)
})

test('a session is for twelve hours, and using it does not make it longer', async () => {
  const { id, ...person } = await somebody(own)
  const ends = async () => {
    const { rows } = await sql<{ hours: number, at: Date }>`
      select extract(epoch from expires_at - created_at)::float8 / 3600 as hours, expires_at as at from console.session where person_id = ${id}::uuid`.execute(own.db)
    return rows
  }
  const [first] = await ends()
  expect(Math.round(first!.hours * 100) / 100).toBe(12)
  expect((await get(person, '/api/shell')).status).toBe(200)
  expect(await ends()).toEqual([first])
})

test('a link for a new password leaves the second factor', async () => {
  const person = await withSecondFactor(own)
  const { path } = await makeInvitation(own.db, { personId: person.id, by: 'a test', address: null })
  const next = 'nine-herrings-in-a-lamp'
  expect((await post(nobody, '/api/set-up', { token: path.split('#')[1], email: person.email, name: 'The same', password: next })).status).toBe(200)
  const answer = await post(nobody, '/api/session', { email: person.email, password: next })
  expect(answer.body).toEqual({ status: 'second_factor_needed' })
})

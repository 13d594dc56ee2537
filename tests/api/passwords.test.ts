/** What a password may be, and that it is taken as it was typed. */
import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import { makeInvitation } from '../../server/auth/invitations'
import { useConsole } from '../helpers/api'
import { PASSWORD } from '../helpers/people'
import { ask, post, somebody } from './support'

const own = useConsole()
const nobody = { fetch: (path: string, init?: RequestInit) => own.fetchAs(null, path, init) }
const NAME = 'Margarete Oberholzer'
/** Some 120 letters that nobody guesses. */
const LONG = 'brisk-walnut-harbour-77 nine-herrings-in-a-lamp vexing-otter 5 fjords of quiet zinc, and a clumsy abbot who juggles figs'

/** A link for a person, used with a password. */
async function choose(person: { id: string, email: string }, password: string) {
  const { path } = await makeInvitation(own.db, { personId: person.id, by: 'a test', address: null })
  return post(nobody, '/api/set-up', { token: path.split('#')[1], email: person.email, name: NAME, password })
}
const statusOf = async (email: string, password: string) => (await post(nobody, '/api/session', { email, password })).status
/** Which passwords let a person in and which do not. */
async function expectSignIns(email: string, good: string[], bad: string[]) {
  for (const [password, status] of [...good.map(one => [one, 200] as const), ...bad.map(one => [one, 401] as const)]) {
    // Or the wrong ones would use the account up.
    await sql`delete from console.sign_in_attempt`.execute(own.db)
    expect([password, await statusOf(email, password)]).toEqual([password, status])
  }
}

beforeEach(async () => {
  await sql`delete from console.sign_in_attempt`.execute(own.db)
})

describe('a password is taken as it was typed', () => {
  test('with blanks at its ends and in between, and in its letter case', async () => {
    const person = await somebody(own)
    const typed = '  Brisk Walnut  harbour 77 '
    expect((await choose(person, typed)).status).toBe(200)
    await expectSignIns(person.email, [typed], [typed.trim(), typed.trimStart(), typed.trimEnd(), typed.replace('  harbour', ' harbour'), typed.toLowerCase(), typed.toUpperCase(), `${typed} `])
  })

  test('in any script, with signs, quotes and pictures', async () => {
    const person = await somebody(own)
    const typed = 'Größe 手順 🦉 "\'\\<b>%00&amp;$1'
    expect((await choose(person, typed)).status).toBe(200)
    await expectSignIns(person.email, [typed], [typed.replace('🦉', '🦊'), typed.replace('ö', 'o'), typed.replace('ß', 'ss'), typed.replace('&amp;', '&'), typed.slice(0, -1), `${typed}x`])
  })

  test('whichever way the keyboard puts an accent on a letter', async () => {
    const person = await somebody(own)
    const typed = 'a clumsy abb\u00e9 juggles figs'
    expect((await choose(person, typed)).status).toBe(200)
    await expectSignIns(person.email, [typed, typed.normalize('NFD')], [typed.replace('\u00e9', 'e')])
  })

  test('to the last of 128 characters; one more is refused, not cut', async () => {
    const person = await somebody(own)
    const typed = `${LONG.padEnd(127, '.')}x`
    expect(typed).toHaveLength(128)
    expect((await choose(person, typed)).status).toBe(200)
    await expectSignIns(person.email, [typed], [`${typed.slice(0, -1)}y`, typed.slice(0, -1), typed.slice(0, 72), typed.slice(0, 64)])
    const longer = await choose(person, `${typed}x`)
    expect([longer.status, longer.body.error.status]).toEqual([400, 'invalid_request'])
    await expectSignIns(person.email, [typed], [])
    expect((await post(nobody, '/api/session', { email: person.email, password: `${typed}x` })).status).toBe(400)
  })

  test('when it is changed as well', async () => {
    const person = await somebody(own)
    const typed = ' Nine Herrings in a Lamp '
    expect((await ask(person, 'PUT', '/api/account/password', { current_password: PASSWORD, new_password: typed })).status).toBe(200)
    await expectSignIns(person.email, [typed], [typed.trim(), typed.toLowerCase(), PASSWORD])
  })

  test('ten years later as now: nothing ends it', async () => {
    const person = await somebody(own)
    await sql`update console.sign_in_method set created_at = now() - interval '10 years', updated_at = now() - interval '10 years' where person_id = ${person.id}::uuid`.execute(own.db)
    await expectSignIns(person.email, [PASSWORD], [])
  })
})

describe('a password that is easy to guess is refused', () => {
  const refusal = async (person: { id: string, email: string }, password: string) => {
    const { status, body } = await choose(person, password)
    return [password, status, body.error?.field]
  }

  // Each of them would do if the word in it were not the console's own.
  test.each(['operator2026!', 'operator-2026', 'C0ns0leAdm1nistrat0r'])('one of the console\'s own words, dressed up: %s', async (password) => {
    expect(await refusal(await somebody(own), password)).toEqual([password, 400, 'password'])
  })

  test.each(['administrator console', 'iu console core operator', 'IUConsoleCoreOperator', 'console-core-iu-1', 'operator console 1'])('several of them in a row: %s', async (password) => {
    expect(await refusal(await somebody(own), password)).toEqual([password, 400, 'password'])
  })

  test('made of the person\'s name or address', async () => {
    const person = await somebody(own)
    for (const password of ['margarete oberholzer', 'OberholzerMargarete', 'oberholzer-2026', person.email, person.email.split('@')[0]!]) {
      expect(await refusal(person, password)).toEqual([password, 400, 'password'])
    }
  })

  test('from the lists of common ones, and by its pattern', async () => {
    const person = await somebody(own)
    for (const password of ['passwordpassword', 'qwertyuiop123456', '123456789012', 'aaaaaaaaaaaaaaaa', 'abcdefghijklmnop', 'P@ssw0rd2026!', 'iloveyouiloveyou']) {
      expect(await refusal(person, password)).toEqual([password, 400, 'password'])
    }
    expect(await statusOf(person.email, PASSWORD)).toBe(200)
  })
})

import { sql } from 'kysely'
import { hashToken } from '../../server/auth/identify'
import { randomToken } from '../../server/auth/invitations'
import { hashPassword } from '../../server/auth/passwords'
import type { Db } from '../../server/db/client'
import type { Role } from '#shared/access'

/** The password of everybody in the tests. */
export const PASSWORD = 'vexing-otter-lamp-42'

export const emailOf = (role: Role) => `${role}@example.org`

let hash: Promise<string> | undefined

/**
 * Adds a person who can sign in with `PASSWORD`.
 * @returns the person's id
 */
export async function addPerson(db: Db, { email, role }: { email: string, role: Role }): Promise<string> {
  hash ??= hashPassword(PASSWORD)
  const { rows: [row] } = await sql<{ id: string }>`
    with person as (
      insert into console.person (email, name, role) values (${email}, ${`The ${role}`}, ${role}) returning id
    )
    insert into console.sign_in_method (person_id, provider_id, account_id, password)
    select id, 'credential', id::text, ${await hash} from person returning person_id as id`.execute(db)
  return row!.id
}

/**
 * Gives a person a token.
 * @returns the token as it goes into the Authorization header
 */
export async function giveToken(db: Db, personId: string, role: Role): Promise<string> {
  const token = `iu_${randomToken()}`
  await sql`select console.fn_token_create(${personId}::uuid, 'tests', ${role}, ${hashToken(token)}, null, null)`.execute(db)
  return token
}

/** Gives a person a second factor that counts, though no app has its secret. */
export async function addSecondFactor(db: Db, email: string): Promise<void> {
  await sql`
    with person as (update console.person set two_factor_enabled = true where email = ${email} returning id)
    insert into console.second_factor (person_id, secret, backup_codes, verified) select id, 'a secret', '[]', true from person`.execute(db)
}

/**
 * Signs in over HTTP.
 * @param url of the console
 * @returns the session's cookie, as a browser would send it
 */
export async function signIn(url: string, email: string): Promise<string> {
  const answer = await fetch(`${url}/api/session`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email, password: PASSWORD }),
  })
  const cookie = answer.headers.getSetCookie().find(text => text.startsWith('__Host-iu-session='))?.split(';')[0]
  if (!answer.ok || !cookie) throw new Error(`${email} could not sign in: ${answer.status} ${await answer.text()}`)
  return cookie
}

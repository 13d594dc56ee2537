import { sql } from 'kysely'
import { callFunction, type Db } from './client'
import { Outcome } from './runs'
import { OwnSession, Person } from '#shared/schemas/account'
import type { Role } from '#shared/access'

/** Everybody who may or might use the console, by name. */
export async function listPeople(db: Db): Promise<Person[]> {
  const { rows } = await sql`
    select p.id, p.email, p.name, p.role, p.disabled_at, p.two_factor_enabled, p.created_at,
      (select count(*) from console.session s where s.person_id = p.id and s.expires_at > now())::integer as sessions,
      (select count(*) from console.token t
       where t.person_id = p.id and t.revoked_at is null and (t.expires_at is null or t.expires_at > now()))::integer as tokens,
      exists (select from console.sign_in_method m where m.person_id = p.id) as can_sign_in,
      (select max(i.expires_at) from console.invitation i where i.person_id = p.id and i.used_at is null and i.expires_at > now())
        as invited_until
    from console.person p
    order by lower(p.name), p.email`.execute(db)
  return Person.array().parse(rows)
}

/** Whether anybody was ever let in: before that there is only the set-up. */
export async function isSetUp(db: Db): Promise<boolean> {
  const { rows: [row] } = await sql<{ yes: boolean }>`select exists (select from console.person) as yes`.execute(db)
  return row!.yes
}

/** A person's sessions, newest first. */
export async function listSessions(db: Db, personId: string, currentId: string | null): Promise<OwnSession[]> {
  const rows = await db.selectFrom('console.session').select(['id', 'ip_address', 'user_agent', 'created_at', 'expires_at'])
    .where('person_id', '=', personId).where('expires_at', '>', sql<string>`now()`).orderBy('created_at', 'desc').execute()
  return OwnSession.array().parse(rows.map(row => ({ ...row, current: row.id === currentId })))
}

/** Calls `console.fn_person_add`. */
export const addPerson = (db: Db, person: { email: string, name: string, role: Role, by: string, address: string }) =>
  callFunction(db, Outcome, sql`console.fn_person_add(${person.email}, ${person.name}, ${person.role}, ${person.by}, ${person.address})`)

/** Calls `console.fn_person_set`. */
export const setPerson = (db: Db, person: { id: string, role: Role, disabled: boolean, by: string, address: string }) =>
  callFunction(db, Outcome, sql`console.fn_person_set(${person.id}::uuid, ${person.role}, ${person.disabled}, ${person.by}, ${person.address})`)

/** Calls `console.fn_sessions_end`; without `sessionId` all of the person's sessions end. */
export const endSessions = (db: Db, which: { personId: string, sessionId: string | null, by: string, address: string }) =>
  callFunction(db, Outcome, sql`console.fn_sessions_end(${which.personId}::uuid, ${which.sessionId}::uuid, ${which.by}, ${which.address})`)

/** Calls `console.fn_second_factor_remove`. */
export const removeSecondFactor = (db: Db, which: { personId: string, by: string, address: string | null }) =>
  callFunction(db, Outcome, sql`console.fn_second_factor_remove(${which.personId}::uuid, ${which.by}, ${which.address})`)

/**
 * The address of a person, as it is kept; for records of what somebody typed.
 * @returns null when there is nobody of that address
 */
export async function findEmail(db: Db, email: string): Promise<string | null> {
  const row = await db.selectFrom('console.person').select('email').where('email', '=', email.toLowerCase()).executeTakeFirst()
  return row?.email ?? null
}

/** What a person sees of the own account, sessions and tokens apart. */
export async function findAccount(db: Db, personId: string) {
  return db.selectFrom('console.person as p')
    .select(eb => ['p.id', 'p.email', 'p.name', 'p.role', 'p.two_factor_enabled',
      eb.exists(eb.selectFrom('console.sign_in_method as m').select('m.id')
        .whereRef('m.person_id', '=', 'p.id').where('m.provider_id', '=', 'credential')).as('has_password')])
    .where('p.id', '=', personId).executeTakeFirstOrThrow()
}

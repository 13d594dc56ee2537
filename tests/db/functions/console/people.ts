import { createHash, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Db, Trx } from '../../../../server/db/client'
import type { Role } from '#shared/access'

/** What a function of the console answers. */
export type Outcome = { status: string } & Record<string, unknown>

export const sha = (text: string) => createHash('sha256').update(text).digest('hex')

/** Somebody new. @returns the id */
export async function aPerson(db: Db | Trx, role: Role = 'viewer', email = `${randomUUID()}@example.org`): Promise<string> {
  const { rows: [row] } = await sql<{ id: string }>`
    insert into console.person (email, name, role) values (${email}, 'Somebody', ${role}) returning id`.execute(db)
  return row!.id
}

const call = async (db: Db | Trx, expression: ReturnType<typeof sql>) =>
  (await sql<{ outcome: Outcome }>`select ${expression} as outcome`.execute(db)).rows[0]!.outcome

export const fn = {
  admit: (db: Db | Trx, account: string, address: string) => call(db, sql`console.fn_sign_in_admit(${sha(account)}, ${address})`),
  succeeded: (db: Db | Trx, account: string, address: string) => call(db, sql`console.fn_sign_in_succeeded(${sha(account)}, ${address})`),
  invite: (db: Db | Trx, personId: string | null, token: string) => call(db, sql`console.fn_invitation_create(${personId}::uuid, ${sha(token)}, 24, 'an administrator', '192.0.2.1')`),
  accept: (db: Db | Trx, token: string, email = 'First@Example.org') => call(db, sql`console.fn_invitation_accept(${sha(token)}, ${email}, 'A name', 'a hash', '192.0.2.1')`),
  add: (db: Db | Trx, email: string, role: Role = 'viewer') => call(db, sql`console.fn_person_add(${email}, 'Somebody', ${role}, 'an administrator', '192.0.2.1')`),
  set: (db: Db | Trx, id: string, role: Role, disabled: boolean) => call(db, sql`console.fn_person_set(${id}::uuid, ${role}, ${disabled}, 'an administrator', '192.0.2.1')`),
  endSessions: (db: Db | Trx, id: string, session: string | null) => call(db, sql`console.fn_sessions_end(${id}::uuid, ${session}::uuid, 'an administrator', '192.0.2.1')`),
  removeSecondFactor: (db: Db | Trx, id: string) => call(db, sql`console.fn_second_factor_remove(${id}::uuid, 'an administrator', '192.0.2.1')`),
  token: (db: Db | Trx, id: string, role: Role, token: string, expires: string | null = null) => call(db, sql`console.fn_token_create(${id}::uuid, 'a script', ${role}, ${sha(token)}, ${expires}::timestamptz, '192.0.2.1')`),
  revoke: (db: Db | Trx, id: string, token: string) => call(db, sql`console.fn_token_revoke(${id}::uuid, ${token}::uuid, 'an administrator', '192.0.2.1')`),
}

/** Whom a token stands for; undefined for nobody. */
export async function tokenOf(db: Db | Trx, token: string) {
  return (await sql<{ email: string, role: Role }>`select email, role from console.fn_token_person(${sha(token)})`.execute(db)).rows[0]
}

/** A session of a person. @returns its id */
export async function aSession(db: Db | Trx, personId: string): Promise<string> {
  const { rows: [row] } = await sql<{ id: string }>`
    insert into console.session (person_id, token, expires_at) values (${personId}::uuid, ${randomUUID()}, now() + interval '1 hour') returning id`.execute(db)
  return row!.id
}

/** Kind and outcome of everything in the audit, oldest first. */
export const audited = async (db: Db | Trx) =>
  (await sql<{ kind: string, outcome: string, who: string | null, subject: string | null }>`
    select kind, outcome, who, subject from console.audit_entry order by id`.execute(db)).rows

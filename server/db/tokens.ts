import { sql } from 'kysely'
import { callFunction, type Db } from './client'
import { Outcome } from './runs'
import { Token } from '#shared/schemas/account'
import type { Role } from '#shared/access'

/**
 * Who a token stands for.
 * @param hash SHA-256 of the token, in hex
 * @returns null when it is unknown, expired or revoked, or its person disabled; `sessionId` is always null
 */
export async function tokenPerson(db: Db, hash: string) {
  const { rows: [row] } = await sql<{ person_id: string, email: string, role: Role, token_name: string }>`
    select person_id, email, role, token_name from console.fn_token_person(${hash})`.execute(db)
  return row ? { id: row.person_id, name: `${row.email} (${row.token_name})`, role: row.role, sessionId: null } : null
}

/** A person's tokens, newest first, without what they are made of. */
export async function listTokens(db: Db, personId: string): Promise<Token[]> {
  const rows = await db.selectFrom('console.token')
    .select(['id', 'name', 'role', 'created_at', 'expires_at', 'last_used_at', 'revoked_at'])
    .where('person_id', '=', personId).orderBy('created_at', 'desc').orderBy('id').execute()
  return Token.array().parse(rows)
}

/** Calls `console.fn_token_create`. */
export const createToken = (db: Db, token: { personId: string, name: string, role: Role, hash: string, expiresAt: string | null, address: string }) =>
  callFunction(db, Outcome, sql`console.fn_token_create(
    ${token.personId}::uuid, ${token.name}, ${token.role}, ${token.hash}, ${token.expiresAt}::timestamptz, ${token.address})`)

/** Calls `console.fn_token_revoke`. */
export const revokeToken = (db: Db, token: { personId: string, tokenId: string, by: string, address: string }) =>
  callFunction(db, Outcome, sql`console.fn_token_revoke(${token.personId}::uuid, ${token.tokenId}::uuid, ${token.by}, ${token.address})`)

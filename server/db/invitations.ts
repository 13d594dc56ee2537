import { sql } from 'kysely'
import { callFunction, type Db } from './client'
import { Outcome } from './runs'
import { InvitationInfo } from '#shared/schemas/account'

/** Calls `console.fn_invitation_create`; without `personId` the invitation is for the first administrator. */
export const createInvitation = (db: Db, invitation: { personId: string | null, hash: string, hours: number, by: string, address: string | null }) =>
  callFunction(db, Outcome, sql`console.fn_invitation_create(
    ${invitation.personId}::uuid, ${invitation.hash}, ${invitation.hours}::integer, ${invitation.by}, ${invitation.address})`)

/** Calls `console.fn_invitation_accept`. */
export const acceptInvitation = (db: Db, accepted: { hash: string, email: string, name: string, passwordHash: string, address: string }) =>
  callFunction(db, Outcome, sql`console.fn_invitation_accept(
    ${accepted.hash}, ${accepted.email}, ${accepted.name}, ${accepted.passwordHash}, ${accepted.address})`)

/**
 * Whom a one-time link is for.
 * @param hash SHA-256 of the link's token, in hex
 * @returns null when the link is unknown, used or too old; without `email` it is for the first administrator
 */
export async function findInvitation(db: Db, hash: string): Promise<InvitationInfo | null> {
  const { rows: [row] } = await sql`
    select p.email, p.name, i.expires_at from console.invitation i
    left join console.person p on p.id = i.person_id
    where i.token_hash = ${hash} and i.used_at is null and i.expires_at > now()`.execute(db)
  return row ? InvitationInfo.parse(row) : null
}

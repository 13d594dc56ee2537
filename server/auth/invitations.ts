import { randomBytes } from 'node:crypto'
import { type H3Event, getRequestHeader } from 'h3'
import type { Db } from '../db/client'
import { acceptInvitation, createInvitation, findInvitation } from '../db/invitations'
import { Refusal } from '../db/runs'
import { FieldError } from '../utils/errors'
import { hashToken } from './identify'
import { hashPassword, weakness } from './passwords'
import { accessSettings } from './settings'
import type { InvitationInfo, InvitationLink } from '#shared/schemas/account'

const HOURS = 24
const INVALID = { status: 'invitation_invalid' }

/** 256 random bits, as they stand in links and tokens. */
export const randomToken = () => randomBytes(32).toString('base64url')

/**
 * Makes a one-time link, good for 24 hours; older ones of the same person end.
 * @param invitation `personId`: null for the first administrator; `by`: who makes it
 * @returns the path with the token behind its `#`, where no server and no log sees it, and until when it is good
 * @throws Refusal already_set_up, person_not_found
 */
export async function makeInvitation(
  db: Db, { personId, by, address }: { personId: string | null, by: string, address: string | null },
): Promise<{ path: string, expiresAt: string }> {
  const token = randomToken()
  const outcome = await createInvitation(db, { personId, hash: hashToken(token), hours: HOURS, by, address })
  if (outcome.status !== 'ok') throw new Refusal(outcome)
  return { path: `/set-up#${token}`, expiresAt: String(outcome.expires_at) }
}

/**
 * Whom a link is for.
 * @throws Refusal invitation_invalid
 */
export async function readInvitation(db: Db, token: string): Promise<InvitationInfo> {
  const info = await findInvitation(db, hashToken(token))
  if (!info) throw new Refusal(INVALID)
  return info
}

/**
 * Uses a link up: the first administrator is made, or the password of the invited person set.
 * @throws FieldError when the password is easy to guess; Refusal invitation_invalid
 */
export async function redeemInvitation(
  db: Db, { token, email, name, password, address }: { token: string, email: string, name: string, password: string, address: string },
): Promise<{ email: string }> {
  const info = await readInvitation(db, token)
  const weak = weakness(password, [info.email ?? email, name])
  if (weak) throw new FieldError('password', weak)
  const outcome = await acceptInvitation(db, { hash: hashToken(token), email, name, passwordHash: await hashPassword(password), address })
  if (outcome.status !== 'ok') throw new Refusal(outcome)
  return { email: String(outcome.email) }
}

/**
 * `makeInvitation` for a person, as a link to hand over: with the address that the administrator's browser uses.
 * @throws Refusal person_not_found
 */
export async function invitationLink(
  event: H3Event, db: Db, invitation: { personId: string, by: string, address: string },
): Promise<InvitationLink> {
  const { path, expiresAt } = await makeInvitation(db, invitation)
  return { link: `${accessSettings().origin ?? `http://${getRequestHeader(event, 'host')}`}${path}`, expires_at: expiresAt }
}

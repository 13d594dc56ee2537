import { APIError } from 'better-auth'
import { type H3Event, appendResponseHeader } from 'h3'
import { recordAudit } from '../db/audit'
import type { Db } from '../db/client'
import { findEmail } from '../db/people'
import { admitSignIn, signInSucceeded } from '../db/sign-in-limits'
import { Denied, TooMany } from '../utils/errors'
import { CLIENT_ADDRESS, clientAddress } from './address'
import { hashToken } from './identify'
import { accessLibrary } from './library'
import type { SignInAnswer } from '#shared/schemas/account'

const WRONG = 'The e-mail address or the password is wrong.'
const WRONG_CODE = 'The code is wrong, or the sign-in took too long. Codes change every 30 seconds and count once.'

/** The headers of a request as the library gets them. */
export function libraryHeaders(event: H3Event): Headers {
  const headers = new Headers(event.headers)
  headers.set(CLIENT_ADDRESS, clientAddress(event))
  return headers
}

/** Hands the library's cookies on to the browser. */
export function passCookiesOn(event: H3Event, headers: Headers): void {
  for (const cookie of headers.getSetCookie()) appendResponseHeader(event, 'set-cookie', cookie)
}

/** Whether the library refused, as opposed to having failed. */
export const isRefused = (error: unknown): boolean =>
  error instanceof APIError && error.statusCode >= 400 && error.statusCode < 500

/**
 * Counts an attempt that takes a password, before it is looked at.
 * @throws TooMany when the account or the address is over its limit
 */
export async function admit(event: H3Event, db: Db, email: string): Promise<void> {
  const admission = await admitSignIn(db, hashToken(email), clientAddress(event))
  if (admission.status === 'ok') return
  await recordAudit(db, { kind: 'sign_in', outcome: 'too_many_attempts', who: await findEmail(db, email), address: clientAddress(event) })
  throw new TooMany(admission.retry_after)
}

/**
 * Signs a person in with a password; the session's cookie goes out with the answer, or that of the second factor's wait.
 * @throws TooMany; Denied 401, the same for a wrong password, an unknown and a disabled person
 */
export async function signIn(event: H3Event, db: Db, { email, password }: { email: string, password: string }): Promise<SignInAnswer> {
  await admit(event, db, email)
  const address = clientAddress(event)
  try {
    const { headers, response } = await accessLibrary().api.signInEmail({
      body: { email, password }, headers: libraryHeaders(event), returnHeaders: true,
    })
    passCookiesOn(event, headers)
    if ('twoFactorRedirect' in response) return { status: 'second_factor_needed' }
  }
  catch (error) {
    if (!isRefused(error)) throw error
    await recordAudit(db, { kind: 'sign_in', outcome: 'refused', who: await findEmail(db, email), address })
    throw new Denied(401, WRONG)
  }
  await signInSucceeded(db, hashToken(email), address)
  await recordAudit(db, { kind: 'sign_in', outcome: 'ok', who: email, address })
  return { status: 'signed_in' }
}

/**
 * Ends a sign-in that waits for its second factor.
 * @param code six digits of the authenticator app, or a backup code
 * @throws Denied 401 when the code is wrong, was used, or nothing waits; the library locks an account after ten wrong ones
 */
export async function signInWithSecondFactor(event: H3Event, db: Db, code: string): Promise<SignInAnswer> {
  const address = clientAddress(event)
  const given = { body: { code, trustDevice: false }, headers: libraryHeaders(event), returnHeaders: true as const }
  const { api } = accessLibrary()
  try {
    const { headers, response } = /^\d{6}$/.test(code) ? await api.verifyTOTP(given) : await api.verifyBackupCode(given)
    passCookiesOn(event, headers)
    await signInSucceeded(db, hashToken(response.user.email), address)
    await recordAudit(db, { kind: 'sign_in', outcome: 'ok', who: response.user.email, address, detail: { second_factor: 'yes' } })
    return { status: 'signed_in' }
  }
  catch (error) {
    if (!isRefused(error)) throw error
    throw new Denied(401, WRONG_CODE)
  }
}

/** Ends the session that asks. */
export async function signOut(event: H3Event, db: Db, who: string): Promise<void> {
  const { headers } = await accessLibrary().api.signOut({ headers: libraryHeaders(event), returnHeaders: true })
  passCookiesOn(event, headers)
  await recordAudit(db, { kind: 'sign_out', outcome: 'ok', who, address: clientAddress(event) })
}

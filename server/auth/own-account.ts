import type { H3Event } from 'h3'
import { recordAudit } from '../db/audit'
import type { Db } from '../db/client'
import { signInSucceeded } from '../db/sign-in-limits'
import { FieldError } from '../utils/errors'
import { clientAddress } from './address'
import { type Operator, hashToken } from './identify'
import { accessLibrary } from './library'
import { weakness } from './passwords'
import { admit, isRefused, libraryHeaders, passCookiesOn } from './sign-in'
import type { SecondFactorOffer } from '#shared/schemas/account'

/** Something of the own account that takes the password once more: counted like a sign-in, and on record. */
async function withPassword<Result>(
  { event, db, user }: { event: H3Event, db: Db, user: Operator }, { kind, field }: { kind: string, field: string }, work: () => Promise<Result>,
): Promise<Result> {
  await admit(event, db, user.name)
  const address = clientAddress(event)
  try {
    const result = await work()
    await signInSucceeded(db, hashToken(user.name), address)
    await recordAudit(db, { kind, outcome: 'ok', who: user.name, address })
    return result
  }
  catch (error) {
    if (!isRefused(error)) throw error
    await recordAudit(db, { kind, outcome: 'refused', who: user.name, address })
    throw new FieldError(field, 'is not the password of this account')
  }
}

type Own = { event: H3Event, db: Db, user: Operator }

/**
 * Changes the own password and ends all other sessions.
 * @throws FieldError when the present one is wrong, or the new one is easy to guess; TooMany
 */
export async function changePassword(own: Own, { current, next }: { current: string, next: string }): Promise<void> {
  const weak = weakness(next, [own.user.name])
  if (weak) throw new FieldError('new_password', weak)
  await withPassword(own, { kind: 'password_changed', field: 'current_password' }, async () => {
    const { headers } = await accessLibrary().api.changePassword({
      body: { currentPassword: current, newPassword: next, revokeOtherSessions: true }, headers: libraryHeaders(own.event), returnHeaders: true,
    })
    passCookiesOn(own.event, headers)
  })
}

/**
 * Offers a second factor; it counts from its first right code on.
 * @throws FieldError when the password is wrong or there is one already; TooMany
 */
export const offerSecondFactor = (own: Own, password: string): Promise<SecondFactorOffer> =>
  withPassword(own, { kind: 'second_factor_offered', field: 'password' }, async () => {
    const offer = await accessLibrary().api.enableTwoFactor({ body: { password, method: 'totp' }, headers: libraryHeaders(own.event) })
    if (offer.method !== 'totp') throw new Error('another second factor than asked for')
    return { uri: offer.totpURI, backup_codes: offer.backupCodes }
  })

/**
 * Takes the first code of an offered second factor, which counts from now on.
 * @throws FieldError when it is wrong
 */
export async function confirmSecondFactor({ event, db, user }: Own, code: string): Promise<void> {
  try {
    const { headers } = await accessLibrary().api.verifyTOTP({ body: { code }, headers: libraryHeaders(event), returnHeaders: true })
    passCookiesOn(event, headers)
  }
  catch (error) {
    if (!isRefused(error)) throw error
    throw new FieldError('code', 'is wrong or was used; codes change every 30 seconds')
  }
  await recordAudit(db, { kind: 'second_factor_on', outcome: 'ok', who: user.name, address: clientAddress(event) })
}

/**
 * Takes the second factor off the account.
 * @throws FieldError when the password is wrong; TooMany
 */
export const removeSecondFactor = (own: Own, password: string): Promise<void> =>
  withPassword(own, { kind: 'second_factor_off', field: 'password' }, async () => {
    const { headers } = await accessLibrary().api.disableTwoFactor({ body: { password }, headers: libraryHeaders(own.event), returnHeaders: true })
    passCookiesOn(own.event, headers)
  })

import { totp } from '../helpers/totp'
import { PASSWORD } from '../helpers/people'
import { browser, post, somebody } from './support'
import type { Own } from './support'

/** Cookies of an answer, as a browser sends them back. */
export const cookiesOf = (headers: Headers) => headers.getSetCookie().map(cookie => cookie.split(';')[0]).join('; ')

/** Somebody new, with a second factor that waits for its first code. */
export async function withOffer(own: Own) {
  const person = await somebody(own)
  const { status, body } = await post(person, '/api/account/second-factor', { password: PASSWORD })
  if (status !== 200) throw new Error(`no second factor: ${JSON.stringify(body)}`)
  return { ...person, uri: body.uri as string, backupCodes: body.backup_codes as string[] }
}

/** Somebody new with a second factor that counts. */
export async function withSecondFactor(own: Own) {
  const person = await withOffer(own)
  const confirmed = await post(person, '/api/account/second-factor/confirm', { code: totp(person.uri) })
  if (confirmed.status !== 200) throw new Error(`not confirmed: ${JSON.stringify(confirmed.body)}`)
  const session = cookiesOf(confirmed.headers) || person.cookie
  return { ...person, ...browser(own, session), cookie: session }
}

/**
 * A sign-in of somebody with a second factor, up to the password.
 * @returns the cookie with which the code is sent
 */
export async function halfSignedIn(own: Own, email: string) {
  const answer = await post({ fetch: (path, init) => own.fetchAs(null, path, init) }, '/api/session', { email, password: PASSWORD })
  if (answer.body.status !== 'second_factor_needed') throw new Error(`not half signed in: ${JSON.stringify(answer.body)}`)
  return cookiesOf(answer.headers)
}

import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { PASSWORD, emailOf } from '../helpers/people'
import { totp } from '../helpers/totp'
import { code, email, flag, line, linkToken, newPassword, oneOf, optional, orNull, password, pathId, whole } from './kinds'
import type { WritingRoute } from './routes'
import { halfSignedIn, withOffer, withSecondFactor } from './second-factor'
import { browser, post, somebody } from './support'
import type { Own } from './support'
import {
  AcceptInvitationRequest, AddPersonRequest, ChangePasswordRequest, CreateTokenRequest, CreatedToken, InvitationInfo, InvitationLink, InvitationRequest,
  PasswordAgainRequest, SecondFactorOffer, SecondFactorRequest, SetPersonRequest, SignInAnswer, SignInRequest,
} from '#shared/schemas/account'

const Done = z.object({ status: z.literal('ok') })
const WRONG = 'not the password of anybody'
const NEW = 'brisk-walnut-harbour-77'

/** A link that was just made for somebody new. */
async function invited(own: Own) {
  const address = `${randomUUID()}@example.org`
  const { body } = await post(own, '/api/people', { email: address, name: 'Somebody', role: 'viewer' })
  return { token: String(body.link).split('#')[1]!, email: address }
}

/** Routes of sign-in, set-up, own account and people. */
export const ACCOUNTS: WritingRoute[] = [
  {
    file: 'session/index.post', answer: SignInAnswer, request: SignInRequest, fields: { email, password },
    close: async () => ({ email: 'nobody@example.org', password: WRONG }),
    succeeds: async () => ({ body: { email: emailOf('viewer'), password: PASSWORD } }),
  },
  {
    file: 'session/second-factor.post', answer: SignInAnswer, request: SecondFactorRequest, fields: { code },
    close: async () => ({ code: '000000' }),
    succeeds: async (own) => {
      const person = await withSecondFactor(own)
      return { body: { code: totp(person.uri, 1) }, as: browser(own, await halfSignedIn(own, person.email)) }
    },
  },
  {
    file: 'set-up/check.post', answer: InvitationInfo, request: InvitationRequest, fields: { token: linkToken },
    close: async () => ({ token: 'no-such-link' }),
    succeeds: async own => ({ body: { token: (await invited(own)).token } }),
  },
  {
    file: 'set-up/index.post', answer: SignInAnswer, request: AcceptInvitationRequest,
    fields: { token: linkToken, email, name: line(200), password: newPassword },
    close: async () => ({ token: 'no-such-link', email: 'nobody@example.org', name: 'Nobody', password: NEW }),
    succeeds: async own => ({ body: { ...await invited(own), name: 'Somebody', password: NEW } }),
  },
  {
    file: 'account/password.put', answer: Done, request: ChangePasswordRequest, fields: { current_password: password, new_password: newPassword },
    close: async () => ({ current_password: WRONG, new_password: NEW }), judgedByAccount: 'current_password',
    succeeds: async own => ({ body: { current_password: PASSWORD, new_password: NEW }, as: await somebody(own) }),
  },
  {
    file: 'account/second-factor/index.post', answer: SecondFactorOffer, request: PasswordAgainRequest, fields: { password },
    close: async () => ({ password: WRONG }), judgedByAccount: 'password',
    succeeds: async own => ({ body: { password: PASSWORD }, as: await somebody(own) }),
  },
  {
    file: 'account/second-factor/confirm.post', answer: Done, request: SecondFactorRequest, fields: { code },
    close: async () => ({ code: '000000' }), judgedByAccount: 'code',
    succeeds: async (own) => {
      const person = await withOffer(own)
      return { body: { code: totp(person.uri) }, as: person }
    },
  },
  {
    file: 'account/second-factor/remove.post', answer: Done, request: PasswordAgainRequest, fields: { password },
    close: async () => ({ password: WRONG }), judgedByAccount: 'password',
    succeeds: async own => ({ body: { password: PASSWORD }, as: await withSecondFactor(own) }),
  },
  {
    file: 'account/tokens/index.post', answer: CreatedToken, request: CreateTokenRequest,
    fields: { name: line(100), role: oneOf, days: optional(orNull(whole(1, 3650))) },
    close: async () => ({ name: 'a token', role: 'viewer', days: 1 }),
    succeeds: async own => ({ body: { name: 'a token', role: 'viewer', days: 1 }, as: await somebody(own) }),
  },
  {
    file: 'people/index.post', answer: InvitationLink, request: AddPersonRequest, fields: { email, name: line(200), role: oneOf },
    close: async () => ({ email: emailOf('viewer'), name: 'The viewer', role: 'viewer' }),
    succeeds: async () => ({ body: { email: `${randomUUID()}@example.org`, name: 'Somebody', role: 'operator' } }),
  },
  {
    file: 'people/[id]/index.put', answer: Done, path: { id: pathId }, params: { id: randomUUID() }, request: SetPersonRequest,
    fields: { role: oneOf, disabled: flag },
    close: async () => ({ role: 'viewer', disabled: false }),
    succeeds: async own => ({ params: { id: (await somebody(own)).id }, body: { role: 'operator', disabled: true } }),
  },
]

import { z } from 'zod'
import { Id, Timestamp, oneLine, storable } from './common'
import { ROLES } from '../access'

/** The role of a person or a token. */
export const RoleName = z.enum(ROLES, { error: 'must be viewer, operator or administrator' })

const Email = oneLine(z.string().trim().toLowerCase().max(254, 'at most 254 characters')
  .regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address'))
const PersonName = oneLine(z.string().trim().min(1, 'a name is needed').max(200, 'at most 200 characters'))
/** As it is typed to sign in: whatever it is, it is either right or wrong. */
const Password = storable(z.string().min(1, 'a password is needed').max(128, 'at most 128 characters'))
/** As it is chosen. */
const NewPassword = storable(z.string().min(12, 'at least 12 characters').max(128, 'at most 128 characters'))
const LinkToken = z.string().min(1, 'the link is not complete').max(200)
const Code = z.string().trim().min(6, 'the code has 6 digits').max(32)

/** A path of this console, and of no other host. */
export const ComeBackQuery = z.object({ to: z.string().max(2000).regex(/^\/(?![/\\])[^\\\p{Cc}]*$/u, 'must be a path of this console').default('/') })

/** `POST /api/session` */
export const SignInRequest = z.object({ email: Email, password: Password }).strict()
/** `POST /api/session/second-factor`: a code of the authenticator app, or one of the backup codes. */
export const SecondFactorRequest = z.object({ code: Code }).strict()
/** What a sign-in is answered with: done, or the second factor is still wanted. */
export const SignInAnswer = z.object({ status: z.enum(['signed_in', 'second_factor_needed']) })
export type SignInAnswer = z.infer<typeof SignInAnswer>

/** `GET /api/session`: who is signed in. */
export const SignedIn = z.object({ id: Id, name: z.string(), role: RoleName })
export type SignedIn = z.infer<typeof SignedIn>
/** `GET /api/session/ways`: how one can sign in here. */
export const SignInWays = z.object({ is_set_up: z.boolean(), oidc: z.string().nullable() })
export type SignInWays = z.infer<typeof SignInWays>

/** `POST /api/set-up/check` and `POST /api/set-up`: the one-time link, and what is chosen with it. */
export const InvitationRequest = z.object({ token: LinkToken }).strict()
export const AcceptInvitationRequest = z.object({ token: LinkToken, email: Email, name: PersonName, password: NewPassword }).strict()
/** Whom a link is for; without an address it is for the first administrator. */
export const InvitationInfo = z.object({ email: z.string().nullable(), name: z.string().nullable(), expires_at: Timestamp })
export type InvitationInfo = z.infer<typeof InvitationInfo>
/** A link that was made: shown once. */
export const InvitationLink = z.object({ link: z.string(), expires_at: Timestamp })
export type InvitationLink = z.infer<typeof InvitationLink>

/** One browser that is signed in. */
export const OwnSession = z.object({
  id: Id, ip_address: z.string().nullable(), user_agent: z.string().nullable(), created_at: Timestamp, expires_at: Timestamp,
  /** The one that asks. */
  current: z.boolean(),
})
export type OwnSession = z.infer<typeof OwnSession>

/** A token, without what it is made of. */
export const Token = z.object({
  id: Id, name: z.string(), role: RoleName, created_at: Timestamp, expires_at: Timestamp.nullable(),
  last_used_at: Timestamp.nullable(), revoked_at: Timestamp.nullable(),
})
export type Token = z.infer<typeof Token>
export const CreateTokenRequest = z.object({
  name: oneLine(z.string().trim().min(1, 'a name is needed').max(100, 'at most 100 characters')),
  role: RoleName,
  /** null: until it is revoked. */
  days: z.number().int().min(1).max(3650).nullable().default(90),
}).strict()
/** A token that was made: the only time it is seen. */
export const CreatedToken = z.object({ token: z.string(), token_id: Id })
export type CreatedToken = z.infer<typeof CreatedToken>

/** `GET /api/account` */
export const Account = z.object({
  id: Id, email: z.string(), name: z.string(), role: RoleName, two_factor_enabled: z.boolean(), has_password: z.boolean(),
  sessions: z.array(OwnSession), tokens: z.array(Token),
})
export type Account = z.infer<typeof Account>
export const ChangePasswordRequest = z.object({ current_password: Password, new_password: NewPassword }).strict()
/** The password once more, before the second factor is changed. */
export const PasswordAgainRequest = z.object({ password: Password }).strict()
/** A second factor that waits for its first code. */
export const SecondFactorOffer = z.object({ uri: z.string(), backup_codes: z.array(z.string()) })
export type SecondFactorOffer = z.infer<typeof SecondFactorOffer>

/** One person of `GET /api/people`. */
export const Person = z.object({
  id: Id, email: z.string(), name: z.string(), role: RoleName, disabled_at: Timestamp.nullable(), two_factor_enabled: z.boolean(),
  created_at: Timestamp, sessions: z.number().int(), tokens: z.number().int(),
  /** Whether there is a password or an identity provider's account. */
  can_sign_in: z.boolean(),
  invited_until: Timestamp.nullable(),
})
export type Person = z.infer<typeof Person>
export const PersonList = z.object({ people: z.array(Person) })
export type PersonList = z.infer<typeof PersonList>
export const AddPersonRequest = z.object({ email: Email, name: PersonName, role: RoleName }).strict()
export const SetPersonRequest = z.object({ role: RoleName, disabled: z.boolean() }).strict()

import { APIError, betterAuth } from 'better-auth'
import { genericOAuth, twoFactor } from 'better-auth/plugins'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { recordAudit } from '../db/audit'
import { consoleDb } from '../utils/database'
import { log } from '../utils/log'
import { CLIENT_ADDRESS } from './address'
import { codesCountOnce } from './one-time-codes'
import { hashPassword, verifyPassword } from './passwords'
import { type AccessSettings, accessSettings } from './settings'

/** A working day: after that one signs in again, whatever one was doing. */
const SESSION_SECONDS = 12 * 60 * 60
/** Between password and second factor. */
const HALF_DONE_SECONDS = 10 * 60

/** The provider's name in addresses and in `console.sign_in_method`. */
export const OIDC = 'oidc'

/** Why the sign-in page says that a provider's word was not enough. */
export const DISABLED = 'not_let_in'
const fromProvider = (context: { path: string } | null | undefined) => context?.path.startsWith('/callback/') ?? false

const WRONG = { message: 'Invalid email or password', code: 'INVALID_EMAIL_OR_PASSWORD' }

const snake = (...fields: string[]) => Object.fromEntries(
  fields.map(field => [field, field === 'userId' ? 'person_id' : field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)]))

/** `__Host-`: set by this very host, over TLS or on this machine, for all of it and for nobody else. */
const cookie = (name: string) => ({ name: `__Host-iu-${name}`, attributes: { secure: true, httpOnly: true, sameSite: 'lax' as const, path: '/' } })

let shared: pg.Pool | undefined

/** Its own few connections: the library wants dates as objects, the console as text. */
function connection() {
  if (shared) return shared
  const databaseUrl = process.env.DATABASE_URL
  if (!databaseUrl) throw new Error('DATABASE_URL is not set')
  const pool = new pg.Pool({
    connectionString: databaseUrl, max: 4, application_name: 'iu-console-access', options: '-c timezone=UTC',
    connectionTimeoutMillis: 5_000, statement_timeout: 5_000, keepAlive: true,
  })
  pool.on('error', error => log.warn({ err: error.message }, 'an idle database connection broke'))
  pool.on('connect', client => client.on('error', () => {}))
  return shared = pool
}

function open({ provider }: { provider: AccessSettings['oidc'] }) {
  const { secret, origin } = accessSettings()
  return betterAuth({
    appName: 'IU Console',
    secret,
    baseURL: origin ?? `http://127.0.0.1:${process.env.PORT || 3000}`,
    // Where the identity provider sends people back to: server/api/session/callback/oidc.get.ts.
    basePath: '/api/session',
    database: { db: new Kysely({ dialect: new PostgresDialect({ pool: connection() }) }).withSchema('console'), type: 'postgres', transaction: true },
    telemetry: { enabled: false },
    // Its own page of errors is not mounted.
    onAPIError: { errorURL: '/sign-in' },
    // It would tell "not found" from "wrong" in the log, and errors of the database with their values.
    logger: { disabled: true },
    // Sign-ins are limited in the database, by account too: console.fn_sign_in_admit.
    rateLimit: { enabled: false },
    user: {
      modelName: 'person',
      fields: snake('emailVerified', 'createdAt', 'updatedAt'),
      additionalFields: {
        role: { type: 'string', input: false, required: true },
        disabledAt: { type: 'date', input: false, required: false, fieldName: 'disabled_at' },
      },
    },
    session: {
      modelName: 'session',
      fields: snake('userId', 'expiresAt', 'createdAt', 'updatedAt', 'ipAddress', 'userAgent'),
      expiresIn: SESSION_SECONDS,
      disableSessionRefresh: true,
      // Looked up each time: a session that was ended has ended.
      cookieCache: { enabled: false },
    },
    account: {
      modelName: 'sign_in_method',
      fields: snake('userId', 'accountId', 'providerId', 'accessToken', 'refreshToken', 'idToken', 'accessTokenExpiresAt', 'refreshTokenExpiresAt', 'createdAt', 'updatedAt'),
      updateAccountOnSignIn: false,
      // An account of the provider is taken for a person's where the provider has verified the same address.
      accountLinking: { enabled: true },
    },
    verification: { modelName: 'verification', fields: snake('expiresAt', 'createdAt', 'updatedAt') },
    emailAndPassword: { enabled: true, disableSignUp: true, maxPasswordLength: 128, password: { hash: hashPassword, verify: verifyPassword } },
    plugins: [
      twoFactor({
        issuer: 'IU Console',
        twoFactorCookieMaxAge: HALF_DONE_SECONDS,
        schema: {
          user: { fields: snake('twoFactorEnabled') },
          twoFactor: { modelName: 'second_factor', fields: snake('userId', 'backupCodes', 'failedVerificationCount', 'lockedUntil') },
        },
      }),
      codesCountOnce,
      ...(provider
        ? [genericOAuth({ config: [{
            providerId: OIDC,
            discoveryUrl: `${provider.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
            clientId: provider.clientId,
            clientSecret: provider.clientSecret,
            scopes: ['openid', 'email', 'profile'],
            pkce: true,
            // Without the provider's keys its word is worth nothing: then there is no sign-in, not one that is taken on trust.
            requireIdTokenVerification: true,
            // Only people an administrator has added.
            disableImplicitSignUp: true,
            disableSignUp: true,
          }] })]
        : []),
    ],
    databaseHooks: {
      account: {
        // What the provider gives out has shown who somebody is; nothing is asked with it later.
        create: { before: async account => ({ data: { ...account, accessToken: null, refreshToken: null, idToken: null, accessTokenExpiresAt: null, refreshTokenExpiresAt: null } }) },
      },
      session: {
        create: {
          before: async (session, context) => {
            const person = await context?.context.internalAdapter.findUserById(session.userId) as { disabledAt?: Date | null } | null | undefined
            if (!person || person.disabledAt) throw new APIError('UNAUTHORIZED', fromProvider(context) ? { message: 'Not let in', code: DISABLED } : WRONG)
          },
          after: async (session, context) => {
            if (!context) return
            // A browser has one session: whoever signs in anew, as himself or as another, leaves none behind.
            const before = await context.getSignedCookie(context.context.authCookies.sessionToken.name, context.context.secret)
            if (before && before !== session.token) await context.context.internalAdapter.deleteSession(before)
            // Passwords and codes are written down where they are checked.
            if (!fromProvider(context)) return
            const person = await context.context.internalAdapter.findUserById(session.userId)
            await recordAudit(consoleDb(), { kind: 'sign_in', outcome: 'ok', who: person?.email ?? null, address: session.ipAddress ?? null, detail: { by: OIDC } })
          },
        },
      },
    },
    advanced: {
      useSecureCookies: false,
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS] },
      database: { generateId: 'uuid' },
      cookies: {
        session_token: cookie('session'),
        two_factor: cookie('second-factor'),
        dont_remember: cookie('short'),
        trust_device: cookie('device'),
        state: cookie('state'),
        oauth_state: cookie('oauth-state'),
      },
    },
  })
}

let library: ReturnType<typeof open> | undefined
let withProvider: ReturnType<typeof open> | undefined

/**
 * The sign-in library on the console's database: password hashes, session cookies, second factor.
 * Only `server/auth` speaks to it; none of its own routes is reachable.
 * @throws Error when DATABASE_URL or a setting of access is missing
 */
export const accessLibrary = () => library ??= open({ provider: null })

/**
 * The same with the identity provider. Apart, because it answers nothing before the provider has told its addresses, and
 * passwords and sessions do not wait for that.
 * @throws Error as `accessLibrary`
 */
export const providerLibrary = () => withProvider ??= open({ provider: accessSettings().oidc })

/**
 * Lets the next sign-in ask the identity provider for its addresses again: the library does so once, and goes without a
 * provider that was away.
 * @param library the one that went without; a newer one stays
 */
export function askProviderAnew(library: ReturnType<typeof providerLibrary>): void {
  if (withProvider === library) withProvider = undefined
}

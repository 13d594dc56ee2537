import { createHmac, timingSafeEqual } from 'node:crypto'
import { APIError } from 'better-auth'
import { createAuthMiddleware, getSessionFromCtx } from 'better-auth/api'
import { symmetricDecrypt } from 'better-auth/crypto'
import { recordAudit } from '../db/audit'
import { findSecret, spendStep } from '../db/second-factors'
import { consoleDb } from '../utils/database'
import { CLIENT_ADDRESS } from './address'

const STEP_MS = 30_000
/** The clocks of telephones are a little off: the code before and the one after are good as well. */
const STEPS_OFF = [1, 0, -1]

type HookContext = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0]

/** RFC 6238, with six digits. */
function codeAt(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', secret).update(counter).digest()
  const number = digest.readUInt32BE(digest.at(-1)! & 0xF) & 0x7FFFFFFF
  return String(number % 1_000_000).padStart(6, '0')
}

/** The step of time that a code belongs to; undefined when it is none of now. */
function stepOf(secret: string, code: string): number | undefined {
  const now = Math.floor(Date.now() / STEP_MS)
  const given = Buffer.from(code)
  return STEPS_OFF.map(off => now + off).find(step => given.length === 6 && timingSafeEqual(given, Buffer.from(codeAt(secret, step))))
}

/** Whose code it is, as the library sees it: the person who is signed in, or else who has given the password. */
async function personOf(context: HookContext): Promise<string | undefined> {
  const session = await getSessionFromCtx(context)
  if (session) return session.user.id
  const { name } = context.context.createAuthCookie('two_factor')
  const waiting = await context.getSignedCookie(name, context.context.secret)
  return waiting ? (await context.context.internalAdapter.findVerificationValue(waiting))?.value : undefined
}

/**
 * For the sign-in library, which takes a code as often as it comes while its time lasts: a code counts once. One that was
 * used is handed on as a wrong one, so it is answered and counted like that. And a wrong one stands in the audit.
 */
export const codesCountOnce = {
  id: 'codes-count-once',
  hooks: {
    before: [{
      matcher: ({ path }: { path?: string }) => path === '/two-factor/verify-totp',
      handler: createAuthMiddleware(async (context) => {
        const personId = await personOf(context)
        const kept = personId && await findSecret(consoleDb(), personId)
        const secret = kept && await symmetricDecrypt({ key: context.context.secretConfig, data: kept })
        const step = secret ? stepOf(secret, context.body.code) : undefined
        if (personId && step !== undefined && await spendStep(consoleDb(), personId, step)) return
        return { context: { body: { code: '' } } }
      }),
    }],
    // Only here it is known whose code was wrong: the request itself does not say.
    after: [{
      matcher: ({ path }: { path?: string }) => path === '/two-factor/verify-totp' || path === '/two-factor/verify-backup-code',
      handler: createAuthMiddleware(async (context) => {
        if (!(context.context.returned instanceof APIError)) return
        const personId = await personOf(context)
        const person = personId ? await context.context.internalAdapter.findUserById(personId) : null
        await recordAudit(consoleDb(), { kind: 'second_factor', outcome: 'refused', who: person?.email ?? null, address: context.headers?.get(CLIENT_ADDRESS) ?? null })
      }),
    }],
  },
}

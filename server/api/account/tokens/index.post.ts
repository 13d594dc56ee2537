import { readValidatedBody } from 'h3'
import { hashToken } from '../../../auth/identify'
import { randomToken } from '../../../auth/invitations'
import { settled } from '../../../db/runs'
import { createToken } from '../../../db/tokens'
import { CreateTokenRequest } from '#shared/schemas/account'

const DAY_MS = 24 * 60 * 60_000

/** POST /api/account/tokens: make a token; the answer is the only time it is seen. */
export default defineConsoleHandler('POST /api/account/tokens', async (event, { db, user, address }) => {
  const { name, role, days } = await readValidatedBody(event, CreateTokenRequest.parse)
  const token = `iu_${randomToken()}`
  const expiresAt = days === null ? null : new Date(Date.now() + days * DAY_MS).toISOString()
  const { token_id } = settled(await createToken(db, { personId: user.id, name, role, hash: hashToken(token), expiresAt, address }))
  return { token, token_id }
})

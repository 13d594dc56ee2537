import { readValidatedBody } from 'h3'
import { readInvitation } from '../../auth/invitations'
import { InvitationRequest } from '#shared/schemas/account'

/** POST /api/set-up/check: whom a one-time link is for. In a body, because addresses are kept in logs. */
export default defineConsoleHandler('POST /api/set-up/check', async (event, { db }) => {
  const { token } = await readValidatedBody(event, InvitationRequest.parse)
  return readInvitation(db, token)
})

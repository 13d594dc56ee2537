import { readValidatedBody } from 'h3'
import { redeemInvitation } from '../../auth/invitations'
import { signIn } from '../../auth/sign-in'
import { AcceptInvitationRequest } from '#shared/schemas/account'

/** POST /api/set-up: use a one-time link up, and sign in with the password that was chosen. */
export default defineConsoleHandler('POST /api/set-up', async (event, { db, address }) => {
  const body = await readValidatedBody(event, AcceptInvitationRequest.parse)
  const { email } = await redeemInvitation(db, { ...body, address })
  return signIn(event, db, { email, password: body.password })
})

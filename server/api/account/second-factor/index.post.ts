import { readValidatedBody } from 'h3'
import { offerSecondFactor } from '../../../auth/own-account'
import { PasswordAgainRequest } from '#shared/schemas/account'

/** POST /api/account/second-factor: offer a second factor; it counts once a first code was right. */
export default defineConsoleHandler('POST /api/account/second-factor', async (event, { db, user }) => {
  const { password } = await readValidatedBody(event, PasswordAgainRequest.parse)
  return offerSecondFactor({ event, db, user }, password)
})

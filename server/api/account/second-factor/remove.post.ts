import { readValidatedBody } from 'h3'
import { removeSecondFactor } from '../../../auth/own-account'
import { PasswordAgainRequest } from '#shared/schemas/account'

/** POST /api/account/second-factor/remove: sign in with the password alone again. */
export default defineConsoleHandler('POST /api/account/second-factor/remove', async (event, { db, user }) => {
  const { password } = await readValidatedBody(event, PasswordAgainRequest.parse)
  await removeSecondFactor({ event, db, user }, password)
  return { status: 'ok' }
})

import { readValidatedBody } from 'h3'
import { signInWithSecondFactor } from '../../auth/sign-in'
import { SecondFactorRequest } from '#shared/schemas/account'

/** POST /api/session/second-factor: end a sign-in that waits for its second factor. */
export default defineConsoleHandler('POST /api/session/second-factor', async (event, { db }) => {
  const { code } = await readValidatedBody(event, SecondFactorRequest.parse)
  return signInWithSecondFactor(event, db, code)
})

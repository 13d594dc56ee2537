import { readValidatedBody } from 'h3'
import { confirmSecondFactor } from '../../../auth/own-account'
import { SecondFactorRequest } from '#shared/schemas/account'

/** POST /api/account/second-factor/confirm: the first code of an offered second factor. */
export default defineConsoleHandler('POST /api/account/second-factor/confirm', async (event, { db, user }) => {
  const { code } = await readValidatedBody(event, SecondFactorRequest.parse)
  await confirmSecondFactor({ event, db, user }, code)
  return { status: 'ok' }
})

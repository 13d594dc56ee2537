import { readValidatedBody } from 'h3'
import { signIn } from '../../auth/sign-in'
import { SignInRequest } from '#shared/schemas/account'

/** POST /api/session: sign in with a password. */
export default defineConsoleHandler('POST /api/session', async (event, { db }) =>
  signIn(event, db, await readValidatedBody(event, SignInRequest.parse)))

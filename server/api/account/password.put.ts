import { readValidatedBody } from 'h3'
import { changePassword } from '../../auth/own-account'
import { ChangePasswordRequest } from '#shared/schemas/account'

/** PUT /api/account/password: change the own password; all other sessions end. */
export default defineConsoleHandler('PUT /api/account/password', async (event, { db, user }) => {
  const body = await readValidatedBody(event, ChangePasswordRequest.parse)
  await changePassword({ event, db, user }, { current: body.current_password, next: body.new_password })
  return { status: 'ok' }
})

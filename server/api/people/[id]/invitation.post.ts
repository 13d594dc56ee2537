import { getValidatedRouterParams } from 'h3'
import { invitationLink } from '../../../auth/invitations'
import { IdParam } from '#shared/schemas/common'

/** POST /api/people/:id/invitation: a new one-time link, for somebody who has not come in yet or lost the password. */
export default defineConsoleHandler('POST /api/people/:id/invitation', async (event, { db, user, address }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  return invitationLink(event, db, { personId: id, by: user.name, address })
})

import { getValidatedRouterParams } from 'h3'
import { endSessions } from '../../../../db/people'
import { settled } from '../../../../db/runs'
import { IdParam } from '#shared/schemas/common'

/** POST /api/account/sessions/:id/end: end one of the own sessions. */
export default defineConsoleHandler('POST /api/account/sessions/:id/end', async (event, { db, user, address }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  return settled(await endSessions(db, { personId: user.id, sessionId: id, by: user.name, address }))
})

import { getValidatedRouterParams } from 'h3'
import { endSessions } from '../../../../db/people'
import { settled } from '../../../../db/runs'
import { IdParam } from '#shared/schemas/common'

/** POST /api/people/:id/sessions/end: end all sessions of a person. */
export default defineConsoleHandler('POST /api/people/:id/sessions/end', async (event, { db, user, address }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  return settled(await endSessions(db, { personId: id, sessionId: null, by: user.name, address }))
})

import { getValidatedRouterParams } from 'h3'
import { scaleoutProgress } from '../../db/scaleouts'
import { IdParam } from '#shared/schemas/common'

/** GET /api/scaleouts/:id: how far the run of this preview is, and which record it has left. */
export default defineConsoleHandler('GET /api/scaleouts/:id', async (event, { db }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  return scaleoutProgress(db, id)
})

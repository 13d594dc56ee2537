import { getValidatedRouterParams } from 'h3'
import { getInstance } from '../../db/instances'
import { NotFound } from '../../utils/errors'
import { IdParam } from '#shared/schemas/common'

/** GET /api/instances/:id: one instance with its drift by piece. */
export default defineConsoleHandler('GET /api/instances/:id', async (event, { db }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  const instance = await getInstance(db, id)
  if (!instance) throw new NotFound('There is no instance with this id.')
  return instance
})

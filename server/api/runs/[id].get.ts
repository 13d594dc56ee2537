import { getValidatedRouterParams } from 'h3'
import { getRun } from '../../db/runs'
import { NotFound } from '../../utils/errors'
import { IdParam } from '#shared/schemas/common'

/** GET /api/runs/:id: one recorded preview or run. */
export default defineConsoleHandler('GET /api/runs/:id', async (event, { db }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  const run = await getRun(db, id)
  if (!run) throw new NotFound('There is no run with this id.')
  return run
})

import { getValidatedRouterParams } from 'h3'
import { getTemplate } from '../../db/templates'
import { NotFound } from '../../utils/errors'
import { IdParam } from '#shared/schemas/common'

/** GET /api/templates/:id */
export default defineConsoleHandler('GET /api/templates/:id', async (event, { db }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  const template = await getTemplate(db, id)
  if (!template) throw new NotFound('There is no template with this id.')
  return template
})

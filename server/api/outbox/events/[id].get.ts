import { getValidatedRouterParams } from 'h3'
import { getOutboxEvent } from '../../../db/outbox'
import { NotFound } from '../../../utils/errors'
import { IdParam } from '#shared/schemas/common'

/** GET /api/outbox/events/:id: one event with its payload, deliveries and attempts. */
export default defineConsoleHandler('GET /api/outbox/events/:id', async (event, { db }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  const found = await getOutboxEvent(db, id)
  if (!found) throw new NotFound('There is no such event.')
  return found
})

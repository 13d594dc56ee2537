import { getValidatedQuery } from 'h3'
import { pickOutboxEvents } from '../db/events'
import { SearchQuery } from '#shared/schemas/shell'

/** GET /api/outbox?q=: events an orchestration can start from. */
export default defineConsoleHandler('GET /api/outbox', async (event, { db }) => {
  const { q } = await getValidatedQuery(event, SearchQuery.strict().parse)
  return pickOutboxEvents(db, q)
})

import { getValidatedQuery } from 'h3'
import { listActors } from '../db/events'
import { SearchQuery } from '#shared/schemas/shell'

/** GET /api/actors?q=: actors whose events made instances. */
export default defineConsoleHandler('GET /api/actors', async (event, { db }) => {
  const { q } = await getValidatedQuery(event, SearchQuery.strict().parse)
  return { rows: await listActors(db, q) }
})

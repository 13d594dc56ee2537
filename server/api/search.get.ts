import { getValidatedQuery } from 'h3'
import { search } from '../db/shell'
import { SearchQuery } from '#shared/schemas/shell'

/** GET /api/search?q=: templates, families, instances, pieces and actors for the search box. */
export default defineConsoleHandler('GET /api/search', async (event, { db }) => {
  const { q } = await getValidatedQuery(event, SearchQuery.strict().parse)
  return { hits: await search(db, q) }
})

import { getValidatedQuery } from 'h3'
import { sharingMatrix } from '../../db/sharing'
import { SharingQuery } from '#shared/schemas/sharing'

/** GET /api/sharing?q=: templates and how many pieces each two of them share. */
export default defineConsoleHandler('GET /api/sharing', async (event, { db }) => {
  const { q } = await getValidatedQuery(event, SharingQuery.parse)
  return sharingMatrix(db, q)
})

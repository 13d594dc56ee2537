import { getValidatedQuery } from 'h3'
import { sharedPieces } from '../../db/sharing'
import { SharedPiecesQuery } from '#shared/schemas/sharing'

/** GET /api/sharing/pieces?one=&other=: the pieces that two templates both hold. */
export default defineConsoleHandler('GET /api/sharing/pieces', async (event, { db }) => {
  const { one, other } = await getValidatedQuery(event, SharedPiecesQuery.parse)
  return sharedPieces(db, one, other)
})

import { getValidatedQuery } from 'h3'
import { listPieces } from '../../db/pieces'
import { PieceQuery } from '#shared/schemas/piece'

/** GET /api/pieces: pieces by address, without their texts. */
export default defineConsoleHandler('GET /api/pieces', async (event, { db }) =>
  listPieces(db, await getValidatedQuery(event, PieceQuery.strict().parse)))

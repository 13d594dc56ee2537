import { getValidatedRouterParams } from 'h3'
import { getPiece } from '../../db/pieces'
import { NotFound } from '../../utils/errors'
import { IdParam } from '#shared/schemas/common'

/** GET /api/pieces/:id: a piece, its text and who holds it. */
export default defineConsoleHandler('GET /api/pieces/:id', async (event, { db }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  const piece = await getPiece(db, id)
  if (!piece) throw new NotFound('There is no piece with this id.')
  return piece
})

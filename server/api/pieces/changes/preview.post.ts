import { readValidatedBody } from 'h3'
import { PIECE_CHANGES } from '../../../db/piece-changes'
import { type Command, previewCommand } from '../../../db/runs'
import { PieceChangeRequest } from '#shared/schemas/piece-change'

/** POST /api/pieces/changes/preview: change a piece's life in a transaction that is rolled back. */
export default defineConsoleHandler('POST /api/pieces/changes/preview', async (event, { db, asked }) => {
  const { change, ...parameters } = await readValidatedBody(event, PieceChangeRequest.parse)
  const reason = ('reason' in parameters ? parameters.reason : null) ?? undefined
  return previewCommand(db, PIECE_CHANGES[change] as Command<unknown>, parameters, { ...asked, reason })
})

import { readValidatedBody } from 'h3'
import { lineageErasure } from '../../db/retirements'
import { previewCommand } from '../../db/runs'
import { LineageErasureRequest } from '#shared/schemas/scaleout'

/** POST /api/lineage-erasures/preview: erase the lineage of what an actor made, in a transaction that is rolled back. */
export default defineConsoleHandler('POST /api/lineage-erasures/preview', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, LineageErasureRequest.parse)
  return previewCommand(db, lineageErasure, body, asked)
})

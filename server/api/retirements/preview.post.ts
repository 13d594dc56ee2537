import { readValidatedBody } from 'h3'
import { retirement } from '../../db/retirements'
import { previewCommand } from '../../db/runs'
import { RetirementRequest } from '#shared/schemas/scaleout'

/** POST /api/retirements/preview: retire what an actor made, in a transaction that is rolled back. */
export default defineConsoleHandler('POST /api/retirements/preview', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, RetirementRequest.parse)
  return previewCommand(db, retirement, body, { ...asked, reason: body.reason ?? undefined })
})

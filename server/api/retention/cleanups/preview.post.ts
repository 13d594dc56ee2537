import { readValidatedBody } from 'h3'
import { retentionCommand } from '../../../db/retention'
import { previewCommand } from '../../../db/runs'
import { RetentionRequest } from '#shared/schemas/retention'

/** POST /api/retention/cleanups/preview: run the check or the cleanup in a transaction that is rolled back. */
export default defineConsoleHandler('POST /api/retention/cleanups/preview', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, RetentionRequest.parse)
  return previewCommand(db, retentionCommand(body), body, asked)
})

import { readValidatedBody } from 'h3'
import { retentionCleanup } from '../../../db/retention'
import { previewCommand } from '../../../db/runs'
import { RetentionRequest } from '#shared/schemas/retention'

/** POST /api/retention/cleanups/preview: run the cleanup in a transaction that is itself rolled back. */
export default defineConsoleHandler('POST /api/retention/cleanups/preview', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, RetentionRequest.parse)
  return previewCommand(db, retentionCleanup, body, asked)
})

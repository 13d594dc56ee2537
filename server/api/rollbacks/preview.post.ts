import { readValidatedBody } from 'h3'
import { rollback } from '../../db/rollbacks'
import { previewCommand } from '../../db/runs'
import { RollbackRequest } from '#shared/schemas/run'

/** POST /api/rollbacks/preview: run the rollback in a transaction that is itself rolled back. */
export default defineConsoleHandler('POST /api/rollbacks/preview', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, RollbackRequest.parse)
  return previewCommand(db, rollback, body, asked)
})

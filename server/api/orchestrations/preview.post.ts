import { readValidatedBody } from 'h3'
import { orchestration } from '../../db/orchestrations'
import { previewCommand } from '../../db/runs'
import { OrchestrationRequest } from '#shared/schemas/run'

/** POST /api/orchestrations/preview: run the orchestrator in a transaction that is rolled back. */
export default defineConsoleHandler('POST /api/orchestrations/preview', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, OrchestrationRequest.parse)
  return previewCommand(db, orchestration, body, { ...asked, reason: body.note ?? undefined })
})

import { readValidatedBody } from 'h3'
import { orchestration } from '../../db/orchestrations'
import { getPreview, runPreviewed } from '../../db/runs'
import { NotFound } from '../../utils/errors'
import { OrchestrationRequest, OrchestrationRunRequest } from '#shared/schemas/run'

/** POST /api/orchestrations: run exactly what was previewed. */
export default defineConsoleHandler('POST /api/orchestrations', async (event, { db, asked }) => {
  const { preview_id } = await readValidatedBody(event, OrchestrationRunRequest.parse)
  const preview = await getPreview(db, orchestration, preview_id)
  if (!preview) throw new NotFound('There is no such preview.')
  const parameters = OrchestrationRequest.parse(preview.parameters)
  return runPreviewed(db, orchestration, preview, parameters, { ...asked, reason: parameters.note ?? undefined })
})

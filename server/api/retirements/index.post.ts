import { readValidatedBody } from 'h3'
import { retirement } from '../../db/retirements'
import { getPreview, runPreviewed } from '../../db/runs'
import { NotFound } from '../../utils/errors'
import { PreviewedRunRequest, RetirementRequest } from '#shared/schemas/scaleout'

/** POST /api/retirements: run exactly what was previewed. */
export default defineConsoleHandler('POST /api/retirements', async (event, { db, asked }) => {
  const { preview_id } = await readValidatedBody(event, PreviewedRunRequest.parse)
  const preview = await getPreview(db, retirement, preview_id)
  if (!preview) throw new NotFound('There is no such preview.')
  const parameters = RetirementRequest.parse(preview.parameters)
  return runPreviewed(db, retirement, preview, parameters, { ...asked, reason: parameters.reason ?? undefined })
})

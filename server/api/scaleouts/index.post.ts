import { readValidatedBody } from 'h3'
import { getPreview, runPreviewed } from '../../db/runs'
import { scaleout } from '../../db/scaleouts'
import { hangUpSignal } from '../../utils/connection'
import { NotFound } from '../../utils/errors'
import { PreviewedRunRequest, ScaleoutRequest } from '#shared/schemas/scaleout'

/** POST /api/scaleouts: run exactly what was previewed; hanging up stops it, and nothing remains. */
export default defineConsoleHandler('POST /api/scaleouts', async (event, { db, asked }) => {
  const { preview_id } = await readValidatedBody(event, PreviewedRunRequest.parse)
  const preview = await getPreview(db, scaleout, preview_id)
  if (!preview) throw new NotFound('There is no such preview.')
  const parameters = ScaleoutRequest.parse(preview.parameters)
  return runPreviewed(db, scaleout, preview, parameters, { ...asked, reason: parameters.note ?? undefined, signal: hangUpSignal(event) })
})

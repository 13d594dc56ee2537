import { readValidatedBody } from 'h3'
import { pieceChangeOf } from '../../../db/piece-changes'
import { getRun, runPreviewed } from '../../../db/runs'
import { NotFound } from '../../../utils/errors'
import { PreviewedRunRequest } from '#shared/schemas/scaleout'

/** POST /api/pieces/changes: run exactly what was previewed. */
export default defineConsoleHandler('POST /api/pieces/changes', async (event, { db, asked }) => {
  const { preview_id } = await readValidatedBody(event, PreviewedRunRequest.parse)
  const preview = await getRun(db, preview_id)
  const change = preview?.phase === 'preview' ? pieceChangeOf(preview.command_name) : null
  if (!preview || !change) throw new NotFound('There is no such preview.')
  return runPreviewed(db, change.command, preview, change.parameters.parse(preview.parameters), { ...asked, reason: preview.reason ?? undefined })
})

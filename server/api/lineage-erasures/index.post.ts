import { readValidatedBody } from 'h3'
import { lineageErasure } from '../../db/retirements'
import { getPreview, runPreviewed } from '../../db/runs'
import { FieldError, NotFound } from '../../utils/errors'
import { LineageErasureRequest, LineageErasureRunRequest } from '#shared/schemas/scaleout'

/** POST /api/lineage-erasures: run exactly what was previewed; a live one needs the actor's name once more and a reason. */
export default defineConsoleHandler('POST /api/lineage-erasures', async (event, { db, asked }) => {
  const { preview_id, reason, confirm_actor } = await readValidatedBody(event, LineageErasureRunRequest.parse)
  const preview = await getPreview(db, lineageErasure, preview_id)
  if (!preview) throw new NotFound('There is no such preview.')
  const parameters = LineageErasureRequest.parse(preview.parameters)
  if (!parameters.dry_run) {
    if (confirm_actor !== parameters.actor) throw new FieldError('confirm_actor', `type ${parameters.actor} to confirm`)
    if (!reason) throw new FieldError('reason', 'a live run needs a reason')
  }
  return runPreviewed(db, lineageErasure, preview, parameters, { ...asked, reason })
})

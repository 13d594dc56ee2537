import { readValidatedBody } from 'h3'
import { rollback } from '../../db/rollbacks'
import { getPreview, runPreviewed } from '../../db/runs'
import { FieldError, NotFound } from '../../utils/errors'
import { RollbackRequest, RollbackRunRequest } from '#shared/schemas/run'

/** POST /api/rollbacks: run exactly what was previewed; a live one needs the actor's name once more and a reason. */
export default defineConsoleHandler('POST /api/rollbacks', async (event, { db, asked }) => {
  const { preview_id, reason, confirm_actor } = await readValidatedBody(event, RollbackRunRequest.parse)
  const preview = await getPreview(db, rollback, preview_id)
  if (!preview) throw new NotFound('There is no such preview.')
  const parameters = RollbackRequest.parse(preview.parameters)
  if (!parameters.dry_run) {
    if (confirm_actor !== parameters.actor) throw new FieldError('confirm_actor', `type ${parameters.actor} to confirm`)
    if (!reason) throw new FieldError('reason', 'a live rollback needs a reason')
  }
  return runPreviewed(db, rollback, preview, parameters, { ...asked, reason })
})

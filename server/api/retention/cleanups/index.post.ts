import { readValidatedBody } from 'h3'
import { asPreviewed, getRetentionPreview, retentionCommand } from '../../../db/retention'
import { runPreviewed } from '../../../db/runs'
import { FieldError, NotFound } from '../../../utils/errors'
import { RetentionRunRequest } from '#shared/schemas/retention'

/** POST /api/retention/cleanups: run exactly what was previewed; a live one needs the actor's name once more and a reason. */
export default defineConsoleHandler('POST /api/retention/cleanups', async (event, { db, asked }) => {
  const { preview_id, reason, confirm_actor } = await readValidatedBody(event, RetentionRunRequest.parse)
  const found = await getRetentionPreview(db, preview_id)
  if (!found) throw new NotFound('There is no such preview.')
  const { preview, parameters } = found
  if (!parameters.dry_run) {
    if (confirm_actor !== parameters.actor) throw new FieldError('confirm_actor', `type ${parameters.actor} to confirm`)
    if (!reason) throw new FieldError('reason', 'a live cleanup needs a reason')
  }
  return runPreviewed(db, asPreviewed(retentionCommand(parameters), preview), preview, parameters, { ...asked, reason })
})

import { readValidatedBody } from 'h3'
import { delivery } from '../../../db/delivery'
import { getPreview, runPreviewed } from '../../../db/runs'
import { NotFound } from '../../../utils/errors'
import { DeliveryRequest, DeliveryRunRequest } from '#shared/schemas/outbox'

/** POST /api/outbox/deliveries: run exactly what was previewed. */
export default defineConsoleHandler('POST /api/outbox/deliveries', async (event, { db, asked }) => {
  const { preview_id } = await readValidatedBody(event, DeliveryRunRequest.parse)
  const preview = await getPreview(db, delivery, preview_id)
  if (!preview) throw new NotFound('There is no such preview.')
  return runPreviewed(db, delivery, preview, DeliveryRequest.parse(preview.parameters), asked)
})

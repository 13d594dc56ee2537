import { readValidatedBody } from 'h3'
import { delivery } from '../../../db/delivery'
import { previewCommand } from '../../../db/runs'
import { DeliveryRequest } from '#shared/schemas/outbox'

/** POST /api/outbox/deliveries/preview: take one delivery step in a transaction that is rolled back. */
export default defineConsoleHandler('POST /api/outbox/deliveries/preview', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, DeliveryRequest.parse)
  return previewCommand(db, delivery, body, asked)
})

import { readValidatedBody } from 'h3'
import { previewCommand } from '../../db/runs'
import { scaleout } from '../../db/scaleouts'
import { hangUpSignal } from '../../utils/connection'
import { ScaleoutRequest } from '#shared/schemas/scaleout'

/** POST /api/scaleouts/preview: run the scale-out in a transaction that is rolled back; hanging up stops it. */
export default defineConsoleHandler('POST /api/scaleouts/preview', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, ScaleoutRequest.parse)
  return previewCommand(db, scaleout, body, { ...asked, reason: body.note ?? undefined, signal: hangUpSignal(event) })
})

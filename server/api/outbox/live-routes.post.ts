import { readValidatedBody } from 'h3'
import { liveRoutesSetting } from '../../db/delivery'
import { runCommand } from '../../db/runs'
import { LiveRoutesRequest } from '#shared/schemas/outbox'

/** POST /api/outbox/live-routes: say which routes may deliver. */
export default defineConsoleHandler('POST /api/outbox/live-routes', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, LiveRoutesRequest.parse)
  const run = await runCommand(db, liveRoutesSetting, body, { ...asked, reason: body.reason })
  return { run_id: run.id, status: run.status, result: run.result }
})

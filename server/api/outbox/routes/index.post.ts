import { readValidatedBody } from 'h3'
import { routeRegistration } from '../../../db/delivery'
import { runCommand } from '../../../db/runs'
import { RegisterRouteRequest } from '#shared/schemas/outbox'

/** POST /api/outbox/routes: register a route for an event type. */
export default defineConsoleHandler('POST /api/outbox/routes', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, RegisterRouteRequest.parse)
  const run = await runCommand(db, routeRegistration, body, asked)
  return { run_id: run.id, status: run.status, result: run.result }
})

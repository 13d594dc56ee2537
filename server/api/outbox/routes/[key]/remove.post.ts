import { getValidatedRouterParams, readValidatedBody } from 'h3'
import { routeRemoval } from '../../../../db/delivery'
import { runCommand } from '../../../../db/runs'
import { RemoveRouteRequest, RouteParam } from '#shared/schemas/outbox'

/** POST /api/outbox/routes/:key/remove: the way back from a route that was registered by accident. */
export default defineConsoleHandler('POST /api/outbox/routes/:key/remove', async (event, { db, asked }) => {
  const { key } = await getValidatedRouterParams(event, RouteParam.parse, { decode: true })
  const body = await readValidatedBody(event, RemoveRouteRequest.parse)
  const run = await runCommand(db, routeRemoval, { ...body, route_key: key }, { ...asked, reason: body.reason })
  return { run_id: run.id, status: run.status, result: run.result }
})

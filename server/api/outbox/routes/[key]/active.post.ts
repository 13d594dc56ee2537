import { getValidatedRouterParams, readValidatedBody } from 'h3'
import { routeSwitch } from '../../../../db/delivery'
import { runCommand } from '../../../../db/runs'
import { RouteParam, SwitchRouteRequest } from '#shared/schemas/outbox'

/** POST /api/outbox/routes/:key/active: switch a route on or off. */
export default defineConsoleHandler('POST /api/outbox/routes/:key/active', async (event, { db, asked }) => {
  const { key } = await getValidatedRouterParams(event, RouteParam.parse, { decode: true })
  const body = await readValidatedBody(event, SwitchRouteRequest.parse)
  const run = await runCommand(db, routeSwitch, { ...body, route_key: key }, { ...asked, reason: body.reason })
  return { run_id: run.id, status: run.status, result: run.result }
})

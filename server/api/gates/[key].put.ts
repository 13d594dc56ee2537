import { getValidatedRouterParams, readValidatedBody } from 'h3'
import { gateSetting } from '../../db/gate-setting'
import { getGate } from '../../db/gates'
import { runCommand } from '../../db/runs'
import { GateParam, SetGateRequest } from '#shared/schemas/gate'

/** PUT /api/gates/:key: open or close a gate for good. */
export default defineConsoleHandler('PUT /api/gates/:key', async (event, { db, asked }) => {
  const { key } = await getValidatedRouterParams(event, GateParam.parse, { decode: true })
  const body = await readValidatedBody(event, SetGateRequest.parse)
  const run = await runCommand(db, gateSetting, { ...body, key }, { ...asked, reason: body.reason })
  return { run_id: run.id, status: run.status, gate: await getGate(db, key) }
})

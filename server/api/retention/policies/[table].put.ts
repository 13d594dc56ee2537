import { getValidatedRouterParams, readValidatedBody } from 'h3'
import { retentionPolicySetting } from '../../../db/retention'
import { runCommand } from '../../../db/runs'
import { RetentionTableParam, SetRetentionPolicyRequest } from '#shared/schemas/retention'

/** PUT /api/retention/policies/:table: set how long the rows of a table are kept. */
export default defineConsoleHandler('PUT /api/retention/policies/:table', async (event, { db, asked }) => {
  const { table } = await getValidatedRouterParams(event, RetentionTableParam.parse, { decode: true })
  const body = await readValidatedBody(event, SetRetentionPolicyRequest.parse)
  const run = await runCommand(db, retentionPolicySetting, { ...body, table_name: table }, { ...asked, reason: body.reason })
  return { run_id: run.id, status: run.status, changed: run.result.changed === true }
})

import { getValidatedRouterParams, readValidatedBody } from 'h3'
import { internalOnlySetting } from '../../../../db/delivery'
import { runCommand } from '../../../../db/runs'
import { InternalOnlyRequest, TypeParam } from '#shared/schemas/outbox'

/** POST /api/outbox/types/:type/boundary: open an internal-only event type on purpose, or make it internal. */
export default defineConsoleHandler('POST /api/outbox/types/:type/boundary', async (event, { db, asked }) => {
  const { type } = await getValidatedRouterParams(event, TypeParam.parse, { decode: true })
  const body = await readValidatedBody(event, InternalOnlyRequest.parse)
  const run = await runCommand(db, internalOnlySetting, { ...body, event_type: type }, { ...asked, reason: body.reason })
  return { run_id: run.id, status: run.status, result: run.result }
})

import { getValidatedRouterParams, readValidatedBody } from 'h3'
import { runCommand } from '../../../db/runs'
import { retireVersion } from '../../../db/versions'
import { IdParam } from '#shared/schemas/common'
import { RetireVersionRequest } from '#shared/schemas/family'

/** POST /api/versions/:id/retire: retire a version; its row stays. */
export default defineConsoleHandler('POST /api/versions/:id/retire', async (event, { db, asked }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  const body = await readValidatedBody(event, RetireVersionRequest.parse)
  const run = await runCommand(db, retireVersion, { ...body, collection_id: id }, { ...asked, reason: body.reason })
  return { run_id: run.id, status: run.status, result: run.result }
})

import { readValidatedBody } from 'h3'
import { requeueing } from '../../db/delivery'
import { runCommand } from '../../db/runs'
import { RequeueRequest } from '#shared/schemas/outbox'

/** POST /api/outbox/requeue: put a dead letter back in line. */
export default defineConsoleHandler('POST /api/outbox/requeue', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, RequeueRequest.parse)
  const run = await runCommand(db, requeueing, body, asked)
  return { run_id: run.id, status: run.status, result: run.result }
})

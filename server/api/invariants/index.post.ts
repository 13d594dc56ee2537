import { readValidatedBody } from 'h3'
import { snapshotTaking } from '../../db/invariants'
import { runCommand } from '../../db/runs'
import { TakeSnapshotRequest } from '#shared/schemas/invariant'

/** POST /api/invariants: keep the row counts and gate states of now under a name. */
export default defineConsoleHandler('POST /api/invariants', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, TakeSnapshotRequest.parse)
  const run = await runCommand(db, snapshotTaking, body, asked)
  return { run_id: run.id, status: run.status, name: body.name }
})

import { readValidatedBody } from 'h3'
import { runCommand } from '../../db/runs'
import { registerVersion } from '../../db/versions'
import { RegisterVersionRequest } from '#shared/schemas/family'

/** POST /api/versions: register a template as a version of its family. */
export default defineConsoleHandler('POST /api/versions', async (event, { db, asked }) => {
  const body = await readValidatedBody(event, RegisterVersionRequest.parse)
  const run = await runCommand(db, registerVersion, body, asked)
  return { run_id: run.id, status: run.status, result: run.result }
})

import { getValidatedQuery } from 'h3'
import { listRuns } from '../../db/run-list'
import { RunQuery } from '#shared/schemas/command'

/** GET /api/runs: previews, runs, refusals and failures, newest first. */
export default defineConsoleHandler('GET /api/runs', async (event, { db }) =>
  listRuns(db, await getValidatedQuery(event, RunQuery.strict().parse)))

import { getValidatedQuery } from 'h3'
import { exportRuns } from '../../db/run-list'
import { RunQuery, RunRow } from '#shared/schemas/command'
import { ExportQuery } from '#shared/schemas/common'

/** GET /api/runs/export?format=csv|json: the filtered record of runs as a file. */
export default defineConsoleHandler('GET /api/runs/export', async (event, { db }) => {
  const { format, ...query } = await getValidatedQuery(event, RunQuery.extend(ExportQuery.shape).strict().parse)
  return sendExport(event, 'runs', format, Object.keys(RunRow.shape), await exportRuns(db, query))
})

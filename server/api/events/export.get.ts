import { getValidatedQuery } from 'h3'
import { exportEvents } from '../../db/events'
import { ExportQuery } from '#shared/schemas/common'
import { EventLogRow, EventQuery } from '#shared/schemas/event'

/** GET /api/events/export?format=csv|json: the filtered log as a file. */
export default defineConsoleHandler('GET /api/events/export', async (event, { db }) => {
  const { format, ...query } = await getValidatedQuery(event, EventQuery.extend(ExportQuery.shape).strict().parse)
  return sendExport(event, 'events', format, Object.keys(EventLogRow.shape), await exportEvents(db, query))
})

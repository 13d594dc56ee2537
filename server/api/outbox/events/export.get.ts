import { getValidatedQuery } from 'h3'
import { exportOutbox } from '../../../db/outbox'
import { ExportQuery } from '#shared/schemas/common'
import { OutboxQuery, OutboxRow } from '#shared/schemas/outbox'

/** GET /api/outbox/events/export?format=csv|json: the filtered outbox as a file. */
export default defineConsoleHandler('GET /api/outbox/events/export', async (event, { db }) => {
  const { format, ...query } = await getValidatedQuery(event, OutboxQuery.extend(ExportQuery.shape).strict().parse)
  return sendExport(event, 'outbox', format, Object.keys(OutboxRow.shape), await exportOutbox(db, query))
})

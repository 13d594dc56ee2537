import { getValidatedQuery } from 'h3'
import { exportAudit } from '../../db/audit-list'
import { AuditQuery, AuditRow } from '#shared/schemas/audit'
import { ExportQuery } from '#shared/schemas/common'

/** GET /api/audit/export?format=csv|json: the filtered audit as a file. */
export default defineConsoleHandler('GET /api/audit/export', async (event, { db }) => {
  const { format, ...query } = await getValidatedQuery(event, AuditQuery.extend(ExportQuery.shape).strict().parse)
  return sendExport(event, 'audit', format, Object.keys(AuditRow.shape), await exportAudit(db, query))
})

import { getValidatedQuery } from 'h3'
import { listAudit } from '../../db/audit-list'
import { AuditQuery } from '#shared/schemas/audit'

/** GET /api/audit: who did or tried what, newest first. */
export default defineConsoleHandler('GET /api/audit', async (event, { db }) =>
  listAudit(db, await getValidatedQuery(event, AuditQuery.strict().parse)))

import { auditChoices } from '../../db/audit-list'

/** GET /api/audit/choices: the kinds and people on record. */
export default defineConsoleHandler('GET /api/audit/choices', (_event, { db }) => auditChoices(db))

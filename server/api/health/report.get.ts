import { reportHealth } from '../../db/health'

/** GET /api/health/report: every surface, green or red, with what is to be looked at. */
export default defineConsoleHandler({ role: 'viewer' }, (_event, { db }) => reportHealth(db))

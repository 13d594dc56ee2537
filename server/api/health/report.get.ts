import { reportHealth } from '../../db/health'

/** GET /api/health/report: every surface, green or red, with what is to be looked at. */
export default defineConsoleHandler('GET /api/health/report', (_event, { db }) => reportHealth(db))

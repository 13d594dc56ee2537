import { getOverview } from '../db/shell'

/** GET /api/overview: is all well? */
export default defineConsoleHandler('GET /api/overview', (_event, { db }) => getOverview(db))

import { getOverview } from '../db/shell'

/** GET /api/overview: is all well? */
export default defineConsoleHandler({ role: 'viewer' }, (_event, { db }) => getOverview(db))

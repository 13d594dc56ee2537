import { retentionOverview } from '../../db/retention'

/** GET /api/retention: policies with what is past its age now, and the latest cleanups. */
export default defineConsoleHandler('GET /api/retention', (_event, { db }) => retentionOverview(db))

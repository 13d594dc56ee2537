import { listGates } from '../../db/gates'

/** GET /api/gates: gates, settings, and the latest changes of both. */
export default defineConsoleHandler('GET /api/gates', (_event, { db }) => listGates(db))

import { listGates } from '../../db/gates'

/** GET /api/gates: gates, settings, and the latest changes of both. */
export default defineConsoleHandler({ role: 'viewer' }, (_event, { db }) => listGates(db))

import { listSnapshots } from '../../db/invariants'

/** GET /api/invariants: the snapshots that were taken, newest first. */
export default defineConsoleHandler('GET /api/invariants', (_event, { db }) => listSnapshots(db))

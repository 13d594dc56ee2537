import { listSnapshots } from '../../db/invariants'

/** GET /api/invariants: the snapshots that were taken, newest first. */
export default defineConsoleHandler({ role: 'viewer' }, (_event, { db }) => listSnapshots(db))

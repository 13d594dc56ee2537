import { scanConformance } from '../db/conformance'

/** GET /api/conformance: the database beside what the migrations make. */
export default defineConsoleHandler({ role: 'viewer' }, (_event, { db }) => scanConformance(db))

import { scanConformance } from '../db/conformance'

/** GET /api/conformance: the database beside what the migrations make. */
export default defineConsoleHandler('GET /api/conformance', (_event, { db }) => scanConformance(db))

import { summariseEvents } from '../../db/events'

/** GET /api/events/summary: the log per template and mode. */
export default defineConsoleHandler('GET /api/events/summary', async (_event, { db }) => ({ rows: await summariseEvents(db) }))

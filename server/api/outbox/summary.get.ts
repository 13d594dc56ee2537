import { summariseOutbox } from '../../db/outbox'

/** GET /api/outbox/summary: the outbox per domain and type. */
export default defineConsoleHandler('GET /api/outbox/summary', (_event, { db }) => summariseOutbox(db))

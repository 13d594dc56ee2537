import { summariseOutbox } from '../../db/outbox'

/** GET /api/outbox/summary: the outbox per domain and type. */
export default defineConsoleHandler({ role: 'viewer' }, (_event, { db }) => summariseOutbox(db))

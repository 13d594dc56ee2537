import { deliveryOverview } from '../../db/outbox'

/** GET /api/outbox/delivery: gate, routes, event types, and whether the internal-only boundary holds. */
export default defineConsoleHandler('GET /api/outbox/delivery', (_event, { db }) => deliveryOverview(db))

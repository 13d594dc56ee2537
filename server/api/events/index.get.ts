import { getValidatedQuery } from 'h3'
import { listEvents } from '../../db/events'
import { EventQuery } from '#shared/schemas/event'

/** GET /api/events: the auto-instantiate event log, newest first. */
export default defineConsoleHandler('GET /api/events', async (event, { db }) =>
  listEvents(db, await getValidatedQuery(event, EventQuery.strict().parse)))

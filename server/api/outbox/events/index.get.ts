import { getValidatedQuery } from 'h3'
import { listOutbox } from '../../../db/outbox'
import { OutboxQuery } from '#shared/schemas/outbox'

/** GET /api/outbox/events: the outbox, newest first. */
export default defineConsoleHandler('GET /api/outbox/events', async (event, { db }) =>
  listOutbox(db, await getValidatedQuery(event, OutboxQuery.strict().parse)))

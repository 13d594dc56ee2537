import { getValidatedQuery } from 'h3'
import { countNewerEvents } from '../../db/events'
import { NewerQuery } from '#shared/schemas/event'

/** GET /api/events/newer?since=: how many rows have come since a page was read. */
export default defineConsoleHandler('GET /api/events/newer', async (event, { db }) =>
  ({ newer: await countNewerEvents(db, await getValidatedQuery(event, NewerQuery.strict().parse)) }))

import { listPeople } from '../../db/people'

/** GET /api/people: everybody who may use the console. */
export default defineConsoleHandler('GET /api/people', async (_event, { db }) => ({ people: await listPeople(db) }))

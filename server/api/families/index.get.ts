import { listFamilies } from '../../db/families'

/** GET /api/families */
export default defineConsoleHandler('GET /api/families', async (_event, { db }) => ({ rows: await listFamilies(db) }))

import { listFamilies } from '../../db/families'

/** GET /api/families */
export default defineConsoleHandler({ role: 'viewer' }, async (_event, { db }) => ({ rows: await listFamilies(db) }))

import { getShell } from '../db/shell'

/** GET /api/shell: what stands around every page. */
export default defineConsoleHandler('GET /api/shell', async (_event, { db, user }) =>
  ({ operator: { name: user.name, role: user.role }, ...await getShell(db) }))

import { sql } from 'kysely'

/** GET /api/health/ready: the database answers too; 503 while it does not. */
export default defineConsoleHandler('GET /api/health/ready', async (_event, { db }) => {
  await sql`select 1`.execute(db)
  return { status: 'ok' }
})

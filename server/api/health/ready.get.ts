import { sql } from 'kysely'

/** GET /api/health/ready: the database answers too; 503 while it does not. */
export default defineConsoleHandler({ role: 'anyone' }, async (_event, { db }) => {
  await sql`select 1`.execute(db)
  return { status: 'ok' }
})

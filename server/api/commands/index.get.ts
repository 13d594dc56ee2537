import { listCommands } from '../../db/catalog'

/** GET /api/commands: the governed commands. */
export default defineConsoleHandler('GET /api/commands', async (_event, { db }) => ({ rows: await listCommands(db) }))

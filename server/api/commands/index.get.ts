import { listCommands } from '../../db/command-catalog'

/** GET /api/commands: the governed commands and the console's own. */
export default defineConsoleHandler('GET /api/commands', async (_event, { db }) => ({ rows: await listCommands(db) }))

import { runChoices } from '../../db/run-list'

/** GET /api/runs/choices: the commands, operators and actors on record. */
export default defineConsoleHandler('GET /api/runs/choices', (_event, { db }) => runChoices(db))

import { runChoices } from '../../db/run-list'

/** GET /api/runs/choices: the commands, operators and actors on record. */
export default defineConsoleHandler({ role: 'viewer' }, (_event, { db }) => runChoices(db))

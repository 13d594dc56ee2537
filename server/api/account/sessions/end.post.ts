import { endSessions } from '../../../db/people'

/** POST /api/account/sessions/end: end all own sessions, this one too. */
export default defineConsoleHandler('POST /api/account/sessions/end', (_event, { db, user, address }) =>
  endSessions(db, { personId: user.id, sessionId: null, by: user.name, address }))

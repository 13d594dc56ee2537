/** GET /api/session: who is signed in. */
export default defineConsoleHandler('GET /api/session', (_event, { user: { id, name, role } }) => ({ id, name, role }))

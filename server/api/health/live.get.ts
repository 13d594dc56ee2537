/** GET /api/health/live: the process answers. */
export default defineConsoleHandler({ role: 'anyone' }, () => ({ status: 'ok' }))

/** GET /api/health/live: the process answers. */
export default defineConsoleHandler('GET /api/health/live', () => ({ status: 'ok' }))

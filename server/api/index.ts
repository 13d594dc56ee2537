import { NotFound } from '../utils/errors'

/** /api itself, which is not below /api: no route either. */
export default defineConsoleHandler('* /api/**', (event) => {
  throw new NotFound(`There is no ${event.method} /api.`)
})

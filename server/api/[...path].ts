import { NotFound } from '../utils/errors'

/** Every other address below /api: 404, through the same wrapper. */
export default defineConsoleHandler('* /api/**', (event) => {
  throw new NotFound(`There is no ${event.method} ${event.path.split('?')[0]}.`)
})

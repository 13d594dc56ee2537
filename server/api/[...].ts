import { NotFound } from '../utils/errors'

/**
 * Every other address below /api, and every other method of one that is there: 404, through the same wrapper. Without a
 * name in the brackets: the router finds a catch-all with a name for unknown addresses, but not for unknown methods.
 */
export default defineConsoleHandler('* /api/**', (event) => {
  throw new NotFound(`There is no ${event.method} ${event.path.split('?')[0]}.`)
})

import { accessSettings } from '../../auth/settings'
import { isSetUp } from '../../db/people'

/** GET /api/session/ways: how one can sign in here. */
export default defineConsoleHandler('GET /api/session/ways', async (_event, { db }) =>
  ({ is_set_up: await isSetUp(db), oidc: accessSettings().oidc?.name ?? null }))

import { returnFromProvider } from '../../../auth/oidc'

/** GET /api/session/callback/oidc: back from the identity provider. */
export default defineConsoleHandler('GET /api/session/callback/oidc', (event, { db }) => returnFromProvider(event, db))

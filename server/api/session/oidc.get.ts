import { getValidatedQuery } from 'h3'
import { goToProvider } from '../../auth/oidc'
import { ComeBackQuery } from '#shared/schemas/account'

/** GET /api/session/oidc: to the identity provider. */
export default defineConsoleHandler('GET /api/session/oidc', async (event) => {
  const { to } = await getValidatedQuery(event, ComeBackQuery.parse)
  await goToProvider(event, to)
})

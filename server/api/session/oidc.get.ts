import { getValidatedQuery, sendRedirect } from 'h3'
import { isFromOwnPages } from '../../auth/address'
import { goToProvider } from '../../auth/oidc'
import { ComeBackQuery } from '#shared/schemas/account'

/** GET /api/session/oidc: to the identity provider; whom another site sends here, to the sign-in page, where he may want that. */
export default defineConsoleHandler('GET /api/session/oidc', async (event) => {
  const { to } = await getValidatedQuery(event, ComeBackQuery.parse)
  if (isFromOwnPages(event)) await goToProvider(event, to)
  else await sendRedirect(event, `/sign-in?${new URLSearchParams({ to })}`)
})

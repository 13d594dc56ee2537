import { type H3Event, getQuery, sendRedirect } from 'h3'
import { NotFound } from '../utils/errors'
import { OIDC, accessLibrary, askProviderAnew } from './library'
import { accessSettings } from './settings'
import { isRefused, libraryHeaders, passCookiesOn } from './sign-in'

function requireProvider() {
  if (!accessSettings().oidc) throw new NotFound('No identity provider is configured here.')
}

/**
 * Sends the browser to the identity provider, with a state and a PKCE challenge of its own.
 * To the sign-in page, when the provider is away.
 * @param to the path of this console to come back to
 * @throws NotFound when none is configured
 */
export async function goToProvider(event: H3Event, to: string): Promise<void> {
  requireProvider()
  try {
    const { headers, response } = await accessLibrary().api.signInSocial({
      body: { provider: OIDC, callbackURL: to, errorCallbackURL: '/sign-in' }, headers: libraryHeaders(event), returnHeaders: true,
    })
    passCookiesOn(event, headers)
    await sendRedirect(event, response.url!)
  }
  catch (error) {
    if (!isRefused(error)) throw error
    askProviderAnew()
    await sendRedirect(event, '/sign-in?error=provider_unavailable')
  }
}

/**
 * Takes the browser back from the identity provider: signed in, if an administrator has added a person of that verified
 * address, else at the sign-in page with what went wrong.
 * @throws NotFound when none is configured
 */
export async function returnFromProvider(event: H3Event): Promise<void> {
  requireProvider()
  const response = await accessLibrary().api.callbackOAuth({
    method: 'GET', params: { id: OIDC }, query: getQuery(event), headers: libraryHeaders(event), asResponse: true,
  })
  passCookiesOn(event, response.headers)
  await sendRedirect(event, response.headers.get('location') ?? '/sign-in')
}

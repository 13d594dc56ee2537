import { type H3Event, getQuery, sendRedirect } from 'h3'
import { recordAudit } from '../db/audit'
import type { Db } from '../db/client'
import { NotFound } from '../utils/errors'
import { clientAddress } from './address'
import { DISABLED, OIDC, askProviderAnew, providerLibrary } from './library'
import { accessSettings } from './settings'
import { isRefused, libraryHeaders, passCookiesOn } from './sign-in'

/** The library itself waits for a silent provider for minutes. */
const PATIENCE_MS = 5_000

/** Whom the provider knows and the console does not let in. */
const KNOWN_BUT_REFUSED = new Set(['account_not_linked', 'signup_disabled', 'unable_to_link_account', DISABLED])

type Library = ReturnType<typeof providerLibrary>

/** The provider has not answered in time. */
class Silent extends Error {}

function requireProvider() {
  if (!accessSettings().oidc) throw new NotFound('No identity provider is configured here.')
}

/** What the provider has a part in; to the sign-in page, which says so, when it is away or does not answer. */
async function withProvider(event: H3Event, work: (library: Library) => Promise<{ headers: Headers, to: string }>): Promise<void> {
  requireProvider()
  const library = providerLibrary()
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Silent()), PATIENCE_MS)
  })
  let to = '/sign-in?error=provider_unavailable'
  try {
    const answer = await Promise.race([work(library), silence])
    passCookiesOn(event, answer.headers)
    to = answer.to
  }
  catch (error) {
    if (!isRefused(error) && !(error instanceof Silent)) throw error
    askProviderAnew(library)
  }
  finally {
    clearTimeout(timer)
  }
  await sendRedirect(event, to)
}

/**
 * Sends the browser to the identity provider, with a state and a PKCE challenge of its own.
 * To the sign-in page, when the provider is away.
 * @param next the path of this console to come back to
 * @throws NotFound when none is configured
 */
export const goToProvider = (event: H3Event, next: string): Promise<void> =>
  withProvider(event, async ({ api }) => {
    const { headers, response } = await api.signInSocial({
      body: { provider: OIDC, callbackURL: next, errorCallbackURL: '/sign-in' }, headers: libraryHeaders(event), returnHeaders: true,
    })
    return { headers, to: response.url! }
  })

/**
 * Takes the browser back from the identity provider: signed in, if an administrator has added a person of that verified
 * address, else at the sign-in page with what went wrong.
 * @throws NotFound when none is configured
 */
export const returnFromProvider = (event: H3Event, db: Db): Promise<void> =>
  withProvider(event, async ({ api }) => {
    const response = await api.callbackOAuth({
      method: 'GET', params: { id: OIDC }, query: getQuery(event), headers: libraryHeaders(event), asResponse: true,
    })
    const to = response.headers.get('location') ?? '/sign-in'
    const why = new URL(to, 'http://console').searchParams.get('error')
    // What the address itself says went wrong, anybody could make up.
    if (why && KNOWN_BUT_REFUSED.has(why) && getQuery(event).error === undefined) {
      await recordAudit(db, { kind: 'sign_in', outcome: 'refused', who: null, address: clientAddress(event), detail: { by: OIDC, why } })
    }
    return { headers: response.headers, to }
  })

import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'

/** Whom the provider says it is; null: the person does not agree. */
export type Claims = { sub: string, email: string, email_verified: boolean, name: string } | null

/** What can be wrong with an ID token. */
export type Wrong = 'signature' | 'issuer' | 'audience' | 'nonce'

/** A running provider. */
export type IdentityProvider = Awaited<ReturnType<typeof startIdentityProvider>>

async function bodyOf(request: IncomingMessage) {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return new URLSearchParams(text)
}

/**
 * Starts an identity provider of OpenID Connect on this machine: discovery, authorisation code with PKCE, signed ID tokens.
 * @param client who may use it
 * @returns its address, `next`: whom it signs in, what it was asked for, `silent`: whether it takes requests and never answers,
 *   `given`: the tokens it gave out, `keyless`: whether it tells no keys, `wrong`: what is wrong with its next ID tokens, and `stop`
 */
export async function startIdentityProvider(client: { id: string, secret: string }) {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const { privateKey: foreignKey } = await generateKeyPair('RS256')
  const jwk = { ...await exportJWK(publicKey), kid: 'key', alg: 'RS256', use: 'sig' }
  const codes = new Map<string, { challenge: string, redirectUri: string, nonce: string | null, claims: NonNullable<Claims> }>()
  const accessTokens = new Map<string, NonNullable<Claims>>()
  const state = { next: null as Claims, asked: [] as URLSearchParams[], refused: [] as string[], silent: false, keyless: false, wrong: null as Wrong | null, issuer: '', given: [] as string[] }

  function authorise(query: URLSearchParams) {
    state.asked.push(query)
    const back = new URL(query.get('redirect_uri')!)
    back.searchParams.set('state', query.get('state') ?? '')
    const { next } = state
    if (!next) back.searchParams.set('error', 'access_denied')
    else {
      const code = randomUUID()
      codes.set(code, { challenge: query.get('code_challenge') ?? '', redirectUri: query.get('redirect_uri')!, nonce: query.get('nonce'), claims: next })
      back.searchParams.set('code', code)
    }
    return back.href
  }

  async function exchange(request: IncomingMessage) {
    const form = await bodyOf(request)
    const [id, secret] = request.headers.authorization
      ? Buffer.from(request.headers.authorization.replace('Basic ', ''), 'base64').toString().split(':').map(decodeURIComponent)
      : [form.get('client_id'), form.get('client_secret')]
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url')
    const wrong = id !== client.id || secret !== client.secret ? 'invalid_client' : !code || code.challenge !== challenge || code.redirectUri !== form.get('redirect_uri') ? 'invalid_grant' : null
    if (wrong || !code) {
      state.refused.push(String(wrong))
      return { status: 400, body: { error: wrong } }
    }
    const accessToken = randomUUID()
    const refreshToken = randomUUID()
    accessTokens.set(accessToken, code.claims)
    const idToken = await new SignJWT({ ...code.claims, ...(code.nonce ? { nonce: state.wrong === 'nonce' ? randomUUID() : code.nonce } : {}) }).setProtectedHeader({ alg: 'RS256', kid: 'key' })
      .setIssuer(state.wrong === 'issuer' ? 'http://127.0.0.1:1' : state.issuer).setAudience(state.wrong === 'audience' ? 'another' : client.id)
      .setIssuedAt().setExpirationTime('5m').sign(state.wrong === 'signature' ? foreignKey : privateKey)
    state.given.push(accessToken, refreshToken, idToken)
    return { status: 200, body: { access_token: accessToken, refresh_token: refreshToken, id_token: idToken, token_type: 'Bearer', expires_in: 300 } }
  }

  const server = createServer(async (request, response) => {
    if (state.silent) return
    const { pathname, searchParams } = new URL(request.url!, state.issuer)
    const send = (status: number, body: unknown) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (pathname === '/.well-known/openid-configuration') {
      const { issuer } = state
      return send(200, {
        issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, userinfo_endpoint: `${issuer}/userinfo`, ...(state.keyless ? {} : { jwks_uri: `${issuer}/jwks` }),
        response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'], code_challenge_methods_supported: ['S256'],
      })
    }
    if (pathname === '/jwks') return send(200, { keys: [jwk] })
    if (pathname === '/authorize') return response.writeHead(302, { location: authorise(searchParams) }).end()
    if (pathname === '/token') {
      const { status, body } = await exchange(request)
      return send(status, body)
    }
    if (pathname === '/userinfo') {
      const claims = accessTokens.get(request.headers.authorization?.replace('Bearer ', '') ?? '')
      return send(claims ? 200 : 401, claims ?? {})
    }
    return send(404, {})
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  state.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(state, {
    stop: () => new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    }),
  })
}

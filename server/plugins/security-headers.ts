import { randomBytes } from 'node:crypto'
import { setResponseHeader, setResponseHeaders } from 'h3'
import { accessSettings } from '../auth/settings'

/** What every answer carries, data, page and asset alike. */
const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
const YEAR = 365 * 24 * 60 * 60

/** What a page may load: its own files, and scripts that carry this answer's nonce. Styles are written by components. */
const policy = (nonce: string | null) => [
  'default-src \'none\'',
  `script-src ${nonce ? `'nonce-${nonce}' 'strict-dynamic'` : '\'none\''}`,
  'style-src \'self\' \'unsafe-inline\'',
  'img-src \'self\' data:',
  'font-src \'self\'',
  'connect-src \'self\'',
  'form-action \'self\'',
  'base-uri \'none\'',
  'frame-ancestors \'none\'',
].join('; ')

/** Puts the nonce on every script and preload that Nuxt itself has written. */
const withNonce = (nonce: string) => (html: string) =>
  html.replace(/<(script|link(?=[^>]*\brel="(?:modulepreload|preload)"))\b/g, `<$1 nonce="${nonce}"`)

/** The browser's side of safety, for every answer of the server. */
export default defineNitroPlugin((nitro) => {
  const overTls = accessSettings().origin?.startsWith('https://') ?? false
  nitro.hooks.hook('request', (event) => {
    setResponseHeaders(event, ALWAYS)
    if (!import.meta.dev) setResponseHeader(event, 'content-security-policy', policy(null))
    if (overTls) setResponseHeader(event, 'strict-transport-security', `max-age=${YEAR}; includeSubDomains`)
  })
  nitro.hooks.hook('render:html', (html, { event }) => {
    // A page holds data.
    setResponseHeader(event, 'cache-control', 'no-store')
    // The development server writes scripts of its own.
    if (import.meta.dev) return
    const nonce = randomBytes(16).toString('base64')
    const mark = withNonce(nonce)
    // Not the body: a script that came into it with somebody's text must stay without.
    for (const part of ['head', 'bodyPrepend', 'bodyAppend'] as const) html[part] = html[part].map(mark)
    html.head.push(`<meta property="csp-nonce" nonce="${nonce}">`)
    setResponseHeader(event, 'content-security-policy', policy(nonce))
  })
  nitro.hooks.hook('render:response', (response) => {
    delete response.headers?.['x-powered-by']
  })
})

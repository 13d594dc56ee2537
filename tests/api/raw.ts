import { request } from 'node:http'
import { connect } from 'node:net'
import type { IncomingHttpHeaders } from 'node:http'

/** A request as it goes out. */
export interface RawRequest { method?: string, path: string, headers?: Record<string, string>, body?: string }
/** An answer as it came. */
export interface RawAnswer { status: number, headers: IncomingHttpHeaders, body: string }

/**
 * A request as it stands: neither its path is tidied nor a header chosen, as `fetch` would.
 * @param url of the console
 */
export function raw(url: string, { method = 'GET', path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? headers : { 'content-length': String(Buffer.byteLength(body)), ...headers }
    request({ host: hostname, port, method, path, headers: sent }, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      resolve({ status: response.statusCode!, headers: response.headers, body: text })
    }).on('error', reject).end(body)
  })
}

/**
 * What comes back for bytes as they stand, until the console closes the connection or is silent for a second.
 * @param url of the console
 */
export const rawBytes = (url: string, text: string) => new Promise<string>((resolve, reject) => {
  const { hostname, port } = new URL(url)
  let answer = ''
  const socket = connect(Number(port), hostname, () => socket.write(text))
  socket.setTimeout(1000, () => socket.destroy())
  socket.on('data', chunk => answer += chunk).on('error', reject).on('close', () => resolve(answer))
})

import { afterAll, beforeAll, inject } from 'vitest'
import { startOwnConsole } from './console'
import type { OwnConsole, OwnConsoleOptions } from './console'
import type { Contents } from './databases'
import type { Role } from '#shared/access'

const START_TIMEOUT_MS = 120_000

/**
 * Fetches as somebody of a role; an Authorization header that is given stands.
 * @param role null: as nobody
 */
export const fetchAs = (own: OwnConsole, path: string, init: RequestInit | undefined, role: Role | null) => {
  const headers = new Headers(init?.headers)
  if (role && !headers.has('authorization')) headers.set('authorization', `Bearer ${own.tokens[role]}`)
  return own.server.fetch(path, { ...init, headers })
}

/**
 * Gives a test file a console of its own on a database of its own; call it once, at the top of the file.
 * @param contents what the database starts with
 * @param options as `startOwnConsole` has them
 * @returns `fetch` for paths of the console as its administrator, `fetchAs` somebody else, its `url`, what it `logs`, and `db` to look and edit behind its back;
 *   usable in tests and hooks, not before
 */
export function useConsole(contents: Contents = 'demo', options?: OwnConsoleOptions) {
  let own: OwnConsole
  beforeAll(async () => {
    own = await startOwnConsole(inject('postgres'), contents, options)
  }, START_TIMEOUT_MS)
  afterAll(() => own?.stop())
  return {
    fetch: (path: string, init?: RequestInit) => fetchAs(own, path, init, 'administrator'),
    fetchAs: (role: Role | null, path: string, init?: RequestInit) => fetchAs(own, path, init, role),
    /** As the administrator in a browser, for what a token may not do. */
    signedIn: {
      fetch: (path: string, init?: RequestInit) => {
        const headers = new Headers(init?.headers)
        headers.set('cookie', own.session)
        return fetchAs(own, path, { ...init, headers }, null)
      },
    },
    get url() {
      return own.server.url
    },
    get logs() {
      return own.server.logs
    },
    get tokens() {
      return own.tokens
    },
    get databaseUrl() {
      return own.databaseUrl
    },
    get db() {
      return own.db
    },
  }
}

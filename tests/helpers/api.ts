import { afterAll, beforeAll, inject } from 'vitest'
import { startOwnConsole } from './console'
import type { OwnConsole } from './console'
import type { Contents } from './databases'

const START_TIMEOUT_MS = 120_000

/**
 * Gives a test file a console of its own on a database of its own; call it once, at the top of the file.
 * @param contents what the database starts with
 * @returns `fetch` for paths of the console, its `url`, what it `logs`, and `db` to look and edit behind its back;
 *   usable in tests and hooks, not before
 */
export function useConsole(contents: Contents = 'demo') {
  let own: OwnConsole
  beforeAll(async () => {
    own = await startOwnConsole(inject('postgres'), contents)
  }, START_TIMEOUT_MS)
  afterAll(() => own?.stop())
  return {
    fetch: (path: string, init?: RequestInit) => own.server.fetch(path, init),
    get url() {
      return own.server.url
    },
    get logs() {
      return own.server.logs
    },
    get db() {
      return own.db
    },
  }
}

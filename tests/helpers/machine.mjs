/** What the tests need from the machine besides node_modules. Plain JavaScript: it runs before anything is installed. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable']

/**
 * Finds the browser that the browser tests drive.
 * @returns {string | undefined} the executable: CHROMIUM_PATH when set, else the first one installed; undefined without one
 */
export function findChromium() {
  return [process.env.CHROMIUM_PATH, ...BROWSERS].find(path => path && existsSync(path))
}

/** @returns {boolean} whether apt-get is here, allowed, and did it */
function apt(/** @type {string[]} */ ...args) {
  const isRoot = process.getuid?.() === 0
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]
  return spawnSync(isRoot ? 'env' : 'sudo', isRoot ? command.slice(1) : ['-n', ...command], { stdio: 'inherit' }).status === 0
}

/**
 * Installs Debian's Chromium when the machine has no browser.
 * @returns {string} the executable
 * @throws {Error} what to install by hand, when apt-get is absent, not allowed or fails
 */
export function ensureChromium() {
  const present = findChromium()
  if (present) return present
  console.log('No browser found: installing Debian\'s chromium')
  // An outdated package index is no reason to give up while the install itself works.
  apt('update')
  const installed = apt('install', '-y', 'chromium') && findChromium()
  if (!installed) {
    throw new Error('The browser tests need Chromium and it could not be installed here. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.')
  }
  return installed
}

/**
 * Finds a PostgreSQL 15, the oldest version the migrations support.
 * @returns {string | undefined} its bin directory: PG15_BIN when set, else Debian's; undefined when not installed
 */
export function findPostgres15() {
  return [process.env.PG15_BIN, '/usr/lib/postgresql/15/bin'].find(path => path && existsSync(join(path, 'postgres')))
}

const CHECKER = 'postgresql-15-plpgsql-check'

/**
 * Installs the checker of PL/pgSQL for Debian's PostgreSQL 15, where that is the one.
 * @throws {Error} what to install by hand, when apt-get is absent, not allowed or fails
 */
export function ensurePlpgsqlCheck() {
  if (process.env.PG15_BIN || existsSync('/usr/share/postgresql/15/extension/plpgsql_check.control')) return
  console.log(`Installing Debian's ${CHECKER}`)
  apt('update')
  if (!apt('install', '-y', CHECKER)) throw new Error(`The functions cannot be checked: ${CHECKER} could not be installed here. Install it (Debian: apt-get install ${CHECKER}).`)
}

import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isAlive } from './process.mjs'

/** The folder of the clone. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Where everything is kept that this machine alone needs: the embedded database, locks, state, logs. */
export const dataDir = resolve(root, process.env.IU_DATA_DIR || '.data')

/**
 * @typedef {object} ConsoleState what a running launcher says about itself
 * @property {import('./process.mjs').ProcessRef} launcher
 * @property {import('./process.mjs').ProcessRef} [server]
 * @property {string} [address] only once it answers
 * @property {string} [databaseUrl] of the embedded PostgreSQL
 */

/**
 * One console runs for each database: the embedded one, or each DATABASE_URL.
 * @param {string | undefined} databaseUrl
 * @returns {string} the name under which its state and lock are kept
 */
export function consoleName(databaseUrl) {
  return databaseUrl ? `console-${createHash('sha256').update(databaseUrl).digest('hex').slice(0, 8)}` : 'console'
}

/**
 * @param {string} name from `consoleName`
 * @returns {ConsoleState | null} the last state written under that name, whether or not its launcher still runs
 */
export function readState(name) {
  try {
    return JSON.parse(readFileSync(join(dataDir, `${name}.json`), 'utf8'))
  }
  catch {
    return null
  }
}

/**
 * @param {string} name from `consoleName`
 * @returns {ConsoleState | null} the state when its launcher still runs
 */
export function runningState(name) {
  const state = readState(name)
  return isAlive(state?.launcher) ? state : null
}

/** @returns {ConsoleState[]} every console that runs from this data folder */
export function runningConsoles() {
  try {
    return readdirSync(dataDir)
      .filter(file => /^console(-[0-9a-f]+)?\.json$/.test(file))
      .flatMap(file => runningState(file.slice(0, -'.json'.length)) ?? [])
  }
  catch {
    return []
  }
}

/**
 * @param {string} name from `consoleName`
 * @param {ConsoleState} state
 */
export function writeState(name, state) {
  const file = join(dataDir, `${name}.json`)
  // It can hold the password of the embedded database.
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** @param {string} name from `consoleName` */
export function removeState(name) {
  rmSync(join(dataDir, `${name}.json`), { force: true })
}

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isAlive, refTo, sleep } from './process.mjs'

/**
 * Takes a lock that the end of its holder releases too, however it ended.
 * @param {string} folder the lock; its parent is created when missing
 * @returns {null | (() => void)} the release, or null when another living process holds it
 */
export function tryLock(folder) {
  const mine = `${folder}.${process.pid}`
  mkdirSync(dirname(folder), { recursive: true })
  rmSync(mine, { recursive: true, force: true })
  mkdirSync(mine)
  writeFileSync(join(mine, 'holder.json'), JSON.stringify(refTo()))
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        // A folder never replaces one that has something in it, so taking the lock and naming its holder is one step.
        renameSync(mine, folder)
        return () => release(folder)
      }
      catch (error) {
        if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code)) throw error
      }
      const holder = lockHolder(folder)
      if (isAlive(holder)) return null
      discard(folder, holder)
    }
    return null
  }
  finally {
    rmSync(mine, { recursive: true, force: true })
  }
}

/**
 * @param {string} folder the lock
 * @returns {import('./process.mjs').ProcessRef | null} who took it last; it may have ended since
 */
export function lockHolder(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'holder.json'), 'utf8'))
  }
  catch {
    return null
  }
}

/**
 * Waits for the lock.
 * @param {string} folder the lock
 * @param {(holder: number | undefined) => void} [onWait] called once, with the holder's pid, when there is something to wait for
 * @returns {Promise<() => void>} the release
 */
export async function lock(folder, onWait = () => {}) {
  for (let waited = false; ; waited = true) {
    const release = tryLock(folder)
    if (release) return release
    if (!waited) onWait(lockHolder(folder)?.pid)
    await sleep(300)
  }
}

function release(folder) {
  const holder = lockHolder(folder)
  if (holder?.pid === process.pid) discard(folder, holder)
}

function discard(folder, holder) {
  const away = `${folder}.gone.${process.pid}`
  try {
    renameSync(folder, away)
    // Somebody else may have discarded it and taken it since it was looked at: then it is theirs.
    if (lockHolder(away)?.pid !== holder?.pid) renameSync(away, folder)
  }
  catch {
    // Somebody else discarded it first.
  }
  rmSync(away, { recursive: true, force: true })
}

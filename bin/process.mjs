import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * Tells one process from a later one that got the same pid.
 * @param {number} pid
 * @returns {string | null} a tag that stays the same while the process lives, or null when there is no such process
 */
export function processTag(pid) {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The name in parentheses may hold spaces; what follows it starts with field 3.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' ? null : `start ${fields[19]}`
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null
  }
  catch {
    return null
  }
}

/**
 * @typedef {{ pid: number, tag: string | null }} ProcessRef
 */

/**
 * @param {number} [pid]
 * @returns {ProcessRef} a reference that survives being written to a file
 */
export function refTo(pid = process.pid) {
  return { pid, tag: processTag(pid) }
}

/**
 * @param {ProcessRef | null | undefined} ref
 * @returns {boolean} whether exactly that process still runs
 */
export function isAlive(ref) {
  return Boolean(ref?.tag) && processTag(ref.pid) === ref.tag
}

/** @param {number} ms milliseconds */
export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

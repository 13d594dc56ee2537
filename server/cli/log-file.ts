import { existsSync, openSync, renameSync } from 'node:fs'

/**
 * Begins a new log and keeps the one before it beside it: what it says about a crash outlives the restart.
 * @param file path ending in `.log`; the older one becomes `.previous.log`
 * @returns a descriptor to write to
 */
export function openLog(file: string): number {
  if (existsSync(file)) renameSync(file, file.replace(/\.log$/, '.previous.log'))
  return openSync(file, 'a', 0o600)
}

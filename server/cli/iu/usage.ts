import type { ArgsDef, CommandDef } from 'citty'
import { PlainError } from '../../../bin/progress.mjs'

/** What was typed cannot be meant: exit code 2. */
export class UsageError extends PlainError {}

/** Told in full already; what is left is the exit code. */
export class Told extends Error {
  constructor(readonly exitCode: number) {
    super(`exit code ${exitCode}`)
  }
}

/** How many letters have to be put in, taken out or changed to get from one word to the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[to.length]!
}

/**
 * Suggests what was meant.
 * @param typed a name that is none
 * @param known the names there are
 * @returns ` Did you mean …?`, or nothing when no name is near
 */
export function suggestion(typed: string, known: string[]): string {
  const [best] = known
    .map(name => ({ name, away: name.startsWith(typed) || name === `dot_iu_${typed}` ? 0 : distance(typed, name) }))
    .filter(({ name, away }) => away <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.away - b.away)
  return best ? ` Did you mean ${best.name}?` : ''
}

/**
 * Reads `key=value…`.
 * @param words as typed
 * @returns value by key
 * @throws UsageError for a word without `=`, and for a key given twice
 */
export function readPairs(words: string[]): Record<string, string> {
  const pairs: Record<string, string> = Object.create(null)
  for (const word of words) {
    const at = word.indexOf('=')
    if (at < 1) throw new UsageError(`"${word}" is no key=value.`)
    const key = word.slice(0, at)
    if (key in pairs) throw new UsageError(`${key} is given twice.`)
    pairs[key] = word.slice(at + 1)
  }
  return pairs
}

/**
 * citty takes no notice of options it does not know; a misspelt --dry-run must not be one of them.
 * @param name how the command is called, in full
 * @param words what was typed after it
 * @throws UsageError naming the option
 */
export function checkOptions(name: string, { args }: CommandDef<ArgsDef>, words: string[]): void {
  const known = Object.entries((args ?? {}) as ArgsDef).filter(([, { type }]) => type !== 'positional').map(([key]) => `--${key}`)
  for (const word of words.filter(word => word.startsWith('-'))) {
    const option = word.split('=')[0]!
    if (!known.includes(option)) throw new UsageError(`${name} has no option ${option}.${suggestion(option, known)} See: ${name} --help`)
  }
}

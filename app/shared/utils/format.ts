const NUMBER = new Intl.NumberFormat('en-GB')
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })

const STEPS: [unit: Intl.RelativeTimeFormatUnit, seconds: number, below: number][] = [
  ['minute', 60, 3600],
  ['hour', 3600, 86_400],
  ['day', 86_400, 30 * 86_400],
]

/**
 * @param value a count
 * @returns the count with thousands separated: `12,500`
 */
export function formatCount(value: number): string {
  return NUMBER.format(value)
}

/**
 * @param count how many
 * @param one the singular noun
 * @param many the plural, when it is not the singular with an s
 * @returns count and noun: `1 instance`, `12 instances`
 */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/**
 * @param iso a time as ISO string
 * @param now the present, in milliseconds since the epoch
 * @returns how long ago (or ahead) in words, `4 minutes ago`; the date when it is more than 30 days away
 */
export function relativeTime(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1000
  const distance = Math.abs(seconds)
  if (distance < 45) return 'just now'
  for (const [unit, size, below] of STEPS) {
    if (distance < below) return RELATIVE.format(Math.trunc(seconds / size) || Math.sign(seconds), unit)
  }
  return DAY.format(Date.parse(iso))
}

/**
 * @param iso a time as ISO string
 * @returns the exact time, to the second: `2026-05-25 04:41:07 UTC`
 */
export function utcTime(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/**
 * @param digest a SHA-256 in hex
 * @returns its first 8 characters, what an operator compares
 */
export function shortDigest(digest: string): string {
  return digest.slice(0, 8)
}

/**
 * Two colours computed from a digest, so that equal digests look equal at a glance.
 * @param digest a SHA-256 in hex
 * @returns two CSS colours of equal lightness, never closer than 60° in hue
 */
export function digestColors(digest: string): [string, string] {
  const first = Number.parseInt(digest.slice(0, 4), 16) % 360
  const second = (first + 60 + Number.parseInt(digest.slice(4, 8), 16) % 240) % 360
  return [`oklch(0.64 0.16 ${first})`, `oklch(0.64 0.16 ${second})`]
}

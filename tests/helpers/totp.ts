import { createHmac } from 'node:crypto'

const STEP_SECONDS = 30
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The secret that an authenticator app was given with `otpauth://totp/…?secret=…`, out of its Base32. */
export function secretOf(uri: string): Buffer {
  const secret = new URL(uri).searchParams.get('secret')!.replaceAll('=', '')
  const bits = [...secret].map(letter => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from(bits.match(/.{8}/g)!.map(byte => Number.parseInt(byte, 2)))
}

/**
 * The code that an authenticator app shows.
 * @param uri what the app was given: `otpauth://totp/…?secret=…`
 * @param steps how many codes later: one that was used does not count again
 */
export function totp(uri: string, steps = 0): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / STEP_SECONDS) + steps))
  const digest = createHmac('sha1', secretOf(uri)).update(counter).digest()
  const number = digest.readUInt32BE(digest.at(-1)! & 0xF) & 0x7FFFFFFF
  return String(number % 1_000_000).padStart(6, '0')
}

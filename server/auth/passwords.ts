import { type ScryptOptions, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'
import pLimit from 'p-limit'

/** The least that OWASP's cheat sheet on password storage has for scrypt at 32 MiB: 2^`ln` blocks of `r`, `p` times. */
const COST = { ln: 15, r: 8, p: 3 }
const SALT_BYTES = 16
const KEY_BYTES = 32

/** One hash takes 32 MiB and a quarter of a second of a core: a crowd at the door must not take the machine. */
const AT_ONCE = 2
const IN_LINE = 50

/** Too many wait for their password to be checked. */
export class Crowded extends Error {}

const turn = pLimit(AT_ONCE)

function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (turn.pendingCount >= IN_LINE) throw new Crowded()
  return turn(work)
}

/** @param password in one form, however a keyboard has composed its letters */
const derive = (password: string, salt: Buffer, { ln, r, p }: typeof COST) =>
  promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)(password.normalize('NFKC'), salt, KEY_BYTES, { N: 2 ** ln, r, p, maxmem: 2 ** (ln + 8) * r })

const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')

/**
 * The scrypt hash of a password, with its salt and cost, as a PHC string: `$scrypt$ln=…,r=…,p=…$salt$key`.
 * @throws Crowded when too many are waiting
 * @see https://github.com/P-H-C/phc-string-format
 */
export const hashPassword = (password: string): Promise<string> => inTurn(async () => {
  const salt = randomBytes(SALT_BYTES)
  const { ln, r, p } = COST
  return `$scrypt$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(await derive(password, salt, COST))}`
})

/**
 * Whether a password is the one that was hashed, at whatever cost that was.
 * @throws Crowded when too many are waiting; Error when the hash is none
 */
export const verifyPassword = ({ hash, password }: { hash: string, password: string }): Promise<boolean> => inTurn(async () => {
  const [, ln, r, p, salt, key] = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(hash) ?? []
  if (!key) throw new Error('a password hash in another form')
  const derived = await derive(password, Buffer.from(salt!, 'base64'), { ln: Number(ln), r: Number(r), p: Number(p) })
  return timingSafeEqual(derived, Buffer.from(key, 'base64'))
})

/** Below 3 of 4, somebody who knows the usual lists and the person's name gets there. */
const STRONG_ENOUGH = 3
/** What anybody tries first here. */
const OWN_WORDS = ['iu', 'console', 'core', 'operator', 'administrator']

/** So many letters have to be left when those words are gone: several in a row count as a phrase with the judge. */
const NOT_KNOWN = 6

const withoutWords = (password: string, words: string[]) =>
  words.filter(word => word.length > 1).toSorted((one, other) => other.length - one.length)
    .reduce((rest, word) => rest.replaceAll(word.toLowerCase(), ' '), password.toLowerCase()).replace(/[^\p{L}\p{N}]/gu, '')

let judge: ZxcvbnFactory | undefined

/**
 * Why a password will not do, besides its length, which the schema checks.
 * @param about what others know of the person: name, address
 * @returns null when it will
 */
export function weakness(password: string, about: string[]): string | null {
  judge ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })
  const known = [...OWN_WORDS, ...about.flatMap(text => [text, ...text.split(/[\s@.]+/)])]
  // Judging grows with the length; what comes after the beginning makes nothing weaker.
  const { score } = judge.check(password.slice(0, 64), known)
  return score >= STRONG_ENOUGH && withoutWords(password, known).length >= NOT_KNOWN ? null : 'is easy to guess; several words that do not belong together are better'
}

import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'
import { hashPassword as scrypt, verifyPassword as scryptVerify } from 'better-auth/crypto'
import pLimit from 'p-limit'

/** One hash takes some 16 MB and a tenth of a second of a core: a crowd at the door must not take the machine. */
const AT_ONCE = 2
const IN_LINE = 50

/** Too many wait for their password to be checked. */
export class Crowded extends Error {}

const turn = pLimit(AT_ONCE)

function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (turn.pendingCount >= IN_LINE) throw new Crowded()
  return turn(work)
}

/**
 * The scrypt hash of a password, with its salt and parameters.
 * @throws Crowded when too many are waiting
 */
export const hashPassword = (password: string): Promise<string> => inTurn(() => scrypt(password))

/**
 * Whether a password is the one that was hashed.
 * @throws Crowded when too many are waiting
 */
export const verifyPassword = (given: { hash: string, password: string }): Promise<boolean> => inTurn(() => scryptVerify(given))

/** Below 3 of 4, somebody who knows the usual lists and the person's name gets there. */
const STRONG_ENOUGH = 3
/** What anybody tries first here. */
const OWN_WORDS = ['iu', 'console', 'core', 'operator', 'administrator']

let judge: ZxcvbnFactory | undefined

/**
 * Why a password will not do, besides its length, which the schema checks.
 * @param about what others know of the person: name, address
 * @returns null when it will
 */
export function weakness(password: string, about: string[]): string | null {
  judge ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })
  // Judging grows with the length; what comes after the beginning makes nothing weaker.
  const { score } = judge.check(password.slice(0, 64), [...OWN_WORDS, ...about.flatMap(text => [text, ...text.split(/[\s@.]+/)])])
  return score >= STRONG_ENOUGH ? null : 'is easy to guess; several words that do not belong together are better'
}

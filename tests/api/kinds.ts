/** Kinds of fields of requests: for each, values that the console must refuse by naming the field. */

/** What stands in a body: a name for the case, and the value. */
type Wrong = [what: string, value: unknown]

/** A field of a body. */
export interface Field {
  wrong: Wrong[]
  /** May be left out. */
  optional?: boolean
}

/** A field of a query, or a part of a path: values as they stand in the address, encoded. */
export interface Sent { wrong: string[] }

const NONE: Wrong = ['none', null]
const NO_TEXT: Wrong[] = [['a list', ['a']], ['a number', 7], ['an object', {}]]
const EMPTY: Wrong[] = [['empty', ''], ['blank', ' \t\n']]
const UNSTORABLE: Wrong[] = [['a NUL character', 'a\0b'], ['half a character', 'a\ud800b']]
const tooLong = (longest: number): Wrong => ['over-long', 'x'.repeat(longest + 1)]

/** Text in one line. */
export const line = (longest: number): Field => ({
  wrong: [tooLong(longest), ...NO_TEXT, ...EMPTY, ...UNSTORABLE, NONE, ['a control character', 'a\u0007b'], ['a line break', 'a\nb']],
})
/** Text with line breaks. */
export const text = (longest: number): Field => ({ wrong: [tooLong(longest), ...NO_TEXT, ...EMPTY, ...UNSTORABLE, NONE] })
/** A name typed once more: compared, never kept. */
export const typedAgain = (longest: number): Field => ({ wrong: [tooLong(longest), ...NO_TEXT, NONE], optional: true })
/** A field that may be left out. */
export const optional = (field: Field): Field => ({ ...field, optional: true })
/** A field that may be null. */
export const orNull = (field: Field): Field => ({ ...field, wrong: field.wrong.filter(([, value]) => value !== null) })
/** A field that may be empty. */
export const orEmpty = (field: Field): Field => ({ ...field, wrong: field.wrong.filter(([, value]) => typeof value !== 'string' || value.trim() !== '') })

export const id: Field = { wrong: [['a malformed uuid', '12345'], ['an injection', '\' or 1=1 --'], ['a number', 1], ['an object', { id: 1 }], NONE] }
/** A SHA-256 in lower-case hex. */
export const digest: Field = { wrong: [['too short', 'abc'], ['capitals', 'A'.repeat(64)], ['a number', 7], ['an object', {}], NONE] }
export const flag: Field = { wrong: [['a text', 'false'], ['a number', 1], NONE] }
export const whole = (least: number, most: number): Field => ({
  wrong: [['too small', least - 1], ['too large', most + 1], ['a fraction', least + 0.5], ['no number', 'many'], ['an object', {}]],
})
export const oneOf: Field = { wrong: [['what does not exist', 'shadow'], ['capitals', 'LIVE'], ['empty', ''], NONE] }
/** What is typed to prove who one is; it is compared and never kept. */
export const password: Field = { wrong: [tooLong(128), ...NO_TEXT, ['empty', ''], ...UNSTORABLE, NONE] }
export const newPassword: Field = { wrong: [...password.wrong, ['eleven characters', 'x'.repeat(11)]] }
export const email: Field = { wrong: [...line(254).wrong, ['no address', 'somebody'], ['two at once', 'a@b@c'], ['a blank in it', 'a b@c.org']] }
export const code: Field = { wrong: [tooLong(32), ...NO_TEXT, ...EMPTY, ['five digits', '12345'], NONE] }
export const linkToken: Field = { wrong: [tooLong(200), ...NO_TEXT, ['empty', ''], NONE] }
export const list: Field = { wrong: [['a text', 'x'], ['a number', 1], ['an object', {}], ['a list of numbers', [1]], NONE] }

/** What a search box or a filter sends. */
export const search: Sent = { wrong: ['%00', 'a%00b', 'x'.repeat(201)] }
export const pageSize: Sent = { wrong: ['0', '-1', '201', '10000', 'abc', '1.5', '', 'NaN', 'Infinity'] }
export const pageMark: Sent = { wrong: ['', '.', 'x', '%00', 'null', '%5B%5D', 'x'.repeat(5000)] }
export const choice: Sent = { wrong: ['no-such-choice', '', 'ASC', '%00'] }
export const sentId: Sent = { wrong: ['1', '', 'null', '%27', '%00'] }
export const day: Sent = { wrong: ['yesterday', '2026-02-30', '0000-01-01', '', '2026-11-21T00:00:00Z'] }
export const sentLine = (longest: number): Sent => ({ wrong: ['', '%20', '%00', 'a%0Ab', 'x'.repeat(longest + 1)] })
export const sentJson: Sent = { wrong: ['', 'x', '%5B1%5D', '7', '%7B%22a%22%3A1.5%7D', '%7B%22a%22%3A%22b%22%7D', 'x'.repeat(8001)] }

export const pathId: Sent = { wrong: ['1', 'null', 'x'.repeat(500), '00000000-0000-4000-8000-0000000000000', '%00', '%27', '%F0%28'] }
export const pathName = (longest: number): Sent => ({ wrong: ['a%00b', '%00', 'x'.repeat(longest + 1), `${'%3F'.repeat(longest)}%00`] })

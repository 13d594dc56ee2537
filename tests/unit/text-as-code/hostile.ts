/** Texts that try to be mistaken for the file around them, for the unit and the database tests. */
import fc from 'fast-check'
import { textDigest } from '../../../server/text-as-code/digests'
import type { FilePiece } from '../../../server/text-as-code/format'

/** Everything the format itself writes, and what editors, Git and Unicode do to texts. */
export const HOSTILE = [
  '', '\n', '\n\n', '\r', '\r\n', ' ', '\t', '  \n  ', 'trailing \n', '---', '---\n', '\n---\n', '<!-- piece', '-->', '\n-->\n',
  '<!-- end of piece -->', '\n<!-- end of piece -->\n', '<!-- end of piece 2 -->', '<!-- end of piece 3 -->\r\n', '<!-- piece 2\n',
  '<!-- end of collection -->', '\n<!-- end of collection -->\n', 'format: "iu-text-as-code/1"\n', 'title: "x"\n-->\n', '"', '\\', '\\u0000',
  '\uFEFF', '\u0001', '\u007F', '\u0085', '\u2028', '\u2029', '\u202E', 'שלום', 'e\u0301', '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}', '\u{10FFFF}', '\uFFFD', '\uFFFE',
]

/** Any text that PostgreSQL can hold, rich in the ones above. */
export const storedText: fc.Arbitrary<string> = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...HOSTILE) }, fc.string({ unit: 'binary' }).map(text => text.replaceAll('\0', ''))),
  { maxLength: 8 },
).map(parts => parts.join(''))

/** A text with something in it to see. */
export const wordy = storedText.map(text => `x${text}`)

/** A piece whose digest is that of its text. */
export const piece: fc.Arbitrary<FilePiece> = fc.record({
  address: wordy, iu_id: fc.uuid(), role: wordy, title: wordy, text: storedText,
}).map(given => ({ ...given, content_digest: textDigest(given.text) }))

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { manifestDigest, textDigest } from '../../../server/text-as-code/digests'
import { type CollectionFile, type FilePiece, renderCollection, renderParts } from '../../../server/text-as-code/format'
import { TextFileError, parseCollection } from '../../../server/text-as-code/parse'
import { HOSTILE, piece, storedText, wordy } from './hostile'

const collectionOf = (pieces: FilePiece[], over: Partial<CollectionFile> = {}): CollectionFile => ({
  collection_key: 'tpl:wf:onboarding/v2', collection_kind: 'workflow', description: null, title: 'Onboarding',
  manifest_digest: manifestDigest(pieces), piece_count: pieces.length, pieces, ...over,
})
const holding = (text: string): FilePiece => ({
  address: 'a/piece', iu_id: '00000000-0000-4000-8000-000000000001', role: 'body', title: 'A piece', text, content_digest: textDigest(text),
})
const bytesOf = (collection: CollectionFile) => Buffer.from(renderCollection(collection))
const errorOf = (text: string | Uint8Array): TextFileError => {
  try {
    parseCollection(typeof text === 'string' ? Buffer.from(text) : text)
  }
  catch (error) {
    if (error instanceof TextFileError) return error
    throw error
  }
  throw new Error('it was read')
}

describe('a collection comes back as it went out', () => {
  test('whatever its texts, titles, roles and keys hold', () => fc.assert(fc.property(
    fc.record({ pieces: fc.array(piece, { maxLength: 4 }), collection_key: wordy, collection_kind: wordy, title: wordy, description: fc.option(storedText) }),
    ({ pieces, ...names }) => {
      const collection = collectionOf(pieces, names)
      expect(parseCollection(bytesOf(collection))).toEqual(collection)
    }), { numRuns: 1000 }))

  test.each(HOSTILE.map(text => [JSON.stringify(text), text]))('with the text %s, alone, at the start, at the end and in between', (_, text) => {
    for (const whole of [text, `${text}tail`, `head${text}`, `head\n${text}\ntail`, text.repeat(3)]) {
      const collection = collectionOf([holding(whole)])
      expect(parseCollection(bytesOf(collection))).toEqual(collection)
    }
  })

  test('when a text is a whole file of ours', () => {
    const inner = renderCollection(collectionOf([holding(renderCollection(collectionOf([holding('deep')])))]))
    const collection = collectionOf([holding(inner)])
    expect(parseCollection(bytesOf(collection))).toEqual(collection)
  })

  test('with texts of a megabyte, one of them nothing but end lines', () => {
    const ends = Array.from({ length: 40_000 }, (_, i) => `<!-- end of piece ${i} -->`).join('\n')
    const collection = collectionOf(['é'.repeat(1 << 20), ends].map((text, i) => ({ ...holding(text), iu_id: `00000000-0000-4000-8000-00000000000${i}` })))
    expect(parseCollection(bytesOf(collection))).toEqual(collection)
  })
})

describe('the file', () => {
  test('reads like this', () => expect(renderCollection(collectionOf([holding('First line\n\n---\nLast line\n'), holding('see <!-- end of piece -->')]))).toMatchInlineSnapshot(`
    "---
    format: "iu-text-as-code/1"
    collection_key: "tpl:wf:onboarding/v2"
    collection_kind: "workflow"
    description: null
    manifest_digest: "8d429b9965abf7538d4b95c548dab274b2d986e3555785e9075589929c523f6e"
    piece_count: 2
    title: "Onboarding"
    ---

    <!-- piece
    address: "a/piece"
    content_digest: "f46ee9a755a80817799d5ff003acf1b16ab3181584bdea775c97943942653cb3"
    iu_id: "00000000-0000-4000-8000-000000000001"
    role: "body"
    title: "A piece"
    -->
    First line

    ---
    Last line

    <!-- end of piece -->

    <!-- piece 2
    address: "a/piece"
    content_digest: "f9ed7007db2c736ac8f6e88883da1297e2b6f3fde3b87c8e3fa13cf471c350dc"
    iu_id: "00000000-0000-4000-8000-000000000001"
    role: "body"
    title: "A piece"
    -->
    see <!-- end of piece -->
    <!-- end of piece 2 -->

    <!-- end of collection -->
    "
  `))

  test('is its parts put together', () => fc.assert(fc.property(fc.array(piece, { maxLength: 3 }), (pieces) => {
    const parts = renderParts(collectionOf(pieces))
    expect(parts).toHaveLength(pieces.length + 2)
    expect(parts.every(part => part.endsWith('\n'))).toBe(true)
  })))

  test('has headers that are YAML\'s JSON and no end of a comment within', () => {
    const file = renderCollection(collectionOf([{ ...holding('text'), title: 'an --> arrow, --!> too' }]))
    expect(file).toContain('title: "an --\\u003e arrow, --!\\u003e too"')
    expect(parseCollection(Buffer.from(file)).pieces[0]!.title).toBe('an --> arrow, --!> too')
  })
})

describe('an edited file', () => {
  const original = collectionOf([holding('one\ntwo')])
  const edited = (from: string, to: string) => parseCollection(Buffer.from(renderCollection(original).replace(from, () => to)))

  test('gives the new text, of any length, and the digest of the old', () => fc.assert(fc.property(storedText, (text) => {
    fc.pre(!text.includes('<!-- end of piece -->'))
    expect(edited('one\ntwo', text)).toEqual({ ...original, pieces: [{ ...original.pieces[0], text }] })
  })))
  test('may lose the last line feed, and the empty line of an empty text', () => {
    expect(edited('collection -->\n', 'collection -->')).toEqual(original)
    expect(edited('-->\none\ntwo\n', '-->\n').pieces[0]!.text).toBe('')
  })
  test('in which a text was given the line that ends it says what to do', () => {
    const error = errorOf(renderCollection(original).replace('one\n', 'one\n<!-- end of piece -->\n'))
    expect(error).toMatchObject({ line: 20, message: expect.stringMatching(/belongs to the text of piece 1.*<!-- piece 7.*<!-- end of piece 7 -->/) })
  })
  test('may number a piece by hand', () => {
    const file = renderCollection(original).replace('<!-- piece', '<!-- piece 7').replace('one', 'one\n<!-- end of piece -->').replace(/two\n<!-- end of piece -->/, 'two\n<!-- end of piece 7 -->')
    expect(parseCollection(Buffer.from(file)).pieces[0]!.text).toBe('one\n<!-- end of piece -->\ntwo')
  })
})

describe('a file that cannot be read says why and where', () => {
  const file = renderCollection(collectionOf([holding('one\ntwo')]))
  test.each<[string, string | Uint8Array, RegExp, number | undefined]>([
    ['empty', '', /not a collection's file/, 1],
    ['another document', '# Notes\n', /not a collection's file/, 1],
    ['no UTF-8', Buffer.from([0x2D, 0x2D, 0x2D, 0x0A, 0xC3]), /not UTF-8/, undefined],
    ['saved with a byte order mark', `\uFEFF${file}`, /byte order mark/, 1],
    ['saved with the line ends of Windows', file.replaceAll('\n', '\r\n'), /line ends.*Windows/, 1],
    ['of another format', file.replace('code/1', 'code/2'), /"format" must be "iu-text-as-code\/1"/, 2],
    ['with a key twice', file.replace('title:', 'collection_key:'), /"collection_key" twice/, 8],
    ['without a key', file.replace(/title: .*\n/, ''), /The front matter: "title" is missing/, 2],
    ['with an unknown key', file.replace('address:', 'adress:'), /The header of piece 1: "adress" is not known here|"address" is missing/, 12],
    ['with a line that is no key', file.replace('role: ', 'role '), /not "key: value"/, 15],
    ['with a value without quotes', file.replace('"body"', 'body'), /"role" is no JSON/, 15],
    ['with a number for a text', file.replace('"body"', '7'), /"role"/, 15],
    ['with a digest that is none', file.replace(/content_digest: "./, 'content_digest: "X'), /"content_digest" must be 64 digits/, 13],
    ['with an id that is none', file.replace('"00000000', '"x0000000'), /"iu_id" must be a UUID/, 14],
    ['with NUL in a text', file.replace('one', 'o\0e'), /NUL/, 11],
    ['with something after the end', `${file}more\n`, /Something stands after/, 23],
  ])('%s', (_, content, message, line) => {
    const error = errorOf(content)
    expect(error.message).toMatch(message)
    if (!error.message.includes('"address" is missing')) expect(error.line).toBe(line)
  })

  test('truncated anywhere but at its last line feed', () => {
    for (let length = 4; length < file.length - 1; length++) expect(errorOf(file.slice(0, length)).message, `at ${length}`).toMatch(/truncated|is missing|not/)
    expect(errorOf(file.slice(0, file.indexOf('<!-- end of collection'))).message).toMatch(/truncated: it does not end with/)
  })
})

test('the digest of a manifest is PostgreSQL\'s for the empty one', () => {
  expect(manifestDigest([])).toBe(textDigest('[]'))
})

import { z } from 'zod'
import { type CollectionFile, END_OF_COLLECTION, FENCE, FORMAT, type FilePiece, HEADER_END, pieceEnd, pieceStart } from './format'
import { Id, storable } from '#shared/schemas/common'

/** A file that cannot be read as a collection. `line` counts from 1; undefined: it is about the file as a whole. */
export class TextFileError extends Error {
  constructor(message: string, readonly line?: number) {
    super(message)
  }
}

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 digits of a SHA-256 in lower-case hex')
const Stored = storable(z.string())

const FrontMatter = z.strictObject({
  format: z.literal(FORMAT, { error: `must be "${FORMAT}": another version wrote this file` }),
  collection_key: Stored,
  collection_kind: Stored,
  description: Stored.nullable(),
  manifest_digest: Sha256,
  piece_count: z.int().min(0),
  title: Stored,
})

const PieceHeader = z.strictObject({
  address: Stored,
  content_digest: Sha256,
  iu_id: Id.transform(id => id.toLowerCase()),
  role: storable(z.string().regex(/\S/, 'must not be blank')),
  title: Stored,
})

/** Reads lines from a text and knows where it is. */
class Reader {
  private at = 0
  private counted = { at: 0, line: 1 }
  constructor(private readonly text: string) {}

  get atEnd() {
    return this.at >= this.text.length
  }

  /** The number of the next line. */
  get line() {
    let { at, line } = this.counted
    for (at = this.text.indexOf('\n', at); at !== -1 && at < this.at; at = this.text.indexOf('\n', at + 1)) line++
    this.counted = { at: this.at, line }
    return line
  }

  /** The next line, without its line feed; undefined when no whole line is left. */
  peek(): string | undefined {
    const end = this.text.indexOf('\n', this.at)
    return end === -1 ? undefined : this.text.slice(this.at, end)
  }

  skip(line: string) {
    this.at += line.length + 1
  }

  /** Everything up to a line that is exactly this one, which is read over too; undefined when it does not come. */
  until(line: string): string | undefined {
    // From the line feed before: an editor may have taken away the empty line that an empty text is.
    const end = this.text.indexOf(`\n${line}\n`, this.at - 1)
    if (end === -1) return undefined
    const text = this.text.slice(this.at, Math.max(end, this.at))
    this.at = end + line.length + 2
    return text
  }
}

const truncated = (what: string, line: number) => new TextFileError(`The file is truncated: ${what}.`, line)

/** Reads `key: JSON` lines up to a closing line and checks them. */
function readFields<Shape extends z.ZodType>(reader: Reader, close: string, shape: Shape, where: string): z.infer<Shape> {
  const start = reader.line
  const fields: Record<string, unknown> = {}
  const lines: Record<string, number> = {}
  for (let number = start; ; number++) {
    const line = reader.peek()
    if (line === undefined) throw truncated(`${where} has no closing line "${close}"`, number)
    reader.skip(line)
    if (line === close) break
    const [, key, json] = /^([a-z_]+): (.*)$/s.exec(line) ?? []
    if (key === undefined) throw new TextFileError(`${where} holds a line that is not "key: value".`, number)
    if (Object.hasOwn(fields, key)) throw new TextFileError(`${where} has "${key}" twice.`, number)
    try {
      fields[key] = JSON.parse(json!)
    }
    catch {
      throw new TextFileError(`The value of "${key}" is no JSON: a text stands in double quotes, with \\" and \\\\ inside.`, number)
    }
    lines[key] = number
  }
  const checked = shape.safeParse(fields)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const key = issue!.code === 'unrecognized_keys' ? issue!.keys[0]! : String(issue!.path[0])
  const problem = issue!.code === 'unrecognized_keys' ? 'is not known here' : Object.hasOwn(fields, key) ? issue!.message : 'is missing'
  throw new TextFileError(`${where}: "${key}" ${problem}.`, lines[key] ?? start)
}

function readPiece(reader: Reader, number: number): FilePiece {
  const opening = reader.peek()!
  const line = reader.line
  const start = /^<!-- piece(?: (\d+))?$/.exec(opening)
  if (!start) {
    throw new TextFileError([
      `Expected the next piece ("${pieceStart('')}") or "${END_OF_COLLECTION}".`,
      number > 1 && `If this line belongs to the text of piece ${number - 1}, number its first and last line, such as "${pieceStart('7')}" and "${pieceEnd('7')}".`,
    ].filter(Boolean).join(' '), line)
  }
  const mark = start[1] ?? ''
  reader.skip(opening)
  const header = readFields(reader, HEADER_END, PieceHeader, `The header of piece ${number}`)
  const text = reader.until(pieceEnd(mark))
  if (text === undefined) throw truncated(`piece ${number} (${header.address}) has no closing line "${pieceEnd(mark)}"`, line)
  if (text.includes('\0')) throw new TextFileError(`The text of piece ${number} holds a NUL character, which a database cannot keep.`, line)
  return { ...header, text }
}

function decoded(bytes: Uint8Array): string {
  try {
    // A byte order mark is kept: inside a text it is a character like any other.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  }
  catch {
    throw new TextFileError('The file is not UTF-8.')
  }
}

/**
 * Reads a collection's file; an edited one too. Digests are taken as they stand, they say what was exported.
 * @param bytes the whole file
 * @returns the collection, each text exactly as it stands between its lines
 * @throws TextFileError that says what is wrong and in which line
 */
export function parseCollection(bytes: Uint8Array): CollectionFile {
  const content = decoded(bytes)
  // Some editors leave out the last line feed.
  const reader = new Reader(content.endsWith(END_OF_COLLECTION) ? `${content}\n` : content)
  const first = reader.peek()
  if (first === `${FENCE}\r`) throw new TextFileError('The line ends were changed to those of Windows, in the texts too. Keep them as they were exported.', 1)
  if (first === `\uFEFF${FENCE}`) throw new TextFileError('The file begins with a byte order mark. Save it as UTF-8 without one.', 1)
  if (first !== FENCE) throw new TextFileError(`This is not a collection's file: its first line is not "${FENCE}".`, 1)
  reader.skip(first)
  const { format: _, ...collection } = readFields(reader, FENCE, FrontMatter, 'The front matter')

  const pieces: FilePiece[] = []
  for (;;) {
    const line = reader.peek()
    if (line === undefined) throw truncated(`it does not end with "${END_OF_COLLECTION}"`, reader.line)
    if (line === END_OF_COLLECTION) {
      reader.skip(line)
      break
    }
    // An empty line between pieces does no harm.
    if (line === '') reader.skip(line)
    else pieces.push(readPiece(reader, pieces.length + 1))
  }
  if (!reader.atEnd) throw new TextFileError(`Something stands after "${END_OF_COLLECTION}".`, reader.line)
  return { ...collection, pieces }
}

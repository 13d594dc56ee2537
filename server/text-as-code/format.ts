/** The file of one collection: front matter, then its pieces in order. docs/decisions/013 says why it looks like this. */

/** What the first line of the front matter says: a reader refuses what it does not know. */
export const FORMAT = 'iu-text-as-code/1'

/** One piece as it stands in a collection. */
export interface FilePiece {
  address: string
  /** Of the text as it was exported: an edited text has another. */
  content_digest: string
  iu_id: string
  role: string
  title: string
  text: string
}

/** One collection with its pieces in order. */
export interface CollectionFile {
  collection_key: string
  collection_kind: string
  description: string | null
  /** Of the members as they were exported: an edited list has another. */
  manifest_digest: string
  piece_count: number
  title: string
  pieces: FilePiece[]
}

export const FENCE = '---'
export const HEADER_END = '-->'
export const END_OF_COLLECTION = '<!-- end of collection -->'

/** The lines around a piece; a number sets an end apart from what its text says. */
export const pieceStart = (mark: string) => `<!-- piece${mark && ` ${mark}`}`
export const pieceEnd = (mark: string) => `<!-- end of piece${mark && ` ${mark}`} -->`
const ANY_PIECE_END = /<!-- end of piece(?: (\d+))? -->/g

/** The least mark whose end line the text does not contain; the same text always gets the same one. */
function markFor(text: string): string {
  const taken = new Set(Array.from(text.matchAll(ANY_PIECE_END), ([, mark = '']) => mark))
  if (!taken.has('')) return ''
  let mark = 2
  while (taken.has(String(mark))) mark++
  return String(mark)
}

/** `key: JSON` is YAML as well. The one thing JSON lets through that would end the comment around it is escaped. */
const field = (key: string, value: string | number | null) =>
  `${key}: ${JSON.stringify(value).replace(/--(!?)>/g, '--$1\\u003e')}`

function renderPiece(piece: FilePiece): string {
  const mark = markFor(piece.text)
  return [
    pieceStart(mark),
    field('address', piece.address),
    field('content_digest', piece.content_digest),
    field('iu_id', piece.iu_id),
    field('role', piece.role),
    field('title', piece.title),
    HEADER_END,
    piece.text,
    pieceEnd(mark),
    '',
  ].join('\n')
}

/**
 * Writes a collection as a file, in parts: the front matter, one part per piece, the end.
 * @returns texts that put together are the file
 */
export const renderParts = (collection: CollectionFile): string[] => [
  [
    FENCE,
    field('format', FORMAT),
    field('collection_key', collection.collection_key),
    field('collection_kind', collection.collection_kind),
    field('description', collection.description),
    field('manifest_digest', collection.manifest_digest),
    field('piece_count', collection.piece_count),
    field('title', collection.title),
    FENCE,
    '\n',
  ].join('\n'),
  ...collection.pieces.map(piece => `${renderPiece(piece)}\n`),
  `${END_OF_COLLECTION}\n`,
]

/**
 * Writes a collection as a file.
 * @returns its text: line feeds only, apart from what the pieces' own texts hold; equal for equal collections
 */
export const renderCollection = (collection: CollectionFile): string => renderParts(collection).join('')

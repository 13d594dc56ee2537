import type { PieceChangeName } from '../schemas/piece-change'
import type { PieceDetail } from '../schemas/piece'

/** What the console says about one change of a piece. */
export interface PieceChangeWords {
  /** In the address: `/pieces/<id>/<slug>`; null: it is no change of a piece that is there. */
  slug: string | null
  label: string
  icon: string
  /** Under the title of its page. */
  description: string
  /** On the button that runs it, and the colour of that button. */
  run: string
  tone: 'primary' | 'secondary' | 'error'
  /** Beside that button: what stays and what does not. */
  before: string
}

/** Each change of a piece in an operator's words, in the order in which they are offered. */
export const PIECE_CHANGE_WORDS: Record<PieceChangeName, PieceChangeWords> = {
  create: {
    slug: null, label: 'New piece', icon: 'i-lucide-plus', run: 'Create the piece', tone: 'primary',
    description: 'Writes a new piece under an address of its own. Collections hold it once they are composed from it.',
    before: 'An address leads to one piece for good: choose it with care.',
  },
  update: {
    slug: 'edit', label: 'Edit', icon: 'i-lucide-pencil', run: 'Save the edit', tone: 'primary',
    description: 'Changes the title and the text, at once in every collection that holds the piece.',
    before: 'The text as it was is kept with this run.',
  },
  split: {
    slug: 'split', label: 'Split', icon: 'i-lucide-split', run: 'Split the piece', tone: 'secondary',
    description: 'Writes its parts as new pieces, which supersede this one. Collections keep holding the old piece.',
    before: 'A piece that was split does not become active again.',
  },
  merge: {
    slug: 'merge', label: 'Merge', icon: 'i-lucide-merge', run: 'Merge the pieces', tone: 'secondary',
    description: 'Writes one new piece, which supersedes this one and others. Collections keep holding the old pieces.',
    before: 'Pieces that were merged do not become active again.',
  },
  supersede: {
    slug: 'supersede', label: 'Supersede', icon: 'i-lucide-replace', run: 'Supersede the piece', tone: 'secondary',
    description: 'Has another active piece take this one’s place. Collections keep holding the old piece.',
    before: 'A superseded piece does not become active again.',
  },
  retire: {
    slug: 'retire', label: 'Retire', icon: 'i-lucide-archive', run: 'Retire the piece', tone: 'error',
    description: 'Puts the piece out of use without a successor. No row is deleted, and collections keep holding it.',
    before: 'A retired piece does not become active again.',
  },
  emit_event: {
    slug: 'emit', label: 'Emit an event', icon: 'i-lucide-radio', run: 'Emit the event', tone: 'secondary',
    description: 'Puts an event about this piece into the outbox. The piece itself stays as it is.',
    before: 'Whether it is emitted dry or live is decided by the gate piece_event_runtime.dry_run_only.',
  },
}

/** @returns the change with that slug in the address, if there is one */
export const pieceChangeOfSlug = (slug: string): PieceChangeName | undefined =>
  (Object.keys(PIECE_CHANGE_WORDS) as PieceChangeName[]).find(name => PIECE_CHANGE_WORDS[name].slug === slug)

/** A part or a new piece while it is being written. */
export interface PieceText { canonical_address: string, title: string, body: string }

/** Another piece that was picked. */
export interface PickedPiece { id: string, canonical_address: string, title: string }

/** What a form about a piece holds while it is filled in, whatever the change. */
export interface PieceDraft {
  text: PieceText
  parts: PieceText[]
  others: PickedPiece[]
  event_type: string
  reason: string
  actor: string
  open_gates: boolean
}

/** The text in two, at the empty line nearest to its middle. */
function halves(body: string): [string, string] {
  const middle = body.length / 2
  const breaks = [...body.matchAll(/\n\s*\n/g)].map(match => match.index)
  const at = breaks.toSorted((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0]
  return at === undefined ? [body, ''] : [body.slice(0, at).trimEnd(), body.slice(at).trimStart()]
}

/**
 * What a form begins with.
 * @param change which change it is for
 * @param piece the piece it is about; null for a new one
 */
export function draftOf(change: PieceChangeName, piece: PieceDetail | null): PieceDraft {
  const given = piece ?? { canonical_address: '', title: '', body: '' }
  const [first, second] = halves(given.body)
  const part = (body: string, number: number) => ({ canonical_address: `${given.canonical_address}-${number}`, title: `${given.title}, part ${number}`.slice(0, 400), body })
  return {
    text: { canonical_address: change === 'merge' ? '' : given.canonical_address, title: given.title, body: given.body },
    parts: [part(first, 1), part(second, 2)],
    others: [],
    event_type: 'updated', reason: '', actor: '', open_gates: false,
  }
}

/**
 * What the form asks for, with the names that the change's schema has. Not checked yet.
 * @param change which change it is
 * @param piece the piece it is about; null for a new one
 * @param draft as it was filled in
 */
export function requestOf(change: PieceChangeName, piece: PieceDetail | null, { text, parts, others, event_type, ...draft }: PieceDraft): Record<string, unknown> {
  const who = { actor: draft.actor, open_gates: draft.open_gates }
  const why = { reason: draft.reason.trim() || undefined, ...who }
  switch (change) {
    case 'create': return { ...text, ...who }
    case 'update': return { iu_id: piece?.id, title: text.title, body: text.body, expected_digest: piece?.content_digest, ...who }
    case 'split': return { iu_id: piece?.id, parts, ...why }
    case 'merge': return { iu_ids: [piece?.id, ...others.map(other => other.id)], ...text, ...why }
    case 'supersede': return { iu_id: piece?.id, by_iu_id: others[0]?.id ?? '', ...why }
    case 'retire': return { iu_id: piece?.id, ...why }
    case 'emit_event': return { iu_id: piece?.id, event_type, ...who }
  }
}

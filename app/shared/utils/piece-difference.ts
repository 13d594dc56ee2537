import type { PieceChange, PieceDifference } from '#shared/schemas/piece'

const WORDS: [change: PieceChange, word: string][] = [
  ['added', 'added'],
  ['removed', 'removed'],
  ['replaced', 'replaced'],
  ['moved', 'moved'],
  ['role_changed', 'with another role'],
]

/**
 * @param rows the piece-level difference between two manifests
 * @returns the difference in one line: `5 pieces the same, 1 added`; `No piece-level difference` when there is none
 */
export function describeDifference(rows: Pick<PieceDifference, 'change'>[]): string {
  const count = (change: PieceChange) => rows.filter(row => row.change === change).length
  const parts = WORDS.map(([change, word]) => ({ word, count: count(change) })).filter(part => part.count > 0)
  if (parts.length === 0) return 'No piece-level difference'
  const same = count('same')
  const changes = parts.map(part => `${part.count} ${part.word}`)
  return same > 0 ? [`${same} ${same === 1 ? 'piece' : 'pieces'} the same`, ...changes].join(', ') : changes.join(', ')
}

const nameOf = (piece: PieceDifference, side: 'from' | 'to') =>
  piece[`${side}_title`] ?? piece[`${side}_address`] ?? piece[`${side}_iu_id`] ?? ''

/**
 * @param piece one row of a difference
 * @returns what became of the piece, by its name: `removed: Security briefing`; empty for one that stayed as it was
 */
export function describeChange(piece: PieceDifference): string {
  switch (piece.change) {
    case 'added': return `added: ${nameOf(piece, 'to')}`
    case 'removed': return `removed: ${nameOf(piece, 'from')}`
    case 'replaced': return `replaced: ${nameOf(piece, 'from')} by ${nameOf(piece, 'to')}`
    case 'moved': return `moved: ${nameOf(piece, 'to')}, ${piece.from_position} → ${piece.to_position}`
    case 'role_changed': return `role changed: ${nameOf(piece, 'to')}, ${piece.from_role} → ${piece.to_role}`
    case 'same': return ''
  }
}

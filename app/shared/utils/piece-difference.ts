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

/** A line of the difference between two texts. */
export interface DifferenceLine { change: 'same' | 'added' | 'removed', text: string }

/** Beyond so many pairs of lines to compare, what differs is shown as replaced as a whole. */
const MOST_PAIRS = 4_000_000

/**
 * The difference between two texts, line by line.
 * @param from the text as it was
 * @param to the text as it is
 * @returns every line of both in reading order; what was removed stands before what was added in its place
 */
export function textDifference(from: string, to: string): DifferenceLine[] {
  const [a, b] = [from.split('\n'), to.split('\n')]
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1
  const lines = (change: DifferenceLine['change'], texts: string[]) => texts.map(text => ({ change, text }))
  return [
    ...lines('same', a.slice(0, head)),
    ...between(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...lines('same', a.slice(a.length - tail)),
  ]
}

/** By the longest common subsequence. */
function between(a: string[], b: string[]): DifferenceLine[] {
  const removed = a.map((text): DifferenceLine => ({ change: 'removed', text }))
  const added = b.map((text): DifferenceLine => ({ change: 'added', text }))
  if (a.length * b.length > MOST_PAIRS) return [...removed, ...added]
  const width = b.length + 1
  const common = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = a[i] === b[j]
        ? common[(i + 1) * width + j + 1]! + 1
        : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!)
    }
  }
  const lines: DifferenceLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push({ change: 'same', text: a[i]! })
      i += 1
      j += 1
    }
    else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) lines.push(removed[i++]!)
    else lines.push(added[j++]!)
  }
  return [...lines, ...removed.slice(i), ...added.slice(j)]
}

/**
 * Columns in line, for a terminal.
 * @param head names of the columns
 * @param rows as many cells each
 * @returns lines, without spaces at their end
 */
export function table(head: string[], rows: string[][]): string {
  const lines = [head, ...rows]
  const widths = head.map((_, i) => Math.max(...lines.map(line => line[i]!.length)))
  return lines.map(line => line.map((cell, i) => cell.padEnd(widths[i]!)).join('  ').trimEnd()).join('\n')
}

/**
 * Names and values, one a line.
 * @param facts those without a value are left out
 */
export function factSheet(facts: [name: string, value: string | null | undefined][]): string {
  const told = facts.filter((fact): fact is [string, string] => Boolean(fact[1]))
  const width = Math.max(...told.map(([name]) => name.length))
  return told.map(([name, value]) => `  ${name.padEnd(width)}  ${value.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`).join('\n')
}

/** Writes the answer: as JSON for a machine, else as text. */
export function answer(json: boolean, value: unknown, text: string): void {
  console.log(json ? JSON.stringify(value, null, 2) : text)
}

import type { Difference, ObjectClass } from '#shared/schemas/conformance'

const CLASSES: Record<ObjectClass, string> = {
  table: 'Tables',
  view: 'Views',
  function: 'Functions',
  trigger: 'Triggers',
  config: 'Settings and gates',
  event_type: 'Event types',
  route: 'Routes',
}

/**
 * @param name one of the seven classes
 * @returns what an operator calls its objects, in the plural
 */
export const classWord = (name: ObjectClass): string => CLASSES[name]

/** A line of a definition, and whether the other side has it too. */
export interface DefinitionLine { text: string, alone: boolean }

/**
 * Both definitions of an object, line by line.
 * @param difference as the scan found it
 * @returns the lines of each side; none where a side has no definition
 */
export function definitionLines({ expected, live }: Pick<Difference, 'expected' | 'live'>): { expected: DefinitionLine[], live: DefinitionLine[] } {
  const lines = (text: string | null) => text?.split('\n') ?? []
  const beside = (own: string | null, other: string | null) => {
    const others = new Set(lines(other).map(line => line.trim()))
    return lines(own).map(text => ({ text, alone: !others.has(text.trim()) }))
  }
  return { expected: beside(expected, live), live: beside(live, expected) }
}

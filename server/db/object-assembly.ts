import { type CatalogueItem, comparable, hashOf } from './schema-objects'
import type { InventoryObject, ObjectClass } from '#shared/schemas/conformance'

/** An object of a database: what the inventory knows of it, but for the migration. */
export type Assembled = Omit<InventoryObject, 'migration'>

const PARTS = ['table', 'column', 'constraint', 'index']
const RANK: Record<ObjectClass, number> = { table: 0, view: 1, function: 2, trigger: 3, config: 4, event_type: 5, route: 6 }
const isClass = (name: string): name is ObjectClass => name in RANK

/**
 * Puts tables together from their parts; everything else is an object already.
 * @param items from the catalogue
 * @returns the objects of the seven classes, by class and name
 */
export function assemble(items: CatalogueItem[]): Assembled[] {
  const parts = new Map<string, CatalogueItem[]>()
  for (const item of items) if (item.part_of) parts.set(item.part_of, [...parts.get(item.part_of) ?? [], item])
  const objects = items.flatMap((item): Assembled[] => {
    if (item.part_of || !isClass(item.class)) return []
    const whole = [item, ...parts.get(item.name) ?? []].sort((a, b) => PARTS.indexOf(a.class) - PARTS.indexOf(b.class) || (a.name < b.name ? -1 : 1))
    return [{
      class: item.class,
      name: item.name,
      signature: item.signature,
      hash: hashOf(whole.map(comparable).join('\n')),
      definition: whole.map(part => part.definition).join('\n'),
    }]
  })
  return objects.sort((a, b) => RANK[a.class] - RANK[b.class] || (a.name < b.name ? -1 : 1))
}

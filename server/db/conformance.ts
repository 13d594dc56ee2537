import type { Kysely } from 'kysely'
import { readCatalogue } from './schema-objects'
import { type Assembled, assemble } from './object-assembly'
import committed from '../../conformance/inventory.json'
import { type ConformanceReport, type Difference, Inventory, type InventoryObject, ObjectClass } from '#shared/schemas/conformance'

/** What the migrations make, as committed with them. */
export const inventory: Inventory = Inventory.parse(committed)

const keyOf = ({ class: of, name }: { class: string, name: string }) => `${of} ${name}`

function differences(expected: InventoryObject[], live: Assembled[]): Difference[] {
  const found = new Map(live.map(object => [keyOf(object), object]))
  const known = new Set(expected.map(keyOf))
  const describe = (kind: Difference['kind'], wanted?: InventoryObject, has?: Assembled): Difference => {
    const { class: of, name } = (wanted ?? has)!
    return { kind, class: of, name, migration: wanted?.migration ?? null, expected: wanted?.definition ?? null, live: has?.definition ?? null }
  }
  return [
    ...expected.flatMap((wanted) => {
      const has = found.get(keyOf(wanted))
      if (!has) return [describe('missing', wanted)]
      return has.hash === wanted.hash ? [] : [describe('changed', wanted, has)]
    }),
    ...live.filter(object => !known.has(keyOf(object))).map(object => describe('extra', undefined, object)),
  ]
}

/**
 * Compares a database with what the migrations make, by name, signature and definition. Values of settings, rows of the
 * operators and objects of other systems are not looked at.
 * @param db handle or transaction; it is only read
 * @param against another inventory than the committed one
 * @returns the verdict, counts per class, and everything that differs, by name
 */
export async function scanConformance<T>(db: Kysely<T>, against: Inventory = inventory): Promise<ConformanceReport> {
  const live = assemble(await readCatalogue(db, against.objects.map(object => object.name)))
  const found = differences(against.objects, live)
  const classes = ObjectClass.options.map((name) => {
    const expected = against.objects.filter(object => object.class === name).length
    const count = (kind: Difference['kind']) => found.filter(difference => difference.class === name && difference.kind === kind).length
    const [missing, extra, changed] = [count('missing'), count('extra'), count('changed')]
    return { class: name, expected, same: expected - missing - changed, missing, extra, changed, conforms: missing + extra + changed === 0 }
  })
  const passed = classes.filter(row => row.conforms).length
  const same = classes.reduce((sum, row) => sum + row.same, 0)
  return {
    conforms: found.length === 0,
    verdict: `${passed}/${classes.length} ${found.length === 0 ? 'PASS' : 'classes pass'} at ${same} objects`,
    made_from: against.made_from,
    classes,
    differences: found,
  }
}

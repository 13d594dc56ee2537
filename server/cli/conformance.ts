import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { PlainError } from '../../bin/progress.mjs'
import { root } from '../../bin/state.mjs'
import { type Database, openDatabase } from './database'
import { listMigrations } from './migration-files'
import { MIGRATION_SCHEMA, applyMigration } from './migrator'
import { type CatalogueItem, comparable, hashOf, readCatalogue } from '../db/schema-objects'
import { assemble } from '../db/object-assembly'
import type { Inventory } from '#shared/schemas/conformance'

/** Where the inventory is committed. */
export const inventoryFile = join(root, 'conformance/inventory.json')

const keyOf = (item: CatalogueItem) => `${item.class} ${item.name}`

/**
 * Takes stock of what the migrations make, one after the other, in a transaction that is rolled back.
 * @param db an empty database
 * @returns the inventory
 * @throws PlainError when the database is not empty
 */
export async function makeInventory<T>(db: Kysely<T>): Promise<Inventory> {
  const trx = await db.startTransaction().execute()
  try {
    if ((await readCatalogue(trx, 'all')).length > 0) throw new PlainError('An inventory is made in an empty database; this one is not.')
    await sql`create schema if not exists ${sql.id(MIGRATION_SCHEMA)}`.execute(trx)
    const steps: Inventory['steps'] = {}
    const madeBy = new Map<string, string>()
    let items: CatalogueItem[] = []
    let before = new Map<string, string>()
    for (const migration of listMigrations()) {
      await applyMigration(trx, migration)
      items = await readCatalogue(trx, 'all')
      const after = new Map(items.map(item => [keyOf(item), hashOf(comparable(item))]))
      const keys = [...new Set([...before.keys(), ...after.keys()])].filter(key => before.get(key) !== after.get(key)).sort()
      steps[migration.name] = Object.fromEntries(keys.map(key => [key, after.get(key) ?? null]))
      for (const key of keys) if (!before.has(key)) madeBy.set(key, migration.name)
      before = after
    }
    return {
      made_from: listMigrations().at(-1)!.name,
      objects: assemble(items).map(({ class: of, name, signature, hash, definition }) =>
        ({ class: of, name, signature, migration: madeBy.get(`${of} ${name}`)!, hash, definition })),
      steps,
    }
  }
  finally {
    await trx.rollback().execute()
  }
}

/**
 * Writes `conformance/inventory.json` anew, from a scratch database beside the given one.
 * @param db a database whose server lets this user create another
 * @param url its address
 * @returns how many objects are in the inventory
 */
export async function writeInventory(db: Database, url: string): Promise<number> {
  const name = `iu_inventory_${randomBytes(6).toString('hex')}`
  const address = new URL(url)
  address.pathname = `/${name}`
  await sql`create database ${sql.id(name)} template template0`.execute(db)
  const scratch = openDatabase(address.href)
  try {
    const inventory = await makeInventory(scratch)
    await mkdir(dirname(inventoryFile), { recursive: true })
    await writeFile(inventoryFile, `${JSON.stringify(inventory, null, 1)}\n`)
    return inventory.objects.length
  }
  finally {
    await scratch.destroy()
    await sql`drop database ${sql.id(name)} with (force)`.execute(db)
  }
}

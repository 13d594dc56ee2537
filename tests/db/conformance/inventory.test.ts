import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { inventoryFile, makeInventory } from '../../../server/cli/conformance'
import { listMigrations } from '../../../server/cli/migration-files'
import { dumpSchema } from '../../../server/cli/schema-dump'
import { emptyDatabase, withDatabase } from '../../helpers/db'
import { oneRow } from '../fixtures'
import { Inventory } from '#shared/schemas/conformance'

const committed = Inventory.parse(JSON.parse(readFileSync(inventoryFile, 'utf8')))

test('the committed inventory is what the migrations make, on every version; node bin/db.mjs inventory renews it', () => emptyDatabase(async ({ db }) => {
  const made = await makeInventory(db)
  const { version } = await oneRow(db, sql<{ version: number }>`select current_setting('server_version_num')::int as version`)
  // PostgreSQL 15 writes the same views in other words, under the same hash.
  const comparable = (inventory: Inventory) => version >= 180_000
    ? inventory
    : { ...inventory, objects: inventory.objects.map(({ definition, ...object }) => (object.class === 'view' ? object : { ...object, definition })) }
  expect(comparable(made)).toEqual(comparable(committed))
}))

test('making one leaves nothing behind, and needs an empty database', async () => {
  await emptyDatabase(async ({ db }) => {
    const before = await dumpSchema(db)
    await makeInventory(db)
    expect(await dumpSchema(db)).toBe(before)
  })
  await withDatabase(({ db }) => expect(makeInventory(db)).rejects.toThrow('empty database'))
})

test('every migration is in it, and every object is told by name, signature and migration', () => {
  expect(Object.keys(committed.steps)).toEqual(listMigrations().map(migration => migration.name))
  expect(committed.objects.filter(object => !object.migration || !object.definition)).toEqual([])
  expect(committed.objects.find(object => object.name === 'public.iu_manifest')).toMatchObject({
    class: 'table', migration: '003_manifest_digest',
    signature: '(manifest_digest text, pieces jsonb, piece_count integer, first_seen_at timestamp with time zone)',
    definition: expect.stringContaining('constraint iu_manifest_is_content_addressed CHECK'),
  })
  expect(committed.objects.find(object => object.name.startsWith('public.fn_iu_auto_instantiate_rollback_by_actor'))).toMatchObject({
    name: 'public.fn_iu_auto_instantiate_rollback_by_actor(text, boolean)',
    signature: '(p_actor text, p_dry_run boolean DEFAULT true) returns jsonb',
  })
})

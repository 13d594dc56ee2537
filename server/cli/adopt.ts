import { readFileSync } from 'node:fs'
import { type Kysely, Migrator, sql } from 'kysely'
import { PlainError } from '../../bin/progress.mjs'
import { inventoryFile } from './conformance'
import { listMigrations } from './migration-files'
import { MIGRATION_LOCK, MIGRATION_SCHEMA, appliedNames, applyMigration, recordTable } from './migrator'
import { type CatalogueItem, comparable, hashOf, readCatalogue } from '../db/schema-objects'
import type { Inventory } from '#shared/schemas/conformance'

/** What the database says of one migration. */
export interface Standing {
  migration: string
  /** `recorded`: the record says so already. `disagrees`: partly there, or otherwise than it makes it. */
  state: 'recorded' | 'there' | 'missing' | 'disagrees'
  /** Each object that does not fit, by name, and how. */
  problems: string[]
}

interface Live { hash: string, item: CatalogueItem }
interface World {
  live: Map<string, Live>
  /** Per key, what the migrations make of it, in their order. */
  stages: Map<string, { migration: string, hash: string | null }[]>
  signatures: Map<string, string>
  keepDefinitions: boolean
}

const readInventory = (): Inventory => JSON.parse(readFileSync(inventoryFile, 'utf8'))

/** A function of the same name with other arguments is the same function, altered. */
function namesake(key: string, { live, stages }: World): string | undefined {
  if (!key.startsWith('function ')) return undefined
  const upToArguments = key.slice(0, key.indexOf('(') + 1)
  return [...live.keys()].find(other => other.startsWith(upToArguments) && !stages.has(other))
}

function judge(key: string, migration: string, world: World): 'there' | 'missing' | 'neutral' | { problem: string } {
  const stages = world.stages.get(key)!
  const own = stages.findIndex(stage => stage.migration === migration)
  const live = world.live.get(key)
  if (!live) {
    // Where a later migration takes it away again, its absence says nothing.
    if (stages.slice(own).some(stage => stage.hash === null)) return 'neutral'
    const other = namesake(key, world)
    if (other) return { problem: `${key}: it is ${other.replace('function ', '')} here` }
    return 'missing'
  }
  if (stages.slice(own).some(stage => stage.hash === live.hash)) return 'there'
  if (stages.slice(0, own).some(stage => stage.hash === live.hash)) return 'missing'
  if (world.signatures.get(key) && world.signatures.get(key) !== live.item.signature) {
    return { problem: `${key}: it is ${live.item.signature} here, not ${world.signatures.get(key)}` }
  }
  if (world.keepDefinitions && ['function', 'view'].includes(live.item.class)) return 'neutral'
  return { problem: `${key}: its definition differs${live.item.class === 'column' ? `: ${live.item.definition}` : ''}` }
}

function standingOf(migration: string, keys: string[], world: World): Standing {
  const verdicts = keys.map(key => ({ key, verdict: judge(key, migration, world) }))
  const problems = verdicts.flatMap(({ verdict }) => (typeof verdict === 'object' ? [verdict.problem] : []))
  const missing = verdicts.filter(({ verdict }) => verdict === 'missing').map(({ key }) => key)
  const there = verdicts.filter(({ verdict }) => verdict === 'there' || verdict === 'neutral')
  if (problems.length === 0 && missing.length === 0) return { migration, state: 'there', problems }
  // What is neutral does not make a migration that is missing partly there.
  if (problems.length === 0 && there.every(({ verdict }) => verdict === 'neutral')) return { migration, state: 'missing', problems }
  // A table that is missing says it for its columns.
  const tables = missing.filter(key => key.startsWith('table ')).map(key => `${key.slice('table '.length)}.`)
  const named = missing.filter(key => !tables.some(table => !key.startsWith('table ') && key.includes(table)))
  return { migration, state: 'disagrees', problems: [...problems, ...named.map(key => `${key}: it is not there`)] }
}

/**
 * Finds out for each migration whether the database has what it makes: by name, signature and column, and by definition.
 * @param db the database; it is only read
 * @param options `keepDefinitions`: functions and views with the right signature may have another definition
 * @returns one standing per migration, in their order
 */
export async function standings<T>(db: Kysely<T>, { keepDefinitions = false } = {}): Promise<Standing[]> {
  const inventory = readInventory()
  const names = listMigrations().map(migration => migration.name)
  const unknown = names.filter(name => !inventory.steps[name])
  if (unknown.length) throw new PlainError(`conformance/inventory.json does not know ${unknown.join(', ')}: it has to be made anew.`)
  const items = await readCatalogue(db, inventory.objects.map(object => object.name))
  const stages: World['stages'] = new Map()
  for (const migration of names) {
    for (const [key, hash] of Object.entries(inventory.steps[migration]!)) stages.set(key, [...stages.get(key) ?? [], { migration, hash }])
  }
  const world: World = {
    live: new Map(items.map(item => [`${item.class} ${item.name}`, { hash: hashOf(comparable(item)), item }])),
    stages,
    signatures: new Map(inventory.objects.filter(object => object.class === 'function' || object.class === 'view')
      .map(object => [`${object.class} ${object.name}`, object.signature])),
    keepDefinitions,
  }
  const recorded = await appliedNames(db)
  return names.map(name => recorded.includes(name)
    ? { migration: name, state: 'recorded', problems: [] }
    : standingOf(name, Object.keys(inventory.steps[name]!), world))
}

/**
 * Adopts a database that has an IU Core without a record of migrations: records what is there, applies what is missing.
 * Where anything disagrees, nothing is changed.
 * @param db the database
 * @param options as for `standings`
 * @returns the standings as they were found
 * @throws PlainError naming file and line when a missing migration cannot be applied; then nothing is recorded or applied
 */
export async function adopt<T>(db: Kysely<T>, options: { keepDefinitions?: boolean } = {}): Promise<Standing[]> {
  const found = await standings(db, options)
  if (found.some(standing => standing.state === 'disagrees')) return found
  await ensureRecord(db)
  await db.transaction().execute(async (trx) => {
    await sql`select pg_catalog.pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)}::bigint)`.execute(trx)
    for (const { migration, state } of found) {
      if (state === 'recorded') continue
      if (state === 'missing') await applyMigration(trx, listMigrations().find(file => file.name === migration)!)
      await sql`insert into ${recordTable} (name, timestamp) values (${migration}, ${new Date().toISOString()})`.execute(trx)
    }
  })
  return found
}

/** Kysely makes its own tables; without migrations it does nothing else. */
async function ensureRecord<T>(db: Kysely<T>): Promise<void> {
  const { rows: [record] } = await sql<{ exists: boolean }>`
    select pg_catalog.to_regclass(${`${MIGRATION_SCHEMA}.kysely_migration`}) is not null as exists`.execute(db)
  if (record!.exists) return
  const { error } = await new Migrator({ db, migrationTableSchema: MIGRATION_SCHEMA, provider: { getMigrations: async () => ({}) } }).migrateToLatest()
  if (error) throw error
}

/**
 * Says what an adoption found and did.
 * @param found what `adopt` returned
 * @returns the text, without a line break at the end
 */
export function adoptionReport(found: Standing[]): string {
  const named = (state: Standing['state']) => found.filter(standing => standing.state === state)
  const disagreeing = named('disagrees')
  if (disagreeing.length > 0) {
    return [
      `${disagreeing.length === 1 ? 'One migration disagrees' : `${disagreeing.length} migrations disagree`} with what the database has. Nothing was changed.`,
      ...disagreeing.flatMap(({ migration, problems }) => [`  ${migration}`, ...problems.map(problem => `    ${problem}`)]),
    ].join('\n')
  }
  const line = (state: Standing['state'], verb: string) => named(state).length ? [`${verb}:`, ...named(state).map(({ migration }) => `  ${migration}`)] : []
  const lines = [...line('there', 'Recorded as applied, because it is there'), ...line('missing', 'Applied, because it was missing')]
  return lines.length ? lines.join('\n') : 'Nothing to adopt: every migration is on record.'
}

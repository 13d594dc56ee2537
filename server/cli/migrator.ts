import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { type Kysely, type Migration, Migrator, sql } from 'kysely'
import { PlainError } from '../../bin/progress.mjs'
import { type MigrationFile, explainSqlError, listMigrations, migrationsFolder } from './migration-files'

/** The schema that holds the record of what was applied. */
export const MIGRATION_SCHEMA = 'console'

// The key of Kysely's own migration lock: a rollback and a migration never run beside each other.
export const MIGRATION_LOCK = '3853314791062309107'

/** The role that owns what the migrations make. */
const OWNER = 'iu_owner'
/** The migration that makes the roles needs what its migrator may do. */
const ROLES = 48

interface Options {
  /** Where the migrations lie; else this project's own. */
  folder?: string
}

/**
 * Applies every migration that is missing, in one transaction.
 * @param db the database
 * @returns the names of those applied now, in order
 * @throws PlainError naming file and line; then none of them is applied
 */
export async function migrateToLatest<T>(db: Kysely<T>, { folder }: Options = {}): Promise<string[]> {
  const { error, results = [] } = await migratorOf(db, folder).migrateToLatest()
  if (error) throw error
  return results.map(result => result.migrationName)
}

/**
 * Names the migrations that the database lacks. It only looks: nothing is written.
 * @param db the database
 * @returns names in the order in which they would be applied
 */
export async function pendingMigrations<T>(db: Kysely<T>, { folder }: Options = {}): Promise<string[]> {
  const migrations = await migratorOf(db, folder).getMigrations()
  return migrations.filter(migration => !migration.executedAt).map(migration => migration.name)
}

/**
 * Rolls back every applied migration with a higher number, highest first, in one transaction.
 * Kysely would go by the time of application, which is another order once a lower number was filled in later.
 * @param db the database
 * @param last the number of the last migration that stays; 0 rolls back everything
 * @param options `force`: give up the rows that the guards protect
 * @returns the names of those rolled back, in that order
 * @throws PlainError with the words of the guard that refused; then nothing is rolled back
 */
export async function rollbackTo<T>(db: Kysely<T>, last: number, { force = false, folder }: Options & { force?: boolean } = {}): Promise<string[]> {
  const known = listMigrations(folder)
  if (last !== 0 && !known.some(migration => migration.number === last)) throw new PlainError(`There is no migration ${String(last).padStart(3, '0')}.`)
  return db.transaction().execute(async (trx) => {
    await sql`select pg_catalog.pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)}::bigint)`.execute(trx)
    const applied = await appliedNames(trx)
    const unknown = applied.find(name => !known.some(migration => migration.name === name) && Number(name.slice(0, 3)) > last)
    if (unknown) throw new PlainError(`${unknown} is applied, but its files are not here. Roll it back with the version of IU Console that brought it.`)
    const affected = known.filter(migration => migration.number > last && applied.includes(migration.name)).reverse()
    for (const migration of affected) {
      const guard = `iu_core.force_rollback_${migration.name.slice(0, 3)}`
      if (force) await sql`select pg_catalog.set_config(${guard}, 'true', true)`.execute(trx)
      await runFile(trx, migration.downFile)
      await sql`delete from ${recordTable} where name = ${migration.name}`.execute(trx)
    }
    return affected.map(migration => migration.name)
  })
}

/** The record of what was applied: name and timestamp. */
export const recordTable = sql.table(`${MIGRATION_SCHEMA}.kysely_migration`)

/** The names on record, in no order; none where there is no record. */
export async function appliedNames<T>(db: Kysely<T>): Promise<string[]> {
  const { rows: [found] } = await sql<{ exists: boolean }>`
    select pg_catalog.to_regclass(${`${MIGRATION_SCHEMA}.kysely_migration`}) is not null as exists`.execute(db)
  if (!found?.exists) return []
  const { rows } = await sql<{ name: string }>`select name from ${recordTable}`.execute(db)
  return rows.map(row => row.name)
}

function migratorOf<T>(db: Kysely<T>, folder: string = migrationsFolder): Migrator {
  return new Migrator({
    db,
    migrationTableSchema: MIGRATION_SCHEMA,
    allowUnorderedMigrations: true,
    provider: {
      getMigrations: async () => Object.fromEntries(listMigrations(folder).map(migration => [migration.name, toKysely(migration)])),
    },
  })
}

const toKysely = (migration: MigrationFile): Migration => ({
  up: db => applyMigration(db, migration),
  down: db => runFile(db, migration.downFile),
})

/**
 * Applies one migration, without recording it. Once 048 has made iu_owner the owner of schema console, it is applied as
 * iu_owner, so that what it makes belongs to that role and not to whoever migrates.
 * @param db a transaction
 * @param migration which one
 * @throws PlainError naming file and line
 */
export async function applyMigration<T>(db: Kysely<T>, { number, upFile }: MigrationFile): Promise<void> {
  const { rows: [found] } = await sql<{ owned: boolean }>`
    select exists (select from pg_catalog.pg_namespace n join pg_catalog.pg_roles r on r.oid = n.nspowner
                   where n.nspname = ${MIGRATION_SCHEMA} and r.rolname = ${OWNER}) as owned`.execute(db)
  const asOwner = found!.owned && number !== ROLES
  if (asOwner) await sql`set local role ${sql.id(OWNER)}`.execute(db)
  await runFile(db, upFile)
  if (asOwner) await sql`set local role none`.execute(db)
}

/** Runs one migration file. A file is sent whole, without parameters: then PostgreSQL takes as many statements as it holds. */
export async function runFile<T>(db: Kysely<T>, file: string): Promise<void> {
  const text = readFileSync(file, 'utf8')
  if (/^\s*(begin|commit|rollback|start transaction)\s*;/im.test(text)) {
    throw new PlainError(`${basename(file)} ends or begins a transaction of its own; the runner does that, so that all or nothing is applied.`)
  }
  try {
    await sql.raw(text).execute(db)
  }
  catch (error) {
    throw explainSqlError(file, error)
  }
}

import { type Kysely, type RawBuilder, sql } from 'kysely'
import { PlainError } from '../../bin/progress.mjs'
import {
  type CatalogObject, commentsQuery, dependenciesQuery, extensionsQuery, laterQuery, objectsQuery, privilegesQuery, unsupportedQuery,
} from './schema-catalog'

const HEADER = `-- The schema as the migrations make it, without rows. Written by npm run db:dump, not by hand.
set check_function_bodies = off;

create schema if not exists public;
create schema if not exists console;`

/** Ties among objects that do not need each other are broken by kind, then by name. */
const KINDS: CatalogObject['kind'][] = ['type', 'sequence', 'table', 'function', 'view']

/**
 * Writes the schemas `public` and `console` as SQL: the same schema gives the same text, whoever owns it and in whatever
 * order it was made. Loaded into an empty database the text makes that schema again. Rows and the migration runner's
 * own tables are left out.
 * @param db the database; it is only read
 * @returns the SQL
 * @throws PlainError naming an object of a kind that the dump does not know
 */
export async function dumpSchema<T>(db: Kysely<T>): Promise<string> {
  return db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(async (trx) => {
    // With nothing on the search path, PostgreSQL writes every name with its schema.
    await sql`set local search_path = pg_catalog`.execute(trx)
    const read = async <R>(query: RawBuilder<R>) => (await query.execute(trx)).rows

    const unsupported = await read(unsupportedQuery)
    if (unsupported.length) throw new PlainError(`The dump does not know: ${unsupported.map(object => object.name).join(', ')}.`)
    const privileges = await read(privilegesQuery)
    const roles = [...new Set(privileges.flatMap(privilege => privilege.roles))].sort()
    const statements = (rows: { ddl: string }[]) => rows.map(row => row.ddl)
    return [
      HEADER,
      ...roles.map(createRole),
      ...statements(await read(extensionsQuery)),
      ...statements(inDependencyOrder(await read(objectsQuery), await read(dependenciesQuery))),
      ...statements(await read(laterQuery)),
      ...statements(await read(commentsQuery)),
      ...statements(privileges),
    ].join('\n\n') + '\n'
  })
}

const createRole = (role: string) => `do $$
begin
  create role ${role};
exception when duplicate_object then
  null;
end
$$;`

function inDependencyOrder(objects: CatalogObject[], dependencies: { id: string, needs: string }[]): CatalogObject[] {
  const known = new Set(objects.map(object => object.id))
  const needs = new Map<string, string[]>()
  for (const dependency of dependencies) {
    if (known.has(dependency.needs)) needs.set(dependency.id, [...needs.get(dependency.id) ?? [], dependency.needs])
  }
  const waiting = [...objects].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.name < b.name ? -1 : 1))
  const done = new Set<string>()
  const ordered: CatalogObject[] = []
  while (waiting.length) {
    const index = waiting.findIndex(object => (needs.get(object.id) ?? []).every(other => done.has(other)))
    if (index < 0) throw new PlainError(`These need each other in a circle: ${waiting.map(object => object.name).join(', ')}.`)
    const [object] = waiting.splice(index, 1)
    done.add(object!.id)
    ordered.push(object!)
  }
  return ordered
}

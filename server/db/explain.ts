import { type CompiledQuery, DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import pg from 'pg'
import type { Trx } from './client'
import type { Command } from './runs'
import type { DB } from './types'

/** A call that answers with JSON, or with rows. */
const CALL = /^\s*select (?:public\.fn_[\s\S]+ as outcome|[\w\s,:]+ from public\.fn_\w+\([^()]*\))$/

/**
 * The statement that a command would send, written by the command itself: it is performed on a database that is none.
 * @param parameters checked by its schema
 * @returns SQL that psql takes, with the values in it
 * @throws Error when the command calls no function of the substrate
 */
export async function statementOf<P>(command: Command<P>, parameters: P): Promise<string> {
  const asked: CompiledQuery[] = []
  const nowhere = new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: db => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log({ query }) {
      asked.push(query)
    },
  })
  // It gets no answer and gives up there; by then it has asked.
  await command.call(nowhere as unknown as Trx, parameters).catch(() => {})
  const query = asked.find(({ sql }) => CALL.test(sql))
  if (!query) throw new Error(`${command.name} calls no function`)
  const statement = query.sql.trim().replace(/ as outcome$/, '').replace(/\s+/g, ' ').replaceAll('( ', '(')
  return `${statement.replace(/\$(\d+)/g, (_, place) => literal(query.parameters[Number(place) - 1]))};`
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'boolean' || typeof value === 'number') return String(value)
  if (Array.isArray(value)) return `array[${value.map(literal).join(', ')}]`
  return pg.escapeLiteral(String(value)).trimStart()
}

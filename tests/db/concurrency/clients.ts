import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import { waitFor } from '../../helpers/wait'

/** What a function of the substrate answers. */
export type Outcome = { status: string } & Record<string, unknown>

/**
 * Opens connections of their own, one for each client.
 * @param url the database
 * @param count how many
 * @param work gets the clients; they are closed when it returns or throws
 * @returns what `work` returns
 */
export async function withClients<T>(url: string, count: number, work: (clients: pg.Client[]) => Promise<T>): Promise<T> {
  // Patience for a busy machine; what waits for ever is a mistake and has to fail.
  const settings = { connectionString: url, lock_timeout: 50_000, statement_timeout: 55_000 }
  const clients = Array.from({ length: count }, () => new pg.Client(settings))
  try {
    await Promise.all(clients.map(client => client.connect()))
    return await work(clients)
  }
  finally {
    await Promise.allSettled(clients.map(client => client.end()))
  }
}

/**
 * Runs work in a transaction of one client: committed when it returns, rolled back when it throws.
 * @returns what `work` returns
 */
export async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    const result = await work()
    await client.query('commit')
    return result
  }
  catch (error) {
    await client.query('rollback')
    throw error
  }
}

/**
 * Calls a function that answers with JSON.
 * @param call such as `public.fn_iu_gate_set($1, $2, $3)`
 */
export async function answerOf(client: pg.Client, call: string, values: unknown[]): Promise<Outcome> {
  const { rows } = await client.query(`select ${call} as outcome`, values)
  return rows[0].outcome
}

/** One request to the orchestrator. */
export interface Request { event: string, template: string, suffix: string, actor: string, mode?: 'live' | 'dry_run' }

/** Composes an instance for an event. */
export const orchestrate = (client: pg.Client, { event, template, suffix, actor, mode = 'live' }: Request) =>
  answerOf(client, 'public.fn_iu_auto_instantiate_from_event($1, \'iu.template.instance_auto_composed\', $2, $3, $4, $5, null)',
    [event, template, suffix, mode, actor])

/** Opens or closes a gate for good. */
export const setGate = (client: pg.Client, key: string, open: boolean, actor = 'concurrency-test') =>
  answerOf(client, 'public.fn_iu_gate_set($1, $2, $3)', [key, open, actor])

/** The gates that a live orchestration goes through. */
export const GATES = ['iu_core.auto_instantiate_enabled', 'iu_core.composer_enabled']

/** Opens both gates for everybody. */
export async function openGates(client: pg.Client) {
  for (const gate of GATES) await setGate(client, gate, true)
}

/**
 * Makes templates of the same five pieces; the composer gate is put back.
 * @param keys their collection keys
 * @returns their ids, in that order, and those of the pieces
 */
export async function makeTemplates(client: pg.Client, keys: string[]) {
  const { rows } = await client.query(`
    insert into public.information_unit (canonical_address, title, body, created_by)
    select 'concurrency/' || n, 'Piece ' || n, 'Text ' || n, 'concurrency-test' from generate_series(1, 5) n returning id`)
  const pieces: string[] = rows.map(row => row.id)
  const members = JSON.stringify(pieces.map(id => ({ role: 'body', iu_id: id })))
  const templates = await inTransaction(client, async () => {
    const opened = await answerOf(client, 'public.fn_iu_gates_open($1, $2, $2)', [[GATES[1]], 'concurrency-test'])
    const ids: string[] = []
    for (const key of keys) {
      const composed = await answerOf(client, 'public.fn_iu_compose($1, \'file\', $1, null, $2, $3)', [key, members, 'concurrency-test'])
      await answerOf(client, 'public.fn_iu_collection_mark_template($1, $2)', [composed.collection_id, 'concurrency-test'])
      ids.push(composed.collection_id as string)
    }
    await client.query('select public.fn_iu_gates_put_back($1, $2, $2)', [JSON.stringify(opened), 'concurrency-test'])
    return ids
  })
  return { templates, pieces }
}

/** Waits until a client is held up by another one's lock. */
export async function untilBlocked<T>(db: Kysely<T>, client: pg.Client) {
  const pid = (client as unknown as { processID: number }).processID
  await waitFor('a wait for a lock', async () => {
    const { rows: [waiting] } = await sql<{ blocked: boolean }>`
      select cardinality(pg_catalog.pg_blocking_pids(${pid})) > 0 as blocked`.execute(db)
    return waiting!.blocked
  }, { patience: 10_000 })
}

/** The same list in an order of its own. */
export const shuffled = <T>(list: T[]) => list
  .map(value => ({ value, place: Math.random() }))
  .sort((a, b) => a.place - b.place)
  .map(({ value }) => value)

/** How often each status was answered. */
export const tally = (outcomes: Outcome[]) => outcomes.reduce<Record<string, number>>(
  (counts, { status }) => ({ ...counts, [status]: (counts[status] ?? 0) + 1 }), {})

import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { z } from 'zod'
import type { useConsole } from '../helpers/api'
import { addPerson, signIn } from '../helpers/people'
import type { Db } from '../../server/db/client'
import type { Role } from '#shared/access'

/** A file's console, as `useConsole` gives it. */
export type Own = ReturnType<typeof useConsole>

/** Somebody who asks the console. */
export type Asks = Pick<Own, 'fetch'>

/** An answer: HTTP status, headers and the JSON in it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a test expects of a body is what it checks
export interface Answer { status: number, headers: Headers, body: any }

/**
 * Sends one request and reads the JSON it is answered with.
 * @param body sent as JSON; a string is sent as it stands
 */
export async function ask(own: Asks, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await own.fetch(path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

/**
 * Whoever has a cookie.
 * @param cookie as a browser sends it
 */
export const browser = (own: Pick<Own, 'fetchAs'>, cookie: string): Asks => ({
  fetch: (path, init) => {
    const headers = new Headers(init?.headers)
    headers.set('cookie', cookie)
    return own.fetchAs(null, path, { ...init, headers })
  },
})

/**
 * Somebody new, signed in.
 * @returns who asks, with the person's id and address
 */
export async function somebody(own: Pick<Own, 'db' | 'url' | 'fetchAs'>, role: Role = 'viewer') {
  const email = `${randomUUID()}@example.org`
  const id = await addPerson(own.db, { email, role })
  const cookie = await signIn(own.url, email)
  return { ...browser(own, cookie), id, email, cookie }
}

/** `ask` with GET. */
export const get = (own: Asks, path: string) => ask(own, 'GET', path)

/** `ask` with POST. */
export const post = (own: Asks, path: string, body: unknown) => ask(own, 'POST', path, body)

/** The record of previews and runs: the one table that a refused or rolled-back request may write. */
const RECORD = 'dot_iu_command_run'

/**
 * What every table of the substrate holds, the record of runs apart.
 * @returns table → number of rows and a fingerprint of them
 */
export async function world(db: Db): Promise<Record<string, { rows: number, fingerprint: string }>> {
  const tables = await sql<{ name: string }>`
    select relname as name from pg_catalog.pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> ${RECORD} order by relname`.execute(db)
  const parts = tables.rows.map(({ name }) => sql`
    select ${name}::text as name, count(*)::int as rows, md5(coalesce(string_agg(t::text, chr(10) order by t::text), '')) as fingerprint
    from ${sql.table(`public.${name}`)} t`)
  const { rows } = await sql<{ name: string, rows: number, fingerprint: string }>`${sql.join(parts, sql` union all `)}`.execute(db)
  return Object.fromEntries(rows.map(({ name, ...what }) => [name, what]))
}

/** How many previews, runs and refusals are on record. */
export const recorded = async (db: Db) =>
  Number((await db.selectFrom('dot_iu_command_run').select(eb => eb.fn.countAll().as('n')).executeTakeFirstOrThrow()).n)

/** The id of the collection with that key. */
export const collection = async (db: Db, key: string) =>
  (await db.selectFrom('iu_piece_collection').select('id').where('collection_key', '=', key).executeTakeFirstOrThrow()).id

/**
 * A request to the orchestrator that succeeds: a new event and suffix, from the onboarding template.
 * @param over fields that are to be otherwise
 */
export async function orchestration(db: Db, over: Record<string, unknown> = {}) {
  return {
    event_id: randomUUID(),
    event_type: 'iu.piece.revised',
    template_collection_id: await collection(db, 'tpl:wf:onboarding/v2'),
    instance_key_suffix: `api-${randomUUID()}`,
    emit_mode: 'dry_run',
    actor: 'iu-core-api-test',
    open_gates: true,
    ...over,
  }
}

/**
 * Composes an instance as an operator does: preview, then run.
 * @returns the record of the run
 */
export async function compose(own: Own, over: Record<string, unknown> = {}) {
  const preview = await post(own, '/api/orchestrations/preview', await orchestration(own.db, over))
  const run = await post(own, '/api/orchestrations', { preview_id: preview.body.id })
  if (run.status !== 200) throw new Error(`not composed: ${JSON.stringify([preview.body, run.body])}`)
  return run.body
}

/**
 * A schema that lets no field through that it does not name, at any depth.
 * @param schema one of the shared schemas of answers
 */
export function strictly(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) {
    return z.strictObject(Object.fromEntries(Object.entries(schema.shape).map(([key, field]) => [key, strictly(field as z.ZodType)])))
  }
  if (schema instanceof z.ZodArray) return z.array(strictly(schema.element as z.ZodType))
  if (schema instanceof z.ZodNullable) return strictly(schema.unwrap() as z.ZodType).nullable()
  if (schema instanceof z.ZodOptional) return strictly(schema.unwrap() as z.ZodType).optional()
  return schema
}

/**
 * What stands about people and their ways in; when a token was last used is left out.
 * @returns table → its rows
 */
export async function accounts(db: Db): Promise<Record<string, unknown>> {
  const { rows } = await sql<{ name: string, rows: unknown }>`
    select 'person' as name, coalesce(jsonb_agg(to_jsonb(t) order by id), '[]') as rows from console.person t union all
    select 'session', coalesce(jsonb_agg(to_jsonb(t) order by id), '[]') from console.session t union all
    select 'sign_in_method', coalesce(jsonb_agg(to_jsonb(t) order by id), '[]') from console.sign_in_method t union all
    select 'second_factor', coalesce(jsonb_agg(to_jsonb(t) order by id), '[]') from console.second_factor t union all
    select 'invitation', coalesce(jsonb_agg(to_jsonb(t) order by id), '[]') from console.invitation t union all
    select 'token', coalesce(jsonb_agg(to_jsonb(t) - 'last_used_at' order by id), '[]') from console.token t`.execute(db)
  return Object.fromEntries(rows.map(({ name, rows: content }) => [name, content]))
}

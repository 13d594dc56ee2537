/** What the database tests share: builders for pieces, collections and templates, and checks on what a call left behind. */
import { createHash, randomUUID } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import { expect } from 'vitest'
import type { Db } from '../../server/db/client'

export const ACTOR = 'test-operator'
export const NO_SUCH_ID = '00000000-0000-0000-0000-000000000000'
export const COMPOSER_GATE = 'iu_core.composer_enabled'
export const LIVE_GATE = 'iu_core.auto_instantiate_enabled'

/** The answer of a function that writes; its other keys depend on the function. */
export interface Outcome {
  status: string
  [key: string]: unknown
}

/** A member as a manifest lists it, without the position. */
export interface Member {
  iu_id: string
  role: string
}

/**
 * Runs a query.
 * @returns its rows
 */
export async function rowsOf<Row>(db: Db, query: RawBuilder<Row>) {
  const { rows } = await query.execute(db)
  return rows
}

/**
 * Runs a query that answers with one row.
 * @returns that row
 * @throws when there are none or several
 */
export async function oneRow<Row>(db: Db, query: RawBuilder<Row>) {
  const rows = await rowsOf(db, query)
  expect(rows).toHaveLength(1)
  return rows[0]!
}

/**
 * Calls a function of schema public with named arguments.
 * @param args an object of another shape than an array or a text is handed over as JSON text by the caller
 * @returns what the function answers
 */
export async function call<Result = Outcome>(db: Db, name: string, args: Record<string, unknown> = {}) {
  const named = Object.entries(args).map(([key, value]) => sql`${sql.id(key)} => ${value}`)
  const { result } = await oneRow(db, sql<{ result: Result }>`select ${sql.id('public', name)}(${sql.join(named)}) as result`)
  return result
}

/** Every table of schema public with the number and a digest of its rows. */
export async function contents(db: Db) {
  const tables = await rowsOf(db, sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`)
  const counts = tables.map(({ name }) => sql`
    select ${sql.lit(name)} as name, count(*) || ' rows, ' || md5(coalesce(string_agg(t::text, E'\n' order by t::text), '')) as rows
    from ${sql.table(`public.${name}`)} t`)
  const rows = await rowsOf(db, sql<{ name: string, rows: string }>`${sql.join(counts, sql` union all `)} order by name`)
  return Object.fromEntries(rows.map(row => [row.name, row.rows]))
}

/** Calls a function that must refuse with this answer and leave every row of every table as it was. */
export async function expectRefusal(db: Db, name: string, args: Record<string, unknown>, refusal: Outcome) {
  const before = await contents(db)
  expect(await call(db, name, args)).toMatchObject(refusal)
  expect(await contents(db)).toEqual(before)
}

/**
 * Runs a statement that PostgreSQL must refuse; the transaction goes on.
 * @param message what its error says
 */
export async function expectError(db: Db, statement: RawBuilder<unknown>, message: RegExp) {
  await sql`savepoint before_error`.execute(db)
  await expect(statement.execute(db)).rejects.toThrow(message)
  await sql`rollback to savepoint before_error`.execute(db)
}

/** Sets a configuration value as a hand in psql does. */
export async function setConfig(db: Db, key: string, value: string | null) {
  await sql`insert into public.dot_config (key, value) values (${key}, ${value})
            on conflict (key) do update set value = excluded.value`.execute(db)
}

/** Opens gates whose open value is true, as a hand in psql does. */
export async function openGates(db: Db, ...keys: string[]) {
  for (const key of keys) await setConfig(db, key, 'true')
}

/**
 * Adds one piece.
 * @returns its id
 */
export async function addPiece(db: Db, { status = 'active', title = 'A piece' } = {}) {
  const address = `test/${randomUUID()}`
  const { id } = await oneRow(db, sql<{ id: string }>`
    insert into public.information_unit (canonical_address, title, body, lifecycle_status, created_by)
    values (${address}, ${title}, ${`The text of ${address}`}, ${status}, ${ACTOR}) returning id`)
  return id
}

/**
 * Adds pieces.
 * @returns their ids
 */
export async function addPieces(db: Db, count: number) {
  const ids: string[] = []
  while (ids.length < count) ids.push(await addPiece(db))
  return ids
}

/** Adds pieces to a collection by hand, in this order, after those it has. */
export async function attach(db: Db, collectionId: string, pieceIds: string[], role = 'body') {
  await sql`
    insert into public.iu_piece_membership (collection_id, iu_id, piece_order, role)
    select ${collectionId}, given.iu_id,
           given.place + (select coalesce(max(piece_order), 0) from public.iu_piece_membership where collection_id = ${collectionId}),
           ${role}
    from unnest(${pieceIds}::uuid[]) with ordinality as given (iu_id, place)`.execute(db)
}

/** Takes one piece out of a collection by hand, as an operator in psql would. */
export async function removePiece(db: Db, collectionId: string, pieceId: string) {
  await sql`update public.iu_piece_membership set membership_status = 'removed'
            where collection_id = ${collectionId} and iu_id = ${pieceId}`.execute(db)
}

/** Puts a removed piece back. */
export async function putPieceBack(db: Db, collectionId: string, pieceId: string) {
  await sql`update public.iu_piece_membership set membership_status = 'active'
            where collection_id = ${collectionId} and iu_id = ${pieceId}`.execute(db)
}

/**
 * Adds a collection by hand.
 * @returns its id
 */
export async function addCollection(db: Db, pieceIds: string[] = [], { key = `test:${randomUUID()}`, kind = 'workflow', title = 'A collection' } = {}) {
  const { id } = await oneRow(db, sql<{ id: string }>`
    insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by)
    values (${key}, ${kind}, ${title}, ${ACTOR}) returning id`)
  await attach(db, id, pieceIds)
  return id
}

/**
 * Adds a collection and marks it as a template.
 * @returns its id
 */
export async function addTemplate(db: Db, pieceIds?: string[], options?: { key?: string, kind?: string, title?: string }) {
  const id = await addCollection(db, pieceIds ?? await addPieces(db, 5), options)
  const marked = await call(db, 'fn_iu_collection_mark_template', { p_collection_id: id, p_actor: ACTOR })
  expect(marked.status).toBe('ok')
  return id
}

/** Registers a template as a version of a family; `v<seq>` is its label. */
export async function registerVersion(db: Db, collectionId: string, family: string, seq: number, previous: string | null = null) {
  const registered = await call(db, 'fn_iu_collection_register_template_version', {
    p_collection_id: collectionId, p_template_family: family, p_version_label: `v${seq}`, p_version_seq: seq,
    p_previous_collection_id: previous, p_actor: ACTOR,
  })
  expect(registered.status).toBe('ok')
}

/** Arguments of a dry run that succeeds once the composer gate is open. */
export const dryRunOf = (templateId: string) => ({
  p_event_id: randomUUID(),
  p_event_type: 'iu.piece.revised',
  p_template_collection_id: templateId,
  p_instance_key_suffix: `test-${randomUUID()}`,
  p_emit_mode: 'dry_run',
  p_actor: ACTOR,
  p_note: null,
})

/**
 * Has the orchestrator make an instance; opens the gates it needs and leaves them open.
 * @returns the instance's id
 */
export async function instantiate(db: Db, templateId: string, options: { p_actor?: string, p_emit_mode?: string, p_event_id?: string } = {}) {
  await openGates(db, COMPOSER_GATE, LIVE_GATE)
  const made = await call<{ status: string, instance_collection_id: string }>(
    db, 'fn_iu_auto_instantiate_from_event', { ...dryRunOf(templateId), ...options })
  expect(made.status).toBe('ok')
  return made.instance_collection_id
}

/** The digest that the database keeps for a collection. */
export async function digestOf(db: Db, collectionId: string) {
  const { manifest_digest } = await oneRow(db, sql<{ manifest_digest: string }>`
    select manifest_digest from public.iu_piece_collection where id = ${collectionId}`)
  return manifest_digest
}

/** SHA-256 of a text in lower-case hex. */
export const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex')

/** A manifest's JSON text and digest, computed without PostgreSQL from the members in order. */
export function manifestOf(members: Member[]) {
  const pieces = members.map(({ role, iu_id }, index) =>
    `{"role": ${JSON.stringify(role)}, "iu_id": ${JSON.stringify(iu_id)}, "position": ${index + 1}}`)
  const json = `[${pieces.join(', ')}]`
  return { json, digest: sha256(json) }
}

/** Shorthand for the digest of pieces that all have the role `body`. */
export const bodyDigest = (pieceIds: string[]) => manifestOf(pieceIds.map(iu_id => ({ iu_id, role: 'body' }))).digest

/** Every way in which a text that is needed can be unusable, with a name for it. */
export const unusableTexts = (longest: number): [string, string | null][] => [
  ['NULL', null],
  ['empty', ''],
  ['only spaces', '   '],
  ['only tabs and line breaks', '\t\n'],
  ['too long', 'x'.repeat(longest + 1)],
]

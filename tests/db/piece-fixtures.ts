/** What the tests of the piece functions share. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { expect } from 'vitest'
import type { Trx } from '../../server/db/client'
import { withTransaction } from '../helpers/db'
import { ACTOR, addCollection, addPiece, expectRefusal, oneRow, openGates, rowsOf } from './fixtures'

export const PIECE_GATE = 'iu_core.piece_writes_enabled'
export const EMIT_GATE = 'piece_event_runtime.emit_enabled'

/** Runs a test with pieces open for writing. */
export const withPieceGate = (work: (db: Trx) => Promise<unknown>) => withTransaction(async (db) => {
  await openGates(db, PIECE_GATE)
  await work(db)
})

/** A new piece's address, title and text. */
export const newPiece = () => ({ canonical_address: `new/${randomUUID()}`, title: 'A new piece', body: 'Its text\n' })

/** The same as the parameters of a function. */
export const newPieceArgs = () => {
  const { canonical_address, title, body } = newPiece()
  return { p_canonical_address: canonical_address, p_title: title, p_body: body }
}

/** What the database holds of a piece. */
export const pieceRow = (db: Trx, id: unknown) => oneRow(db, sql<Record<string, unknown>>`
  select canonical_address, title, body, lifecycle_status, created_by from public.information_unit where id = ${id}`)

/** The whole lifecycle log, oldest first. */
export const lifecycle = (db: Trx) => rowsOf(db, sql`
  select iu_id, change, from_status, to_status, actor, reason, successor_ids from public.iu_lifecycle_log order by id`)

/** The piece events in the outbox, by type and address. */
export const pieceEvents = (db: Trx) => rowsOf(db, sql<Record<string, unknown>>`
  select event_type, canonical_address, subject_ref, actor, safe_payload from public.event_outbox
  where event_domain = 'piece' order by event_type, canonical_address`)

/**
 * Puts a piece into an active collection, a retired one, and one that it was taken out of again.
 * @returns the only entry that `still_held_by` may have
 */
export async function holdPiece(db: Trx, id: string) {
  const [active, retired, left] = [await addCollection(db, [id], { key: `holds:${id}` }), await addCollection(db, [id]), await addCollection(db, [id])]
  await sql`update public.iu_piece_collection set collection_status = 'retired' where id = ${retired}`.execute(db)
  await sql`update public.iu_piece_membership set membership_status = 'removed' where collection_id = ${left}`.execute(db)
  return { iu_id: id, collection_id: active, collection_key: `holds:${id}` }
}

/** Every function's refusal while the gate is closed, whatever else is wrong. */
export const expectClosedGate = (name: string, args: Record<string, unknown>) => withTransaction(async (db) => {
  await expectRefusal(db, name, { ...args, p_actor: ' ' }, { status: 'piece_gate_closed', gate: PIECE_GATE })
})

/** Each way in which `args[field]` makes a call refuse as unusable. */
export async function expectUnusable(db: Trx, name: string, args: Record<string, unknown>, unusable: Record<string, unknown[]>) {
  for (const [field, values] of Object.entries(unusable)) {
    for (const value of values) await expectRefusal(db, name, { ...args, [field]: value }, { status: 'invalid_input', field })
  }
}

/** Unusable values of parameters that several functions have. */
export const UNUSABLE = {
  p_canonical_address: [null, ' ', 'a'.repeat(401)],
  p_title: [null, '\t\n', 't'.repeat(401)],
  p_body: [null, '', 'b'.repeat(2_000_001)],
  p_actor: [null, '  ', 'a'.repeat(129)],
  p_reason: ['', ' \n', 'r'.repeat(2001)],
}

/** Checks the refusals of pieces that are unknown, superseded or retired. */
export async function expectUsablePieces(db: Trx, name: string, argsOf: (id: string) => Record<string, unknown>, field: string) {
  const unknown = randomUUID()
  await expectRefusal(db, name, argsOf(unknown), { status: 'piece_not_found', field, iu_ids: [unknown] })
  for (const status of ['superseded', 'retired']) {
    const gone = await addPiece(db, { status })
    await expectRefusal(db, name, argsOf(gone), { status: 'piece_not_active', field, iu_ids: [gone] })
  }
}

/** The lifecycle row of a piece that ended. */
export const ended = (iu_id: string, change: string, to_status: string, successor_ids: unknown[]) => ({
  iu_id, change, from_status: 'active', to_status, actor: ACTOR, reason: 'as agreed', successor_ids,
})

/** Checks that nothing was emitted, since the gate for it is closed, and that the answer says so. */
export async function expectSilence(db: Trx, answer: Record<string, unknown>) {
  expect(answer).toMatchObject({ status: 'ok', events_emitted: 0 })
  expect(await pieceEvents(db)).toEqual([])
}

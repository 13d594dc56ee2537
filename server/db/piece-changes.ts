import { sql } from 'kysely'
import { z } from 'zod'
import { type Trx, callFunction } from './client'
import { type Command, Outcome } from './runs'
import { ChangedPiece, PIECE_CHANGE_REQUESTS, type PieceChangeName } from '#shared/schemas/piece-change'
import { shortDigest } from '#shared/utils/format'

type Request<Name extends PieceChangeName> = z.infer<typeof PIECE_CHANGE_REQUESTS[Name]>
type Fate = ChangedPiece['fate']

const readPieces = (trx: Trx, ids: string[]) => trx.selectFrom('v_iu_piece').selectAll().where('id', 'in', ids).execute()

/** Who holds the pieces: active collections by key. */
const readHolders = (trx: Trx, ids: string[]) => trx.selectFrom('v_iu_piece_place as place')
  .innerJoin('v_iu_collection as c', 'c.collection_id', 'place.collection_id')
  .select(['place.iu_id', 'c.collection_id', 'c.collection_key', 'c.title', 'c.shown_as'])
  .where('place.iu_id', 'in', ids).where('c.collection_status', '=', 'active')
  .orderBy('c.collection_key').execute()

/**
 * The pieces that a change touched, read in its transaction after it, while they are still locked; and what of them an
 * operator counts on: the texts that were judged, and who holds them. New ids are not among it, they differ every time.
 */
async function whatBecame(trx: Trx, outcome: Outcome, fates: [id: unknown, fate: Fate][], before: Awaited<ReturnType<typeof readPieces>> = []) {
  if (outcome.status !== 'ok') return { outcome }
  const ids = fates.map(([id]) => String(id))
  const [rows, holders] = [await readPieces(trx, ids), await readHolders(trx, ids)]
  const pieces = fates.map(([id, fate]) => {
    const { title, body, canonical_address } = rows.find(row => row.id === id)!
    const was = fate === 'updated' ? before.find(row => row.id === id) : undefined
    return ChangedPiece.parse({
      iu_id: id, canonical_address, title, fate,
      texts: was ? { from_title: was.title, from_body: was.body, to_title: title, to_body: body } : null,
      held_by: holders.filter(row => row.iu_id === id),
    })
  })
  const facts = Object.fromEntries(pieces.flatMap(piece => [
    [piece.canonical_address, `${piece.fate}, text ${shortDigest(rows.find(row => row.id === piece.iu_id)!.content_digest!)}`],
    ...piece.held_by.map(holder => [`${piece.canonical_address} in ${holder.collection_key}`, 'held']),
  ]))
  return { outcome, pieces, facts }
}

/** Write a new piece. */
export const pieceCreation: Command<Request<'create'>> = {
  name: 'dot_iu_piece_create',
  actor: request => request.actor,
  async call(trx, { canonical_address, title, body, actor }) {
    const outcome = await callFunction(trx, Outcome, sql`public.fn_iu_piece_create(${canonical_address}, ${title}, ${body}, ${actor})`)
    return whatBecame(trx, outcome, [[outcome.iu_id, 'created']])
  },
}

/** Change the title and text of a piece, everywhere it is held. */
export const pieceUpdate: Command<Request<'update'>> = {
  name: 'dot_iu_piece_update',
  actor: request => request.actor,
  async call(trx, { iu_id, title, body, actor, expected_digest }) {
    const before = await readPieces(trx, [iu_id])
    const outcome = await callFunction(trx, Outcome,
      sql`public.fn_iu_piece_update(${iu_id}::uuid, ${title}, ${body}, ${actor}, ${expected_digest ?? null})`)
    return whatBecame(trx, outcome, [[iu_id, outcome.changed === true ? 'updated' : 'unchanged']], before)
  },
}

/** Split a piece into new ones. */
export const pieceSplit: Command<Request<'split'>> = {
  name: 'dot_iu_piece_split',
  actor: request => request.actor,
  async call(trx, { iu_id, parts, actor, reason }) {
    const outcome = await callFunction(trx, Outcome.extend({ parts: z.array(z.looseObject({ iu_id: z.guid() })).optional() }),
      sql`public.fn_iu_piece_split(${iu_id}::uuid, ${JSON.stringify(parts)}::jsonb, ${actor}, ${reason ?? null})`)
    return whatBecame(trx, outcome, [[iu_id, 'split'], ...(outcome.parts ?? []).map((part): [string, Fate] => [part.iu_id, 'created'])])
  },
}

/** Merge pieces into a new one. */
export const pieceMerge: Command<Request<'merge'>> = {
  name: 'dot_iu_piece_merge',
  actor: request => request.actor,
  async call(trx, { iu_ids, canonical_address, title, body, actor, reason }) {
    const outcome = await callFunction(trx, Outcome,
      sql`public.fn_iu_piece_merge(${iu_ids}::uuid[], ${canonical_address}, ${title}, ${body}, ${actor}, ${reason ?? null})`)
    return whatBecame(trx, outcome, [...iu_ids.map((id): [string, Fate] => [id, 'merged']), [outcome.iu_id, 'created']])
  },
}

/** Have another piece supersede a piece. */
export const pieceSupersession: Command<Request<'supersede'>> = {
  name: 'dot_iu_piece_supersede',
  actor: request => request.actor,
  async call(trx, { iu_id, by_iu_id, actor, reason }) {
    const outcome = await callFunction(trx, Outcome,
      sql`public.fn_iu_piece_supersede(${iu_id}::uuid, ${by_iu_id}::uuid, ${actor}, ${reason ?? null})`)
    return whatBecame(trx, outcome, [[iu_id, 'superseded'], [by_iu_id, 'takes_its_place']])
  },
}

/** Put a piece out of use. */
export const pieceRetirement: Command<Request<'retire'>> = {
  name: 'dot_iu_piece_retire',
  actor: request => request.actor,
  async call(trx, { iu_id, actor, reason }) {
    const outcome = await callFunction(trx, Outcome, sql`public.fn_iu_piece_retire(${iu_id}::uuid, ${actor}, ${reason})`)
    return whatBecame(trx, outcome, [[iu_id, 'retired']])
  },
}

/** Put an event of a piece into the outbox: dry or live, as the gate for live piece events stands. */
export const pieceEvent: Command<Request<'emit_event'>> = {
  name: 'dot_iu_piece_emit_event',
  actor: request => request.actor,
  // Never the other one: it decides whether the event is dry or live, and that is not this command's to say.
  gatesToOpen: ({ open_gates }) => (open_gates ? ['piece_event_runtime.emit_enabled'] : []),
  async call(trx, { event_type, iu_id, payload, actor }) {
    const answer = await callFunction(trx, Outcome, sql`public.fn_iu_piece_emit_event(${event_type},
      (select canonical_address from public.v_iu_piece where id = ${iu_id}::uuid), ${iu_id}::uuid, ${actor}, ${JSON.stringify(payload)}::jsonb)`)
    // The function takes an address and does not look whose it is; here it was looked up, so a missing one is a missing piece.
    const outcome = answer.field === 'p_canonical_address' ? { status: 'piece_not_found', field: 'p_iu_id' } : answer
    const became = await whatBecame(trx, outcome, [[iu_id, 'event_emitted']])
    return 'facts' in became ? { ...became, facts: { ...became.facts, 'emit mode': String(answer.emit_mode) } } : became
  },
}

/** Each change of a piece's life, by the name that a request gives it. */
export const PIECE_CHANGES: { [Name in PieceChangeName]: Command<Request<Name>> } = {
  create: pieceCreation,
  update: pieceUpdate,
  split: pieceSplit,
  merge: pieceMerge,
  supersede: pieceSupersession,
  retire: pieceRetirement,
  emit_event: pieceEvent,
}

/**
 * The change that a recorded preview was for.
 * @param command its name in the catalogue
 * @returns null when that is no change of a piece
 */
export function pieceChangeOf(command: string): { command: Command<unknown>, parameters: z.ZodType } | null {
  const names = Object.keys(PIECE_CHANGES) as PieceChangeName[]
  const name = names.find(key => PIECE_CHANGES[key].name === command)
  return name ? { command: PIECE_CHANGES[name] as Command<unknown>, parameters: PIECE_CHANGE_REQUESTS[name] } : null
}

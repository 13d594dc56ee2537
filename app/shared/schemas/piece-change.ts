import { z } from 'zod'
import { Actor, Id, Reason, oneLine, storable } from './common'

/** Longest values of a piece; the SQL functions refuse the same lengths, but for the text, which a request limits more. */
const MAX_TEXT = 400
const MAX_BODY = 900_000

const Address = oneLine(z.string().trim().min(1, 'an address is needed').max(MAX_TEXT, `at most ${MAX_TEXT} characters`))
const Title = oneLine(z.string().trim().min(1, 'a title is needed').max(MAX_TEXT, `at most ${MAX_TEXT} characters`))
const Body = storable(z.string().max(MAX_BODY, 'at most 900,000 characters')).regex(/\S/, 'a text is needed')

/** A piece that is to be written. */
const NewPiece = z.object({ canonical_address: Address, title: Title, body: Body })

const asked = {
  actor: Actor,
  /** Open the gate it needs inside the transaction, and put it back before the commit. */
  open_gates: z.boolean().default(false),
}
const reason = Reason.nullish()

export const CreatePieceRequest = NewPiece.extend(asked).strict()
export const UpdatePieceRequest = z.object({
  iu_id: Id, title: Title, body: Body,
  /** The text that the edit was made from: when it is another by now, the edit is refused. */
  expected_digest: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex').nullish(),
  ...asked,
}).strict()
const givenTwice = 'each one once'
const unequal = (values: string[]) => new Set(values).size === values.length
export const SplitPieceRequest = z.object({
  iu_id: Id,
  parts: z.array(NewPiece.strict()).min(2, 'at least two parts').max(50, 'at most 50 parts')
    .refine(parts => unequal(parts.map(part => part.canonical_address)), givenTwice),
  reason, ...asked,
}).strict()
export const MergePiecesRequest = z.object({
  iu_ids: z.array(Id).min(2, 'at least two pieces').max(50, 'at most 50 pieces').refine(unequal, givenTwice),
  ...NewPiece.shape, reason, ...asked,
}).strict()
export const SupersedePieceRequest = z.object({ iu_id: Id, by_iu_id: Id, reason, ...asked }).strict()
export const RetirePieceRequest = z.object({ iu_id: Id, reason: Reason, ...asked }).strict()
export const EmitPieceEventRequest = z.object({
  event_type: oneLine(z.string().trim().min(1, 'an event type is needed').max(200)),
  iu_id: Id,
  payload: z.record(z.string(), z.unknown()).default({}),
  ...asked,
}).strict()

/** What each change of a piece is asked with, by its name. */
export const PIECE_CHANGE_REQUESTS = {
  create: CreatePieceRequest,
  update: UpdatePieceRequest,
  split: SplitPieceRequest,
  merge: MergePiecesRequest,
  supersede: SupersedePieceRequest,
  retire: RetirePieceRequest,
  emit_event: EmitPieceEventRequest,
}
export type PieceChangeName = keyof typeof PIECE_CHANGE_REQUESTS

/** `POST /api/pieces/changes/preview`: which change, and what it takes. */
export const PieceChangeRequest = z.discriminatedUnion('change', [
  CreatePieceRequest.extend({ change: z.literal('create') }),
  UpdatePieceRequest.extend({ change: z.literal('update') }),
  SplitPieceRequest.extend({ change: z.literal('split') }),
  MergePiecesRequest.extend({ change: z.literal('merge') }),
  SupersedePieceRequest.extend({ change: z.literal('supersede') }),
  RetirePieceRequest.extend({ change: z.literal('retire') }),
  EmitPieceEventRequest.extend({ change: z.literal('emit_event') }),
], { error: `must be one of ${Object.keys(PIECE_CHANGE_REQUESTS).join(', ')}` })

/** What became of one piece in a change, in the order in which it is read. */
export const ChangedPiece = z.object({
  iu_id: Id,
  canonical_address: z.string(),
  title: z.string(),
  fate: z.enum(['created', 'updated', 'unchanged', 'split', 'merged', 'superseded', 'retired', 'takes_its_place', 'event_emitted']),
  /** Title and text as they were and as they are; only where they change. */
  texts: z.object({ from_title: z.string(), from_body: z.string(), to_title: z.string(), to_body: z.string() }).nullable(),
  /** Active collections that hold it. */
  held_by: z.array(z.object({ collection_id: Id, collection_key: z.string(), title: z.string(), shown_as: z.enum(['template', 'instance', 'collection']) })),
})
export type ChangedPiece = z.infer<typeof ChangedPiece>

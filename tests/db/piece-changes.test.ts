/** The changes of a piece as commands: what they tell of the pieces they touch, and what a run counts on. */
import { expect, test } from 'vitest'
import { PIECE_CHANGES, pieceChangeOf } from '../../server/db/piece-changes'
import { type Command, previewCommand, runPreviewed } from '../../server/db/runs'
import { seededDatabase } from '../helpers/db'
import type { Db } from '../../server/db/client'
import { PIECE_CHANGE_REQUESTS, type PieceChangeName } from '#shared/schemas/piece-change'

const asked = { operator: 'tester' }
const who = { actor: 'tester', open_gates: true }
const idOf = async (db: Db, address: string) =>
  (await db.selectFrom('v_iu_piece').select('id').where('canonical_address', '=', address).executeTakeFirstOrThrow()).id!
const parts = ['one', 'two'].map(name => ({ canonical_address: `new/${name}`, title: name, body: name }))

const requests: Record<PieceChangeName, (db: Db) => Promise<[request: object, fates: string[]]>> = {
  create: async () => [parts[0]!, ['new/one created']],
  update: async db => [{ iu_id: await idOf(db, 'wf/onboarding/welcome'), title: 'T', body: 'B' }, ['wf/onboarding/welcome updated']],
  split: async db => [{ iu_id: await idOf(db, 'wf/onboarding/welcome'), parts }, ['wf/onboarding/welcome split', 'new/one created', 'new/two created']],
  merge: async db => [
    { iu_ids: [await idOf(db, 'wf/onboarding/welcome'), await idOf(db, 'wf/onboarding/accounts')], ...parts[0] },
    ['wf/onboarding/welcome merged', 'wf/onboarding/accounts merged', 'new/one created'],
  ],
  supersede: async db => [
    { iu_id: await idOf(db, 'wf/onboarding/welcome'), by_iu_id: await idOf(db, 'wf/onboarding/accounts') },
    ['wf/onboarding/welcome superseded', 'wf/onboarding/accounts takes_its_place'],
  ],
  retire: async db => [{ iu_id: await idOf(db, 'wf/onboarding/welcome'), reason: 'r' }, ['wf/onboarding/welcome retired']],
  emit_event: async db => [{ iu_id: await idOf(db, 'wf/onboarding/welcome'), event_type: 'updated' }, ['wf/onboarding/welcome event_emitted']],
}

test.each(Object.keys(requests) as PieceChangeName[])('%s names every piece it touches and counts on its text and its holders', name => seededDatabase(async ({ db }) => {
  const [request, fates] = await requests[name](db)
  const command = PIECE_CHANGES[name] as Command<unknown>
  const parameters = PIECE_CHANGE_REQUESTS[name].parse({ ...request, ...who })
  const preview = await previewCommand(db, command, parameters, asked)
  const { pieces, facts } = preview.effects!
  expect(pieces!.map(piece => `${piece.canonical_address} ${piece.fate}`)).toEqual(fates)
  const held = pieces!.flatMap(piece => piece.held_by.map(holder => `${piece.canonical_address} in ${holder.collection_key}`))
  expect(Object.keys(facts!).sort()).toEqual([...pieces!.map(piece => piece.canonical_address), ...held, ...(name === 'emit_event' ? ['emit mode'] : [])].sort())
  if (name !== 'create') expect(held).toContain('wf/onboarding/welcome in tpl:wf:onboarding/v2')
  // What is about to be new has another id each time, and is no reason to refuse the run.
  expect(await runPreviewed(db, command, preview, parameters, asked)).toMatchObject({ status: 'ok', preview_id: preview.id })
  expect(pieceChangeOf(preview.command_name)?.command).toBe(command)
}))

test('another command is no change of a piece', () => expect(pieceChangeOf('dot_iu_gate_set')).toBeNull())

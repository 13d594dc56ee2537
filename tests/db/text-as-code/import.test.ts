import fc from 'fast-check'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, COMPOSER_GATE, addCollection, addPiece, contents, digestOf, oneRow, openGates, rowsOf, setConfig } from '../fixtures'
import { seededDatabase, withDatabase } from '../../helpers/db'
import { wordy } from '../../unit/text-as-code/hostile'
import type { Db } from '../../../server/db/client'
import { getCollectionFile } from '../../../server/db/collection-files'
import { Refusal } from '../../../server/db/runs'
import { type CollectionFile, renderCollection } from '../../../server/text-as-code/format'
import { applyImport, previewImport } from '../../../server/text-as-code/import'
import { parseCollection } from '../../../server/text-as-code/parse'

const TEXT_GATE = 'iu_core.piece_writes_enabled'
const OPTIONS = { operator: 'somebody', actor: ACTOR, reason: 'Edited in Git', openGates: true }

const KEY = 'tpl:wf:onboarding/v2'
const idOf = async (db: Db, key = KEY) =>
  (await oneRow(db, sql<{ id: string }>`select id from public.iu_piece_collection where collection_key = ${key}`)).id
const fileOf = async (db: Db, key = KEY) => renderCollection((await getCollectionFile(db, await idOf(db, key)))!)
const parsed = (text: string) => parseCollection(Buffer.from(text))
const gates = (db: Db) => rowsOf(db, sql`select key, value from public.dot_config order by key`)

/** What the pieces of a file are after edits made to its text. */
async function editedFile(db: Db, edit: (file: CollectionFile) => Partial<CollectionFile>) {
  const file = parsed(await fileOf(db))
  return parsed(renderCollection({ ...file, ...edit(file) }))
}

/** The refusal that an import ends with; nothing but its record may be written. */
async function refusalOf(db: Db, file: CollectionFile, options = OPTIONS) {
  const before = await contents(db)
  const refusals: unknown[] = []
  for (const attempt of [previewImport, applyImport]) {
    await attempt(db, file, options).then(() => expect.fail('it went through'), (error: unknown) => {
      if (!(error instanceof Refusal)) throw error
      refusals.push(error.outcome)
    })
  }
  expect({ ...await contents(db), dot_iu_command_run: before.dot_iu_command_run }).toEqual(before)
  expect(refusals[0]).toEqual(refusals[1])
  return refusals[1] as { status: string }
}

async function expectError(db: Db, file: CollectionFile, message: RegExp) {
  const before = await contents(db)
  await expect(previewImport(db, file, OPTIONS)).rejects.toThrow(message)
  await expect(applyImport(db, file, OPTIONS)).rejects.toThrow(message)
  expect(await contents(db)).toEqual(before)
}

describe('an edited file', () => {
  test('is previewed, applied, and then is what is exported', () => seededDatabase(async ({ db }) => {
    const added = await oneRow(db, sql<{ address: string, iu_id: string, title: string, text: string, content_digest: string }>`
      select canonical_address as address, id as iu_id, title, body as text, content_digest from public.information_unit u
      where lifecycle_status = 'active' and not exists (select from public.iu_piece_membership m where m.iu_id = u.id) order by 1 limit 1`)
    const file = await editedFile(db, ({ pieces: [a, b, c, d, e] }) => ({
      pieces: [{ ...b!, text: `${b!.text}\n---\r\n<!-- end of piece -->\n` }, a!, { ...c!, role: 'appendix' }, { ...added, role: 'body' }, { ...e!, title: 'A new title' }],
      piece_count: d ? 5 : 0,
    }))
    const { elsewhere } = await oneRow(db, sql<{ elsewhere: number }>`
      select count(*) - 1 as elsewhere from public.iu_piece_membership where membership_status = 'active' and iu_id = ${file.pieces[0]!.iu_id}`)
    const before = await contents(db)
    const gatesBefore = await gates(db)

    const preview = await previewImport(db, file, OPTIONS)
    expect(preview.plan.changes.map(change => change.change).sort()).toEqual(['added', 'moved', 'removed', 'role_changed', 'text_changed', 'title_changed'])
    expect(preview.plan.changes.find(change => change.change === 'text_changed')).toMatchObject({ position: 1, lines_added: 3, lines_removed: 0, also_in: elsewhere })
    expect(preview.run).toMatchObject({ phase: 'preview', refused: false, effects: { gates_opened: [{ key: COMPOSER_GATE }, { key: TEXT_GATE }] } })
    expect({ ...await contents(db), dot_iu_command_run: '' }).toEqual({ ...before, dot_iu_command_run: '' })

    const { run } = await applyImport(db, file, OPTIONS)
    expect(run).toMatchObject({
      command_name: 'dot_iu_collection_import', phase: 'run', operator: 'somebody', actor: ACTOR, reason: 'Edited in Git', refused: false,
      parameters: { collection_key: KEY, file_digest: expect.stringMatching(/^[0-9a-f]{64}$/) }, result: { changes: preview.plan.changes },
    })
    expect(await gates(db)).toEqual(gatesBefore)
    const after = parsed(await fileOf(db))
    expect(after.pieces.map(({ content_digest: _, ...piece }) => piece)).toEqual(file.pieces.map(({ content_digest: _, ...piece }) => piece))
    expect(after.manifest_digest).toBe(await digestOf(db, await idOf(db)))
    expect(await applyImport(db, after, OPTIONS)).toMatchObject({ plan: { changes: [] }, run: null })
  }))

  test('keeps any text to the byte', () => withDatabase(async ({ db }) => {
    const piece = await addPiece(db)
    await addCollection(db, [piece], { key: KEY })
    await openGates(db, TEXT_GATE)
    for (const text of fc.sample(wordy, 40)) {
      await applyImport(db, await editedFile(db, file => ({ pieces: [{ ...file.pieces[0]!, text }] })), OPTIONS)
      expect((await oneRow(db, sql<{ body: string }>`select body from public.information_unit where id = ${piece}`)).body).toBe(text)
    }
  }))

  test('that was not edited changes nothing and is not on record', () => seededDatabase(async ({ db }) => {
    const before = await contents(db)
    const file = parsed(await fileOf(db))
    expect(await previewImport(db, file, OPTIONS)).toMatchObject({ plan: { changes: [], edits: [], members: null }, run: null })
    expect(await applyImport(db, file, OPTIONS)).toMatchObject({ run: null })
    expect(await contents(db)).toEqual(before)
  }))

  test('leaves alone what others changed and it did not', () => seededDatabase(async ({ db }) => {
    const file = await editedFile(db, ({ pieces }) => ({ pieces: pieces.map((piece, i) => (i === 0 ? { ...piece, text: 'mine' } : piece)) }))
    const [, second, third] = file.pieces
    await sql`update public.information_unit set body = 'theirs' where id = ${second!.iu_id}`.execute(db)
    await sql`update public.iu_piece_membership set role = 'theirs' where iu_id = ${third!.iu_id}`.execute(db)
    const { plan } = await applyImport(db, file, OPTIONS)
    expect(plan.changes).toMatchObject([{ change: 'text_changed', position: 1 }])
    expect((await getCollectionFile(db, plan.collection_id))!.pieces.slice(0, 3)).toMatchObject([{ text: 'mine' }, { text: 'theirs' }, { role: 'theirs' }])
  }))

  test('that says what others have written meanwhile is done already', () => seededDatabase(async ({ db }) => {
    const file = await editedFile(db, ({ pieces }) => ({ pieces: [{ ...pieces[0]!, text: 'the same' }, ...pieces.slice(1)] }))
    await sql`update public.information_unit set body = 'the same' where id = ${file.pieces[0]!.iu_id}`.execute(db)
    expect((await applyImport(db, file, OPTIONS)).run).toBeNull()
  }))
})

describe('an import is refused whole', () => {
  const twoEdits = (db: Db) => editedFile(db, ({ pieces: [a, b, ...rest] }) => ({ pieces: [{ ...b!, text: 'mine' }, a!, ...rest] }))

  test('when a text was changed meanwhile', () => seededDatabase(async ({ db }) => {
    const file = await twoEdits(db)
    await sql`update public.information_unit set body = 'theirs' where id = ${file.pieces[0]!.iu_id}`.execute(db)
    expect(await refusalOf(db, file)).toMatchObject({ status: 'piece_changed_meanwhile', iu_id: file.pieces[0]!.iu_id })
  }))

  test('when the list of pieces was changed meanwhile', () => seededDatabase(async ({ db }) => {
    const file = await twoEdits(db)
    await sql`update public.iu_piece_membership set role = 'theirs' where iu_id = ${file.pieces[3]!.iu_id}`.execute(db)
    expect(await refusalOf(db, file)).toMatchObject({ status: 'collection_changed_meanwhile' })
  }))

  test.each([['piece_gate_closed', COMPOSER_GATE, TEXT_GATE], ['composer_gate_closed', TEXT_GATE, COMPOSER_GATE]])('by %s, unless it may open its gates', (status, open, closed) =>
    seededDatabase(async ({ db }) => {
      await setConfig(db, open, 'true')
      expect(await refusalOf(db, await twoEdits(db), { ...OPTIONS, openGates: false })).toMatchObject({ status, gate: closed })
    }))

  test('and the refusal is on record', () => seededDatabase(async ({ db }) => {
    await refusalOf(db, await twoEdits(db), { ...OPTIONS, openGates: false })
    expect(await rowsOf(db, sql`select command_name, phase, refused from public.dot_iu_command_run order by started_at`)).toEqual([
      { command_name: 'dot_iu_collection_import', phase: 'preview', refused: true }, { command_name: 'dot_iu_collection_import', phase: 'run', refused: true },
    ])
  }))
})

describe('a file that asks for what an import does not do', () => {
  test.each<[string, (file: CollectionFile) => Partial<CollectionFile>, RegExp]>([
    ['an unknown collection', () => ({ collection_key: 'nope' }), /no collection with the key "nope"/],
    ['another kind', () => ({ collection_kind: 'file' }), /collection_kind differs/],
    ['another title', () => ({ title: 'New' }), /The title differs/],
    ['another description', () => ({ description: 'New' }), /The description differs/],
    ['a piece twice', ({ pieces }) => ({ pieces: [...pieces, pieces[0]!] }), /stands in the file twice/],
    ['another address', ({ pieces }) => ({ pieces: [{ ...pieces[0]!, address: 'else/where' }] }), /has the address .*, not else\/where/],
    ['an unknown piece', ({ pieces }) => ({ pieces: [{ ...pieces[0]!, iu_id: '00000000-0000-0000-0000-000000000000' }] }), /no piece with the id 0000/],
  ])('%s', (_, edit, message) => seededDatabase(async ({ db }) => expectError(db, await editedFile(db, edit), message)))
})

import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { ask, get, post, recorded, strictly, world } from './support'
import { ApiErrorBody } from '#shared/schemas/error'
import { PieceDetail, PiecePage, PieceRow } from '#shared/schemas/piece'
import { CommandRun, Preview } from '#shared/schemas/run'

const own = useConsole()
const PREVIEW = '/api/pieces/changes/preview'
const RUN = '/api/pieces/changes'
const WRITES = 'iu_core.piece_writes_enabled'
const who = { actor: 'iu-core-editor', open_gates: true }

const pieceOf = async (address: string): Promise<PieceDetail> => {
  const { rows: [row] } = await sql<{ id: string }>`select id from public.information_unit where canonical_address = ${address}`.execute(own.db)
  return (await get(own, `/api/pieces/${row!.id}`)).body
}
const text = (name: string = randomUUID()) => ({ canonical_address: `test/${name}`, title: `Title of ${name}`, body: `Text of ${name}\n` })

/** Previews and runs a change; checks that the preview left nothing behind. */
async function change(body: Record<string, unknown>) {
  const before = await world(own.db)
  const preview = await post(own, PREVIEW, { ...who, ...body })
  expect([preview.status, preview.body.error?.message]).toEqual([200, undefined])
  expect(strictly(Preview).safeParse(preview.body).error?.issues ?? []).toEqual([])
  expect(await world(own.db)).toEqual(before)
  const run = await post(own, RUN, { preview_id: preview.body.id })
  expect([run.status, run.body.error?.message]).toEqual([200, undefined])
  expect(strictly(CommandRun).safeParse(run.body).error?.issues ?? []).toEqual([])
  expect(run.body.effects.tables).toEqual(preview.body.effects.tables)
  return { preview: preview.body, run: run.body, result: run.body.result, pieces: run.body.effects.pieces }
}
const create = async (name?: string) => (await change({ change: 'create', ...text(name) })).result.iu_id as string
const table = (run: { effects: { tables: { table: string }[] } }, name: string) => run.effects.tables.find(row => row.table === name)
const fates = (pieces: { canonical_address: string, fate: string }[]) => pieces.map(piece => [piece.canonical_address, piece.fate])

beforeAll(async () => {
  // Events are part of what a change does.
  await sql`update public.dot_config set value = 'true' where key = 'piece_event_runtime.emit_enabled'`.execute(own.db)
})

describe('each change is previewed, runs as previewed, and shows on the piece', () => {
  test('create', async () => {
    const given = text('created')
    const { run, result, pieces } = await change({ change: 'create', ...given })
    expect(run).toMatchObject({ command_name: 'dot_iu_piece_create', status: 'ok', actor: who.actor, effects: { gates_opened: [{ key: WRITES, was: 'false' }] } })
    expect(table(run, 'information_unit')).toMatchObject({ inserted: 1, updated: 0, deleted: 0 })
    expect(fates(pieces)).toEqual([[given.canonical_address, 'created']])
    const { body } = await get(own, `/api/pieces/${result.iu_id}`)
    expect(body).toMatchObject({ ...given, lifecycle_status: 'active', created_by: who.actor, collections: [], lifecycle: [], predecessors: [], events_total: 1, events: [{ event_type: 'created', emit_mode: 'dry_run' }] })
    expect((await get(own, '/api/gates')).body.gates.find((gate: { key: string }) => gate.key === WRITES).is_open).toBe(false)
  })

  test('update, with both texts and the collections it reaches', async () => {
    const welcome = await pieceOf('wf/onboarding/welcome')
    const { preview, run, pieces } = await change({ change: 'update', iu_id: welcome.id, title: 'Welcome!', body: `${welcome.body}One line more.\n`, expected_digest: welcome.content_digest })
    expect(preview.effects.pieces[0]).toEqual(pieces[0])
    expect(pieces).toMatchObject([{ iu_id: welcome.id, fate: 'updated', texts: { from_title: welcome.title, from_body: welcome.body, to_title: 'Welcome!', to_body: `${welcome.body}One line more.\n` } }])
    const held = pieces[0].held_by.map((holder: { collection_key: string }) => holder.collection_key)
    expect(held).toEqual(welcome.collections.map(row => row.collection_key))
    expect(held).toContain('tpl:wf:onboarding/v2')
    expect(table(run, 'information_unit')).toMatchObject({ inserted: 0, updated: 1 })
    expect(await pieceOf('wf/onboarding/welcome')).toMatchObject({ title: 'Welcome!', body: `${welcome.body}One line more.\n` })
  })

  test('update with the same text changes nothing and says so', async () => {
    const piece = await pieceOf('wf/onboarding/accounts')
    const { run, pieces } = await change({ change: 'update', iu_id: piece.id, title: piece.title, body: piece.body })
    expect([run.result.changed, run.effects.tables.filter((row: { table: string }) => row.table === 'information_unit'), fates(pieces)])
      .toEqual([false, [], [[piece.canonical_address, 'unchanged']]])
  })

  test('split, then the parts know where they come from', async () => {
    const id = await create('whole')
    const parts = [text('part-b'), text('part-a')]
    const { result, pieces } = await change({ change: 'split', iu_id: id, parts, reason: 'two topics' })
    expect(fates(pieces)).toEqual([['test/whole', 'split'], ['test/part-b', 'created'], ['test/part-a', 'created']])
    expect((await get(own, `/api/pieces/${id}`)).body).toMatchObject({
      lifecycle_status: 'superseded',
      lifecycle: [{ change: 'split', reason: 'two topics', successors: [{ canonical_address: 'test/part-b' }, { canonical_address: 'test/part-a' }] }],
    })
    for (const part of result.parts) {
      expect((await get(own, `/api/pieces/${part.iu_id}`)).body.predecessors).toMatchObject([{ iu_id: id, change: 'split', lifecycle_status: 'superseded' }])
    }
  })

  test('merge', async () => {
    const ids = [await create('one'), await create('two')]
    const { result, pieces } = await change({ change: 'merge', iu_ids: ids, ...text('both') })
    expect(fates(pieces)).toEqual([['test/one', 'merged'], ['test/two', 'merged'], ['test/both', 'created']])
    const { body } = await get(own, `/api/pieces/${result.iu_id}`)
    expect(body.predecessors.map((piece: { iu_id: string }) => piece.iu_id).sort()).toEqual(ids.toSorted())
  })

  test('supersede', async () => {
    const [old, by] = [await create('old'), await create('better')]
    const { pieces } = await change({ change: 'supersede', iu_id: old, by_iu_id: by, reason: 'clearer' })
    expect(fates(pieces)).toEqual([['test/old', 'superseded'], ['test/better', 'takes_its_place']])
    expect((await get(own, `/api/pieces/${old}`)).body.lifecycle).toMatchObject([{ change: 'superseded', successors: [{ iu_id: by }] }])
  })

  test('retire says who still holds it, and deletes nothing', async () => {
    const piece = await pieceOf('wf/incident-review/causes')
    const { run, pieces, result } = await change({ change: 'retire', iu_id: piece.id, reason: 'folded into impact' })
    expect(run.reason).toBe('folded into impact')
    expect(pieces).toMatchObject([{ fate: 'retired', held_by: [{ collection_key: 'wf:incident-review' }] }])
    expect(result.still_held_by).toMatchObject([{ collection_key: 'wf:incident-review' }])
    expect(run.effects.tables.every((row: { deleted: number }) => row.deleted === 0)).toBe(true)
    expect(await pieceOf('wf/incident-review/causes')).toMatchObject({ lifecycle_status: 'retired', collections: [{ collection_key: 'wf:incident-review' }] })
  })

  test('emit an event: dry while the gate for live ones is closed, live once it is open', async () => {
    const piece = await pieceOf('wf/onboarding/welcome')
    const ask = { change: 'emit_event', iu_id: piece.id, event_type: 'updated', payload: { macro: 'proof' } }
    expect((await change(ask)).result).toMatchObject({ status: 'ok', emit_mode: 'dry_run' })
    await sql`update public.dot_config set value = 'false' where key = 'piece_event_runtime.dry_run_only'`.execute(own.db)
    expect((await change(ask)).result.emit_mode).toBe('live')
    await sql`update public.dot_config set value = 'true' where key = 'piece_event_runtime.dry_run_only'`.execute(own.db)
  })

  test('an event of another type is passed over in silence', async () => {
    const { run } = await change({ change: 'emit_event', iu_id: (await pieceOf('wf/onboarding/welcome')).id, event_type: 'renamed' })
    expect([run.status, run.refused, run.effects.tables.filter((row: { table: string }) => row.table === 'event_outbox')]).toEqual(['ignored', false, []])
  })
})

describe('nothing is changed', () => {
  let before: Awaited<ReturnType<typeof world>>
  let active: string
  let gone: string
  beforeAll(async () => {
    active = (await pieceOf('wf/onboarding/welcome')).id
    gone = await create()
    await change({ change: 'retire', iu_id: gone, reason: 'gone' })
  })
  beforeEach(async () => {
    before = await world(own.db)
  })

  const other = randomUUID()
  const good: Record<string, () => Record<string, unknown>> = {
    create: () => text(),
    update: () => ({ iu_id: active, title: 'T', body: 'B' }),
    split: () => ({ iu_id: active, parts: [text(), text()] }),
    merge: () => ({ iu_ids: [active, other], ...text() }),
    supersede: () => ({ iu_id: active, by_iu_id: other }),
    retire: () => ({ iu_id: active, reason: 'r' }),
    emit_event: () => ({ iu_id: active, event_type: 'updated' }),
  }
  const twice = text()
  const wrong: [change: string, field: string, over: Record<string, unknown>][] = [
    ['create', 'canonical_address', { canonical_address: ' ' }], ['create', 'canonical_address', { canonical_address: 'a'.repeat(401) }],
    ['create', 'canonical_address', { canonical_address: 'a\nb' }], ['create', 'title', { title: '' }], ['create', 'title', { title: 7 }],
    ['create', 'body', { body: ' \n' }], ['create', 'body', { body: 'a\0b' }], ['create', 'body', { body: 'x'.repeat(900_001) }],
    ['create', 'actor', { actor: ' ' }], ['create', 'open_gates', { open_gates: 'yes' }], ['create', 'iu_id', { iu_id: other }],
    ['update', 'iu_id', { iu_id: '7' }], ['update', 'expected_digest', { expected_digest: 'abc' }], ['update', 'body', { body: undefined }],
    ['split', 'parts', { parts: [text()] }], ['split', 'parts', { parts: [twice, twice] }], ['split', 'parts.1.title', { parts: [text(), { ...text(), title: ' ' }] }],
    ['split', 'parts.0.role', { parts: [{ ...text(), role: 'x' }, text()] }], ['split', 'reason', { reason: ' ' }],
    ['merge', 'iu_ids', { iu_ids: [other] }], ['merge', 'iu_ids', { iu_ids: [other, other] }], ['merge', 'iu_ids.1', { iu_ids: [other, 'x'] }],
    ['supersede', 'by_iu_id', { by_iu_id: null }], ['retire', 'reason', { reason: undefined }], ['retire', 'reason', { reason: 'r'.repeat(2001) }],
    ['emit_event', 'event_type', { event_type: '' }], ['emit_event', 'payload', { payload: [] }],
  ]
  test.each(wrong)('%s: a bad %s is named', async (name, field, over) => {
    const on_record = await recorded(own.db)
    const { status, body } = await post(own, PREVIEW, { change: name, ...who, ...good[name]!(), ...over })
    expect(ApiErrorBody.strict().safeParse(body).error?.issues ?? []).toEqual([])
    expect([status, body.error.status, body.error.field]).toEqual([400, 'invalid_request', field])
    expect([await world(own.db), await recorded(own.db)]).toEqual([before, on_record])
  })

  test.each([[{}], [{ change: 'delete' }], [{ change: ['create'] }]])('%j is no change', async (given) => {
    const { status, body } = await post(own, PREVIEW, { ...who, ...text(), ...given })
    expect([status, body.error.field]).toEqual([400, 'change'])
  })

  const refusals: [what: string, code: number, status: string, field: string | undefined, body: () => Record<string, unknown>][] = [
    ['an address that is taken', 409, 'canonical_address_conflict', 'canonical_address', () => ({ change: 'create', ...text(), canonical_address: 'wf/onboarding/welcome' })],
    ['a part with an address that is taken', 409, 'canonical_address_conflict', 'parts', () => ({ change: 'split', iu_id: active, parts: [text(), { ...text(), canonical_address: 'wf/onboarding/welcome' }] })],
    ['a piece that supersedes itself', 409, 'self_supersede_refused', 'by_iu_id', () => ({ change: 'supersede', iu_id: active, by_iu_id: active })],
    ['a piece that was retired: edited', 409, 'piece_not_active', 'iu_id', () => ({ change: 'update', iu_id: gone, title: 'T', body: 'B' })],
    ['a piece that was retired: once more', 409, 'piece_not_active', 'iu_id', () => ({ change: 'retire', iu_id: gone, reason: 'r' })],
    ['a piece that was retired: as a successor', 409, 'piece_not_active', 'by_iu_id', () => ({ change: 'supersede', iu_id: active, by_iu_id: gone })],
    ['a text that is another by now', 409, 'piece_changed_meanwhile', 'expected_digest', () => ({ change: 'update', iu_id: active, title: 'T', body: 'B', expected_digest: 'a'.repeat(64) })],
    ['an unknown piece: edited', 404, 'piece_not_found', 'iu_id', () => ({ change: 'update', iu_id: other, title: 'T', body: 'B' })],
    ['an unknown piece: merged', 404, 'piece_not_found', 'iu_ids', () => ({ change: 'merge', iu_ids: [active, other], ...text() })],
    ['an unknown piece: emitted', 404, 'piece_not_found', 'iu_id', () => ({ change: 'emit_event', iu_id: other, event_type: 'updated' })],
    ['a closed gate', 409, 'piece_gate_closed', undefined, () => ({ change: 'create', ...text(), open_gates: false })],
  ]
  test.each(refusals)('%s is %i %s, and on record', async (_what, code, status, field, request) => {
    const on_record = await recorded(own.db)
    const answer = await post(own, PREVIEW, { ...who, ...request() })
    expect(ApiErrorBody.strict().safeParse(answer.body).error?.issues ?? []).toEqual([])
    expect([answer.status, answer.body.error.status, answer.body.error.field]).toEqual([code, status, field])
    expect(answer.body.error.hint).toBeTruthy()
    expect([await world(own.db), await recorded(own.db)]).toEqual([before, on_record + 1])
  })

  test('a closed gate is named with its state; so is the one for events', async () => {
    const closed = await post(own, PREVIEW, { change: 'create', ...who, ...text(), open_gates: false })
    expect(closed.body.error.gate).toMatchObject({ key: WRITES, is_open: false })
    await sql`update public.dot_config set value = 'false' where key = 'piece_event_runtime.emit_enabled'`.execute(own.db)
    const silent = await post(own, PREVIEW, { change: 'emit_event', ...who, iu_id: active, event_type: 'updated', open_gates: false })
    await sql`update public.dot_config set value = 'true' where key = 'piece_event_runtime.emit_enabled'`.execute(own.db)
    expect([silent.status, silent.body.error.status, silent.body.error.gate.key]).toEqual([409, 'emit_gate_closed', 'piece_event_runtime.emit_enabled'])
  })
})

describe('a run is bound to its preview', () => {
  const preview = async (body: Record<string, unknown>) => (await post(own, PREVIEW, { ...who, ...body })).body.id as string
  const run = (id: string) => post(own, RUN, { preview_id: id })
  const asList = (name: string) => sql`
    with made as (insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by) values (${`api:${name}`}, 'workflow', 'Late', 'api-test') returning id)
    insert into public.iu_piece_membership (collection_id, iu_id, piece_order, role)
    select made.id, u.id, 1, 'body' from made, public.information_unit u where u.canonical_address = ${`test/${name}`}`.execute(own.db)

  test('refused when the text was changed since, and nothing is lost', async () => {
    const id = await create('edited-meanwhile')
    const { content_digest } = await pieceOf('test/edited-meanwhile')
    const mine = await preview({ change: 'update', iu_id: id, title: 'Mine', body: 'mine', expected_digest: content_digest })
    await change({ change: 'update', iu_id: id, title: 'Theirs', body: 'theirs' })
    const answer = await run(mine)
    expect([answer.status, answer.body.error.status]).toEqual([409, 'piece_changed_meanwhile'])
    expect(await pieceOf('test/edited-meanwhile')).toMatchObject({ title: 'Theirs', body: 'theirs' })
  })

  test.each([['split', () => ({ parts: [text(), text()] })], ['retire', () => ({ reason: 'r' })]])('%s: refused when the text it judged is another', async (name, more) => {
    const id = await create(`judged-${name}`)
    const mine = await preview({ change: name, iu_id: id, ...more() })
    await change({ change: 'update', iu_id: id, title: 'T', body: 'another text' })
    const answer = await run(mine)
    expect([answer.status, answer.body.error.status]).toEqual([409, 'preview_outdated'])
    expect(answer.body.error.changes).toMatchObject([{ what: `test/judged-${name}` }])
    expect(await pieceOf(`test/judged-${name}`)).toMatchObject({ lifecycle_status: 'active' })
  })

  test('refused when another collection holds the piece by now', async () => {
    const id = await create('held-late')
    const mine = await preview({ change: 'retire', iu_id: id, reason: 'r' })
    await asList('held-late')
    expect((await run(mine)).body.error).toMatchObject({ status: 'preview_outdated', changes: [{ what: 'test/held-late in api:held-late', previewed: 'none', now: 'held' }] })
  })

  test('asked twice, it runs once', async () => {
    const id = await preview({ change: 'create', ...text('once') })
    const [first, second] = await Promise.all([run(id), run(id)])
    expect([first.status, second.status, second.body.id]).toEqual([200, 200, first.body.id])
    expect((await get(own, '/api/pieces?q=test/once')).body.total).toBe(1)
  })

  test('unknown, and a preview of another command', async () => {
    const foreign = await post(own, '/api/rollbacks/preview', { actor: 'nobody' })
    for (const id of [randomUUID(), foreign.body.id]) expect((await run(id)).status).toBe(404)
    expect((await post(own, RUN, { preview_id: 'x' })).body.error.field).toBe('preview_id')
    expect((await post(own, RUN, { preview_id: randomUUID(), more: 1 })).body.error.field).toBe('more')
    expect((await ask(own, 'GET', RUN)).status).toBe(400)
  })
})

describe('the list', () => {
  test('is filtered by status and by whether a collection holds it, and counts them', async () => {
    const { body } = await get(own, '/api/pieces?status=retired&q=wf/incident')
    expect(strictly(PiecePage).safeParse(body).error?.issues ?? []).toEqual([])
    expect(body.rows).toMatchObject([{ canonical_address: 'wf/incident-review/causes', held_by: 1, lifecycle_status: 'retired' }])
    const [all, held, loose] = await Promise.all(['', 'held=held', 'held=loose'].map(async query => (await get(own, `/api/pieces?limit=200&${query}`)).body))
    expect(held.total + loose.total).toBe(all.total)
    expect(loose.rows.every((row: PieceRow) => row.held_by === 0)).toBe(true)
    expect(held.rows.every((row: PieceRow) => row.held_by > 0)).toBe(true)
  })

  test.each(['status=lost', 'held=maybe', 'kind=x'])('%s is refused by its name', async (query) => {
    const { status, body } = await get(own, `/api/pieces?${query}`)
    expect([status, body.error.field]).toEqual([400, query.split('=')[0]])
  })

  test('is exported with its filter', async () => {
    const rows = await (await own.fetch('/api/pieces/export?format=json&q=wf/onboarding/')).json() as PieceRow[]
    expect(PieceRow.strict().array().safeParse(rows).error?.issues ?? []).toEqual([])
    const { body } = await get(own, '/api/pieces?q=wf/onboarding/&limit=200')
    expect(rows).toEqual(body.rows.map(({ sort_key: _, ...row }: Record<string, unknown>) => row))
    const csv = await (await own.fetch('/api/pieces/export?format=csv&status=retired&q=wf/incident')).text()
    expect(csv.trim().split('\n')).toHaveLength(2)
  })

  test('the search box finds a piece by address and by title', async () => {
    const { id, title } = await pieceOf('wf/onboarding/first-day')
    for (const q of ['onboarding/first-d', title]) {
      expect((await get(own, `/api/search?q=${encodeURIComponent(q)}`)).body.hits).toContainEqual({ kind: 'piece', label: 'wf/onboarding/first-day', detail: title, to: `/pieces/${id}` })
    }
  })

  test('a piece answers as its schema says', async () => {
    const { body } = await get(own, `/api/pieces/${(await pieceOf('wf/onboarding/welcome')).id}`)
    expect(strictly(PieceDetail).safeParse(body).error?.issues ?? []).toEqual([])
  })
})

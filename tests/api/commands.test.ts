import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { emailOf } from '../helpers/people'
import { ask, compose, get, orchestration, post, strictly } from './support'
import { Catalog, CommandDetail } from '#shared/schemas/command'

const own = useConsole()
const COMPOSER = 'iu_core.composer_enabled'

describe('the catalogue', () => {
  test('lists the 26 governed commands and the console’s own, and those that this console runs with the page they are run on', async () => {
    const { status, body } = await get(own, '/api/commands')
    expect(status).toBe(200)
    expect(strictly(Catalog).safeParse(body).error?.issues ?? []).toEqual([])
    expect(body.rows.filter((row: { governed: boolean }) => row.governed)).toHaveLength(26)
    expect(body.rows.filter((row: { governed: boolean }) => !row.governed).map((row: { command_name: string }) => row.command_name))
      .toContain('dot_iu_lineage_soft_erase')
    const pages = Object.fromEntries(body.rows.filter((row: { runnable: boolean }) => row.runnable).map((row: { command_name: string, page: string }) => [row.command_name, row.page]))
    expect(pages).toMatchObject({ dot_iu_auto_instantiate_from_event: '/orchestrate', dot_iu_auto_instantiate_rollback_by_actor: '/rollback', dot_iu_gate_set: '/gates', dot_iu_compose: null })
    for (const page of Object.values(pages)) if (page) expect((await own.fetch(String(page))).status).toBe(200)
  })

  test('explains a command by its example and runs nothing', async () => {
    const { body } = await get(own, '/api/commands/dot_iu_auto_instantiate_from_event')
    expect(body.example.line).toMatch(/^npx iu explain dot_iu_auto_instantiate_from_event event_id=.* note='trial run'$/)
    expect(body.example.sql).toMatch(/^select public\.fn_iu_auto_instantiate_from_event\('25000d25-0000-4000-8000-000000000001'::uuid, .*'trial run'\);$/)
    expect(body.gates).toMatchObject([{ key: 'iu_core.auto_instantiate_enabled', is_open: false }, { key: COMPOSER, is_open: false }])
    expect(body.parameters).toContainEqual({ name: 'emit_mode', takes: 'dry_run or live', required: true, default: null })
    expect(body.parameters).toContainEqual({ name: 'open_gates', takes: 'true or false', required: false, default: 'false' })
    expect((await get(own, '/api/runs')).body.total).toBe(0)
  })

  test('says which gates each mode needs, and how they stand', async () => {
    const { body } = await get(own, '/api/commands/dot_iu_scaleout')
    expect(strictly(CommandDetail).safeParse(body).error?.issues ?? []).toEqual([])
    expect(body.command).toMatchObject({ gates: ['iu_core.auto_instantiate_enabled', COMPOSER], dry_run_gates: [COMPOSER] })
    expect(body.gates.map((gate: { key: string }) => gate.key)).toEqual(body.command.gates)
    expect((await get(own, '/api/commands/dot_iu_retention_cleanup')).body.command).toMatchObject({ gates: ['iu_core.retention_cleanup_enabled'], dry_run_gates: [] })
    expect((await get(own, '/api/commands/dot_iu_retention_check')).body).toMatchObject({ command: { gates: [], mutating: false }, gates: [] })
  })

  test('explains one that this console cannot run, and knows none of another name', async () => {
    const piece = (await get(own, '/api/commands')).body.rows.find((row: { runnable: boolean }) => !row.runnable)
    if (piece) expect((await get(own, `/api/commands/${piece.command_name}`)).body).toMatchObject({ parameters: [], example: null })
    for (const name of ['dot_iu_nothing', '__proto__', '%2e%2e%2fx']) expect((await get(own, `/api/commands/${name}`)).status).toBe(404)
  })
})

describe('the runs', () => {
  const key = `/api/gates/${COMPOSER}`
  let composed: { id: string, preview_id: string }

  beforeAll(async () => {
    composed = await compose(own, { actor: 'actor-one', note: 'the first of May' })
    await ask(own, 'PUT', key, { open: false, actor: 'actor-two', reason: 'stays closed' })
    const refused = await post(own, '/api/orchestrations/preview', await orchestration(own.db, { open_gates: false, actor: 'actor-two' }))
    expect(refused.status).toBe(409)
  })

  const found = async (query: string) => (await get(own, `/api/runs?${query}`)).body
  const total = async (query: string) => (await found(query)).total

  test('lists previews, runs and refusals, newest first', async () => {
    const { rows, total: all } = await found('')
    expect(all).toBe(4)
    const times = rows.map((row: { started_at: string }) => row.started_at)
    expect(times).toEqual(times.toSorted().toReversed())
    expect(rows[0]).toMatchObject({ status: 'composer_gate_closed', refused: true, phase: 'preview' })
    expect(rows[0]).not.toHaveProperty('effects')
  })

  test.each([
    ['command=dot_iu_gate_set', 1], ['phase=preview', 2], ['phase=run', 2], ['outcome=refused', 1], ['outcome=done', 3], ['outcome=failed', 0],
    ['actor=actor-one', 2], ['actor=actor-two&outcome=refused', 1], [`operator=${encodeURIComponent(`${emailOf('administrator')} (tests)`)}`, 4], ['operator=nobody', 0], ['q=MAY', 2], ['q=%25', 0],
    ['within=hour', 4], ['within=day&phase=run', 2], ['on=2020-01-01', 0], [`on=${new Date().toISOString().slice(0, 10)}`, 4],
  ])('%s finds %i', async (query, count) => expect(await total(query)).toBe(count))

  test('leafs through all of them, forwards and back', async () => {
    const first = await found('limit=3')
    const second = await found(`limit=3&cursor=${first.next_cursor}`)
    expect([first.rows.length, second.rows.length, second.next_cursor]).toEqual([3, 1, null])
    expect((await found(`limit=3&cursor=${second.previous_cursor}`)).rows).toEqual(first.rows)
  })

  test('is exported with its filter', async () => {
    const csv = await (await own.fetch('/api/runs/export?format=csv&outcome=refused')).text()
    expect(csv.trim().split('\n')).toHaveLength(2)
    expect(csv).toContain('composer_gate_closed')
  })

  test('offers what is on record for the filters', async () => {
    expect((await get(own, '/api/runs/choices')).body).toEqual({
      commands: ['dot_iu_auto_instantiate_from_event', 'dot_iu_gate_set'], operators: ['administrator@example.org (tests)'], actors: ['actor-one', 'actor-two'],
    })
  })

  test('the overview counts what the list shows', async () => {
    const { body } = await get(own, '/api/overview')
    expect([body.runs_last_day, body.refused_last_day]).toEqual([await total('phase=run&outcome=done&within=day'), await total('outcome=refused&within=day')])
  })

  test('the catalogue shows the last one', async () => {
    const { body } = await get(own, '/api/commands/dot_iu_auto_instantiate_from_event')
    expect(body.command).toMatchObject({ last_run_id: composed.id, last_run_status: 'ok', last_run_operator: 'administrator@example.org (tests)', runs_last_day: 1 })
  })

  test.each(['outcome=lost', 'phase=x', 'within=year', 'on=2020-13-45', 'on=yesterday', 'limit=0', 'cursor=x', 'nothing=1', `q=${'x'.repeat(201)}`])('%s is refused by its name', async (query) => {
    const { status, body } = await get(own, `/api/runs?${query}`)
    expect([status, body.error.status, body.error.field]).toEqual([400, 'invalid_request', query.split('=')[0]])
  })

  test('one that is not there is told', async () => expect((await get(own, `/api/runs/${randomUUID()}`)).status).toBe(404))
})

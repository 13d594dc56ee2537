import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { ask, collection, get, orchestration, post, recorded, world } from './support'

const own = useConsole()

const COMPOSER = 'iu_core.composer_enabled'
const LIVE = 'iu_core.auto_instantiate_enabled'
const GATES = { dry_run: [COMPOSER], live: [COMPOSER, LIVE] } as const
const MODES = ['dry_run', 'live'] as const

const preview = async (over: Record<string, unknown> = {}) =>
  post(own, '/api/orchestrations/preview', await orchestration(own.db, over))
const run = (id: string) => post(own, '/api/orchestrations', { preview_id: id })
const setComposer = (open: boolean) => ask(own, 'PUT', `/api/gates/${COMPOSER}`, { open, actor: 'api-test', reason: 'for a test' })
const instances = async (suffix: string) => (await sql`
  select from public.iu_piece_collection where collection_key = ${`tpl-inst:auto:${suffix}`}`.execute(own.db)).rows.length

/** Does something to the substrate, tries, and puts it back. */
async function withEdit(edit: string, undo: string, work: () => Promise<void>) {
  await sql.raw(edit).execute(own.db)
  try {
    await work()
  }
  finally {
    await sql.raw(undo).execute(own.db)
  }
}

/** The changes of gates since a moment, oldest first. */
async function gateChanges(since: number) {
  const { rows } = await sql<{ key: string, old_value: string, new_value: string, changed_by: string, reason: string }>`
    select key, old_value, new_value, changed_by, reason from public.dot_config_change where id > ${since} order by id`.execute(own.db)
  return rows
}
const lastChange = async () => Number((await sql<{ id: number }>`select coalesce(max(id), 0) as id from public.dot_config_change`.execute(own.db)).rows[0]!.id)

describe('a preview', () => {
  test.each(MODES)('%s with its gates opened: the function\'s own answer, what it would write, and nothing of it stays', async (emit_mode) => {
    const before = await world(own.db)
    const records = await recorded(own.db)
    const note = 'Why this one is needed'
    const request = await orchestration(own.db, { emit_mode, note })
    const { status, body } = await post(own, '/api/orchestrations/preview', request)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      command_name: 'dot_iu_auto_instantiate_from_event', phase: 'preview', operator: 'administrator@example.org (tests)', actor: request.actor,
      reason: note, parameters: request, dry_run: emit_mode === 'dry_run', status: 'ok', refused: false, preview_id: null,
      result: {
        status: 'ok', pieces_attached: 5, digest_matches_template: true,
        instance_key: `tpl-inst:auto:${request.instance_key_suffix}`, instance_collection_id: expect.any(String), idempotency_key: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    })
    expect(body.effects.tables).toEqual([
      { table: 'event_outbox', inserted: 6, updated: 0, deleted: 0 },
      { table: 'iu_auto_instantiate_event_log', inserted: 1, updated: 0, deleted: 0 },
      { table: 'iu_collection_template_instance_lineage', inserted: 1, updated: 0, deleted: 0 },
      { table: 'iu_piece_collection', inserted: 1, updated: expect.any(Number), deleted: 0 },
      { table: 'iu_piece_membership', inserted: 5, updated: 0, deleted: 0 },
    ])
    expect(body.effects.gates_opened.map((gate: { key: string }) => gate.key).sort()).toEqual([...GATES[emit_mode]].sort())
    expect(body.effects.gates_opened.every((gate: { was: string }) => gate.was === 'false')).toBe(true)
    expect(body.effects.instance).toMatchObject({ template_key: 'tpl:wf:onboarding/v2', digest_matches_template: true })
    expect(body.effects.instance.pieces.map((piece: { position: number }) => piece.position)).toEqual([1, 2, 3, 4, 5])
    expect(Date.parse(body.expires_at) - Date.parse(body.started_at)).toBe(15 * 60_000)
    expect(body.duration_ms).toBeGreaterThan(0)
    expect(await world(own.db)).toEqual(before)
    expect(await recorded(own.db)).toBe(records + 1)
  })

  test.each([['dry_run', 'composer_gate_closed', COMPOSER], ['live', 'live_gate_closed', LIVE]])('%s without: %s, with the gate as it stands, on record and nothing else', async (emit_mode, status, key) => {
    const before = await world(own.db)
    const refused = await preview({ emit_mode, open_gates: false, actor: `refused-${emit_mode}`, note: 'a reason' })
    expect(refused.status).toBe(409)
    expect(refused.body.error).toMatchObject({ status, message: expect.any(String), hint: expect.any(String), gate: { key, is_open: false, protects: expect.any(String) } })
    expect(await world(own.db)).toEqual(before)
    const row = await own.db.selectFrom('dot_iu_command_run').selectAll().where('actor', '=', `refused-${emit_mode}`).executeTakeFirstOrThrow()
    expect(row).toMatchObject({ phase: 'preview', operator: 'administrator@example.org (tests)', reason: 'a reason', status, refused: true, effects: null })
    expect((await get(own, `/api/runs/${row.id}`)).body).toMatchObject({ id: row.id, status, refused: true, result: { status, gate: key } })
  })

  test('with the gates open already has none to open', async () => {
    await setComposer(true)
    const before = await world(own.db)
    expect((await preview({ open_gates: false })).body).toMatchObject({ status: 'ok', effects: { gates_opened: [] } })
    expect((await preview({ open_gates: true })).body).toMatchObject({ status: 'ok', effects: { gates_opened: [] } })
    expect((await preview({ emit_mode: 'live' })).body.effects.gates_opened).toEqual([{ key: LIVE, was: 'false' }])
    expect(await world(own.db)).toEqual(before)
    await setComposer(false)
  })
})

describe('a run', () => {
  test.each(MODES)('%s commits exactly what was previewed, and puts its gates back on record', async (emit_mode) => {
    const previewed = (await preview({ emit_mode, note: 'for the record' })).body
    const before = await world(own.db)
    const mark = await lastChange()
    const { status, body } = await run(previewed.id)
    const after = await world(own.db)
    expect(status).toBe(200)
    expect(body).toMatchObject({ phase: 'run', preview_id: previewed.id, status: 'ok', refused: false, operator: 'administrator@example.org (tests)', actor: previewed.actor, reason: 'for the record', parameters: previewed.parameters, dry_run: previewed.dry_run })
    expect({ ...body.effects, tables: [] }).toEqual({ ...previewed.effects, tables: [] })
    expect(body.effects.tables).toEqual(previewed.effects.tables)
    // What it says it wrote is what is there.
    const grown = Object.keys(after).filter(table => after[table]!.rows !== before[table]!.rows && table !== 'dot_config_change')
    expect(grown.map(table => [table, after[table]!.rows - before[table]!.rows]))
      .toEqual(body.effects.tables.map((table: { table: string, inserted: number }) => [table.table, table.inserted]))
    expect(after.dot_config).toEqual(before.dot_config)
    expect((await get(own, '/api/gates')).body.gates.filter((gate: { is_open: boolean }) => gate.is_open)).toEqual([])
    const changes = await gateChanges(mark)
    for (const key of GATES[emit_mode]) {
      expect(changes.filter(change => change.key === key)).toMatchObject([
        { old_value: 'false', new_value: 'true', changed_by: 'administrator@example.org (tests)', reason: expect.stringContaining(previewed.actor) },
        { old_value: 'true', new_value: 'false', changed_by: 'administrator@example.org (tests)' },
      ])
    }
    expect(changes).toHaveLength(2 * GATES[emit_mode].length)
    expect((await get(own, `/api/events?event=${previewed.parameters.event_id}`)).body.rows)
      .toMatchObject([{ emit_mode, triggered_by: previewed.actor, digest_matches_template: true, instance_collection_id: body.result.instance_collection_id }])
  })

  test('twice is once: the second is answered with the first one\'s record', async () => {
    const { id } = (await preview()).body
    const first = await run(id)
    const before = await world(own.db)
    const records = await recorded(own.db)
    expect(await run(id)).toMatchObject({ status: 200, body: first.body })
    expect(await world(own.db)).toEqual(before)
    expect(await recorded(own.db)).toBe(records)
  })

  test('twenty at once are one', async () => {
    const { id, parameters } = (await preview({ emit_mode: 'live' })).body
    const records = await recorded(own.db)
    const answers = await Promise.all(Array.from({ length: 20 }, () => run(id)))
    expect(answers.map(answer => answer.status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(new Set(answers.map(answer => answer.body.id)).size).toBe(1)
    expect(await instances(parameters.instance_key_suffix)).toBe(1)
    expect(await recorded(own.db)).toBe(records + 1)
  })

  test('the same request once more, previewed, is a replay of what is there', async () => {
    const request = await orchestration(own.db)
    const first = await run((await post(own, '/api/orchestrations/preview', request)).body.id)
    const again = (await post(own, '/api/orchestrations/preview', request)).body
    expect(again).toMatchObject({ status: 'idempotent_replay', refused: false, effects: { tables: [] }, result: { instance_collection_id: first.body.result.instance_collection_id } })
    const { dot_config_change: _before, ...before } = await world(own.db)
    expect((await run(again.id)).body).toMatchObject({ status: 'idempotent_replay', effects: { tables: [], instance: first.body.effects.instance } })
    const { dot_config_change: _after, ...after } = await world(own.db)
    expect(after).toEqual(before)
  })

  test('different previews of the same request at once: one runs, the others are told', async () => {
    const request = await orchestration(own.db)
    const previews = await Promise.all(Array.from({ length: 6 }, () => post(own, '/api/orchestrations/preview', request)))
    const answers = await Promise.all(previews.map(({ body }) => run(body.id)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409])
    for (const { body } of answers.filter(({ status }) => status === 409)) {
      expect(body.error).toMatchObject({ status: 'preview_outdated', changes: expect.arrayContaining([{ what: 'status', previewed: 'ok', now: 'idempotent_replay' }]) })
    }
    expect(await instances(request.instance_key_suffix)).toBe(1)
  })
})

describe('when the world has moved since the preview', () => {
  /** Expects the run to be refused with that status, on record, and nothing else changed. */
  async function refuses(id: string, code: number, status: string) {
    const before = await world(own.db)
    const records = await recorded(own.db)
    const answer = await run(id)
    expect([answer.status, answer.body.error.status]).toEqual([code, status])
    expect(await world(own.db)).toEqual(before)
    expect(await recorded(own.db)).toBe(records + 1)
    const row = await own.db.selectFrom('dot_iu_command_run').selectAll().where('preview_id', '=', id).executeTakeFirstOrThrow()
    expect(row).toMatchObject({ phase: 'run', refused: true, status, operator: 'administrator@example.org (tests)', effects: null })
    return answer.body.error
  }
  const lastMember = `collection_id = (select id from public.iu_piece_collection where collection_key = 'tpl:wf:onboarding/v2') and piece_order =
    (select max(piece_order) from public.iu_piece_membership where collection_id = (select id from public.iu_piece_collection where collection_key = 'tpl:wf:onboarding/v2'))`

  test('a piece taken out of the template is named', async () => {
    const { id, effects } = (await preview()).body
    const last = effects.instance.pieces.at(-1)
    await withEdit(
      `update public.iu_piece_membership set membership_status = 'removed' where ${lastMember}`,
      `update public.iu_piece_membership set membership_status = 'active' where ${lastMember}`,
      async () => {
        const { changes } = await refuses(id, 409, 'preview_outdated')
        expect(changes).toContainEqual({ what: 'piece 5', previewed: expect.stringContaining(last.title), now: 'none' })
        expect(changes).toContainEqual({ what: 'rows of iu_piece_membership', previewed: '5 inserted, 0 updated, 0 deleted', now: '4 inserted, 0 updated, 0 deleted' })
      })
    // Back as it was, the same preview runs: a refused run has not used it up.
    expect((await run(id)).status).toBe(200)
  })

  test('a role that changed in the template is named', async () => {
    const { id } = (await preview()).body
    await withEdit(
      `update public.iu_piece_membership set role = 'appendix' where ${lastMember}`,
      `update public.iu_piece_membership set role = 'body' where ${lastMember}`,
      async () => {
        const { changes } = await refuses(id, 409, 'preview_outdated')
        expect(changes).toEqual(expect.arrayContaining([{ what: 'piece 5', previewed: expect.stringContaining('body'), now: expect.stringContaining('appendix') }]))
      })
  })

  test('a key that another event has taken is that refusal, naming the suffix', async () => {
    const suffix = `taken-${randomUUID()}`
    const { id } = (await preview({ instance_key_suffix: suffix })).body
    await run((await preview({ instance_key_suffix: suffix })).body.id)
    expect(await refuses(id, 409, 'instance_key_conflict')).toMatchObject({ field: 'instance_key_suffix' })
  })

  test('a gate closed since is that refusal, naming the gate', async () => {
    await setComposer(true)
    const { id } = (await preview({ open_gates: false })).body
    await setComposer(false)
    expect(await refuses(id, 409, 'composer_gate_closed')).toMatchObject({ gate: { key: COMPOSER, is_open: false, changed_by: 'api-test' } })
  })

  test('a gate opened since is named: the run would not open it', async () => {
    const { id } = (await preview()).body
    await setComposer(true)
    expect((await refuses(id, 409, 'preview_outdated')).changes).toEqual([{ what: `gate ${COMPOSER}`, previewed: 'opened, was false', now: 'none' }])
    await setComposer(false)
  })

  test('a template that lost its marker is that refusal', async () => {
    const { id } = (await preview()).body
    const marker = (is: boolean) => `update public.iu_collection_template_registry set is_template = ${is} where collection_id = (select id from public.iu_piece_collection where collection_key = 'tpl:wf:onboarding/v2')`
    await withEdit(marker(false), marker(true), async () => {
      expect(await refuses(id, 409, 'template_not_marked')).toMatchObject({ field: 'template_collection_id' })
    })
  })

  test('a preview older than a quarter of an hour has expired', async () => {
    const { id } = (await preview()).body
    await sql`update public.dot_iu_command_run set started_at = started_at - interval '16 minutes' where id = ${id}`.execute(own.db)
    await refuses(id, 409, 'preview_expired')
  })

  test('a run that is done is still answered with when its preview has expired', async () => {
    const { id } = (await preview()).body
    const done = await run(id)
    await sql`update public.dot_iu_command_run set started_at = started_at - interval '1 day' where id = ${id}`.execute(own.db)
    expect((await run(id)).body).toEqual(done.body)
  })

  test('a preview that was refused cannot be run', async () => {
    await preview({ open_gates: false, actor: 'never-runs' })
    const { id } = await own.db.selectFrom('dot_iu_command_run').select('id').where('actor', '=', 'never-runs').executeTakeFirstOrThrow()
    await refuses(id, 409, 'preview_refused')
  })

  test('a made-up preview, one of another command, and a run instead of a preview are 404', async () => {
    const before = await world(own.db)
    const rollback = (await post(own, '/api/rollbacks/preview', { actor: 'nobody-yet' })).body.id
    const done = (await run((await preview({ template_collection_id: await collection(own.db, 'tpl:wf:onboarding/v1') })).body.id)).body.id
    const between = await world(own.db)
    expect(between).not.toEqual(before)
    for (const id of [randomUUID(), rollback, done]) {
      expect((await run(id))).toMatchObject({ status: 404, body: { error: { status: 'not_found' } } })
    }
    expect(await world(own.db)).toEqual(between)
  })
})

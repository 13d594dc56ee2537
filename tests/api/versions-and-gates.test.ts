import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { ask, collection, get, post, world } from './support'

const own = useConsole()
const COMPOSER = 'iu_core.composer_enabled'
const DRY_RUN_ONLY = 'piece_event_runtime.dry_run_only'

describe('versions', () => {
  const register = async (key: string, over: Record<string, unknown> = {}) => post(own, '/api/versions', {
    collection_id: await collection(own.db, key),
    template_family: 'tpl:file:status-report', version_label: 'v1', version_seq: 1, previous_collection_id: null, actor: 'api-test', ...over,
  })
  const retire = (id: string, over: Record<string, unknown> = {}) => post(own, `/api/versions/${id}/retire`, { actor: 'api-test', reason: 'replaced by hand', ...over })
  const REPORT = 'tpl:file:status-report/v1'

  /** Expects a refusal with that status, on record, and nothing else changed. */
  async function refuses(request: () => Promise<{ status: number, body: { error: Record<string, unknown> } }>, code: number, status: string) {
    const before = await world(own.db)
    const { status: answered, body } = await request()
    expect([answered, body.error.status]).toEqual([code, status])
    expect(await world(own.db)).toEqual(before)
    expect(await own.db.selectFrom('dot_iu_command_run').selectAll().orderBy('started_at', 'desc').executeTakeFirst())
      .toMatchObject({ phase: 'run', refused: true, status, effects: null })
    return body.error
  }

  test('what cannot be registered is refused by the rule that says so', async () => {
    const v1 = await collection(own.db, 'tpl:wf:onboarding/v1')
    const report = await collection(own.db, REPORT)
    await refuses(() => register(REPORT, { collection_id: randomUUID() }), 404, 'collection_not_found')
    await refuses(() => register('wf:incident-review'), 409, 'template_not_marked')
    await refuses(() => register(REPORT, { previous_collection_id: report }), 409, 'self_predecessor_refused')
    await refuses(() => register(REPORT, { previous_collection_id: randomUUID() }), 409, 'previous_not_found')
    const unmarked = await collection(own.db, 'wf:incident-review')
    await refuses(() => register(REPORT, { previous_collection_id: unmarked }), 409, 'previous_not_marked')
    await refuses(() => register(REPORT, { template_family: 'tpl:wf:onboarding', version_seq: 2, previous_collection_id: v1 }), 409, 'family_seq_collision')
  })

  test('a template becomes the root of its family, and the record says who asked', async () => {
    const { status, body } = await register(REPORT)
    expect([status, body.status]).toEqual([200, 'ok'])
    expect(body.result).toMatchObject({ status: 'ok' })
    const { body: family } = await get(own, '/api/families/tpl%3Afile%3Astatus-report')
    expect(family.versions).toMatchObject([{ version_seq: 1, version_status: 'current', registered_by: 'api-test', previous_collection_id: null }])
    expect((await get(own, `/api/runs/${body.run_id}`)).body).toMatchObject({
      phase: 'run', operator: 'administrator@example.org (tests)', actor: 'api-test', status: 'ok', refused: false, parameters: { version_label: 'v1', version_seq: 1 },
      effects: { tables: [{ table: 'iu_collection_template_version', inserted: 1, updated: 0, deleted: 0 }] },
    })
  })

  test('the same once more changes nothing; under another label it is refused in words', async () => {
    const before = await world(own.db)
    expect((await register(REPORT)).status).toBe(200)
    expect(await world(own.db)).toEqual(before)
    expect(await refuses(() => register(REPORT, { version_label: 'other' }), 400, 'invalid_input'))
      .toMatchObject({ field: 'collection_id', message: expect.stringContaining('registered already') })
  })

  test('a version is retired with who and why, and its row stays', async () => {
    const id = await collection(own.db, 'tpl:wf:onboarding/v1')
    expect(await retire(id)).toMatchObject({ status: 200, body: { status: 'ok', run_id: expect.any(String) } })
    const { body } = await get(own, '/api/families/tpl%3Awf%3Aonboarding')
    expect(body.versions[0]).toMatchObject({ version_status: 'retired', retired_by: 'api-test', retire_reason: 'replaced by hand', retired_at: expect.any(String) })
    expect(body.versions).toHaveLength(2)
  })

  test('a collection that is no version is 404', async () => {
    await refuses(() => retire(randomUUID()), 404, 'version_not_found')
    const unmarked = await collection(own.db, 'wf:incident-review')
    await refuses(() => retire(unmarked), 404, 'version_not_found')
  })
})

describe('gates', () => {
  const set = (key: string, body: unknown) => ask(own, 'PUT', `/api/gates/${encodeURIComponent(key)}`, body)
  const gate = async (key: string) => (await get(own, '/api/gates')).body.gates.find((row: { key: string }) => row.key === key)

  test('all are closed in the beginning', async () => {
    const { body } = await get(own, '/api/gates')
    expect(body.gates.length).toBeGreaterThanOrEqual(3)
    expect(body.gates.filter((row: { is_open: boolean }) => row.is_open)).toEqual([])
  })

  test('one is opened and closed, with who, when, why and from what', async () => {
    const opened = await set(COMPOSER, { open: true, actor: 'release-engineer', reason: 'a release' })
    expect(opened).toMatchObject({ status: 200, body: { status: 'ok', gate: { key: COMPOSER, value: 'true', is_open: true, changed_by: 'release-engineer', changed_from: 'false', change_reason: 'a release' } } })
    expect(await gate(COMPOSER)).toEqual(opened.body.gate)
    expect((await get(own, '/api/shell')).body.gates.open).toEqual([COMPOSER])
    expect((await get(own, '/api/gates')).body.changes[0]).toMatchObject({ key: COMPOSER, old_value: 'false', new_value: 'true', changed_by: 'release-engineer', reason: 'a release' })
    expect((await get(own, `/api/runs/${opened.body.run_id}`)).body).toMatchObject({ phase: 'run', operator: 'administrator@example.org (tests)', actor: 'release-engineer', reason: 'a release', parameters: { key: COMPOSER, open: true } })
    const closed = await set(COMPOSER, { open: false, actor: 'release-engineer', reason: 'done' })
    expect(closed.body.gate).toMatchObject({ is_open: false, value: 'false', changed_from: 'true' })
  })

  test('the inverted one is opened by the value false', async () => {
    expect((await gate(DRY_RUN_ONLY))).toMatchObject({ open_value: 'false', value: 'true', is_open: false })
    expect((await set(DRY_RUN_ONLY, { open: true, actor: 'a', reason: 'b' })).body.gate).toMatchObject({ value: 'false', is_open: true })
    expect((await set(DRY_RUN_ONLY, { open: false, actor: 'a', reason: 'b' })).body.gate).toMatchObject({ value: 'true', is_open: false })
  })

  test.each([['unreadable', 'yes please'], ['null', null]])('a gate whose value is %s is closed, and says so', async (_case, value) => {
    await own.db.updateTable('dot_config').set({ value }).where('key', '=', COMPOSER).execute()
    expect(await gate(COMPOSER)).toMatchObject({ value, is_open: false, is_readable: false })
    await own.db.updateTable('dot_config').set({ value: 'false' }).where('key', '=', COMPOSER).execute()
  })

  test('a gate without its row is closed, and opening it for a run leaves it without', async () => {
    await own.db.deleteFrom('dot_config').where('key', '=', COMPOSER).execute()
    expect(await gate(COMPOSER)).toMatchObject({ value: null, is_open: false })
    const body = { event_id: randomUUID(), event_type: 'x', template_collection_id: await collection(own.db, 'tpl:wf:onboarding/v2'), instance_key_suffix: randomUUID(), emit_mode: 'dry_run', actor: 'a', open_gates: true }
    const preview = await post(own, '/api/orchestrations/preview', body)
    expect(preview.body.effects.gates_opened).toEqual([{ key: COMPOSER, was: null }])
    expect((await post(own, '/api/orchestrations', { preview_id: preview.body.id })).status).toBe(200)
    expect(await own.db.selectFrom('dot_config').selectAll().where('key', '=', COMPOSER).execute()).toEqual([])
    expect((await set(COMPOSER, { open: false, actor: 'a', reason: 'b' })).body.gate).toMatchObject({ value: 'false', is_open: false })
  })

  test.each(['no.such.gate', 'iu_core.delivery_live_routes', '', 'x'.repeat(200), '%'])('"%s" is no gate', async (key) => {
    const before = await world(own.db)
    const { status } = await set(key, { open: true, actor: 'a', reason: 'b' })
    expect(status).toBe(404)
    expect(await world(own.db)).toEqual(before)
  })
})

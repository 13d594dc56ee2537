import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { replay } from '../../server/cli/demo'
import { useConsole } from '../helpers/api'
import { ask, get, post, strictly, world } from './support'
import { InvariantComparison, InvariantSnapshotList } from '#shared/schemas/invariant'
import { RetentionOverview } from '#shared/schemas/retention'

const own = useConsole()
const GATE = 'iu_core.retention_cleanup_enabled'
const ACTOR = 'api-retention'

/** Adds outbox events of another domain, that many days old. */
const addEvents = (ages: number[], actor = 'ticker') => sql`
  insert into public.event_outbox (event_domain, event_type, actor, created_at)
  select 'system', 'system.tick', ${actor}, now() - make_interval(days => age) from unnest(${ages}::int[]) age`.execute(own.db)
const events = async () => Number((await own.db.selectFrom('event_outbox').select(eb => eb.fn.countAll().as('n')).executeTakeFirstOrThrow()).n)
const preview = (over: Record<string, unknown> = {}) => post(own, '/api/retention/cleanups/preview', { table_name: 'event_outbox', actor: ACTOR, ...over })
const live = (over: Record<string, unknown> = {}) => preview({ dry_run: false, open_gates: true, ...over })
const run = (preview_id: string, over: Record<string, unknown> = {}) =>
  post(own, '/api/retention/cleanups', { preview_id, confirm_actor: ACTOR, reason: 'a year is enough', ...over })
const lastRun = () => own.db.selectFrom('dot_iu_command_run').selectAll().orderBy('started_at', 'desc').executeTakeFirst()

describe('retention', () => {
  test('the overview is as its schema says', async () => {
    const { status, body } = await get(own, '/api/retention')
    expect(status).toBe(200)
    expect(strictly(RetentionOverview).safeParse(body).error?.issues ?? []).toEqual([])
    expect(body.policies).toContainEqual(expect.objectContaining({ table_name: 'event_outbox', active: true, candidates: 0, fault: null }))
    expect(body.cleanups).toEqual([])
  })

  test('a preview counts and leaves nothing behind, dry and live', async () => {
    await addEvents([400, 500])
    const before = await world(own.db)
    for (const [over, status] of [[{}, 'dry'], [{ dry_run: false, open_gates: true }, 'live']] as const) {
      const { body } = await preview(over)
      expect([status, body.status, body.result.removable_rows]).toEqual([status, 'ok', 2])
    }
    expect(await world(own.db)).toEqual(before)
  })

  test('live with the gate closed is refused by that gate, and nothing changes', async () => {
    const before = await world(own.db)
    const { status, body } = await preview({ dry_run: false })
    expect([status, body.error.status, body.error.gate.key]).toEqual([409, 'retention_gate_closed', GATE])
    expect(await world(own.db)).toEqual(before)
    expect(await lastRun()).toMatchObject({ command_name: 'dot_iu_retention_cleanup', refused: true, status: 'retention_gate_closed' })
  })

  test('a dry run is on record as a check and removes nothing', async () => {
    const { body: { id } } = await preview()
    const before = await events()
    const { status, body } = await post(own, '/api/retention/cleanups', { preview_id: id })
    expect([status, body.command_name, body.dry_run, body.result.removed_rows]).toEqual([200, 'dot_iu_retention_check', true, 0])
    expect(await events()).toBe(before)
  })

  test.each([
    ['no name', { confirm_actor: undefined }, 'confirm_actor'], ['another name', { confirm_actor: 'somebody' }, 'confirm_actor'], ['no reason', { reason: undefined }, 'reason'],
  ])('a live run with %s is refused by that field', async (_, over, field) => {
    const { body: { id } } = await live()
    const before = await world(own.db)
    const { status, body } = await run(id, over)
    expect([status, body.error.field]).toEqual([400, field])
    expect(await world(own.db)).toEqual(before)
  })

  test('other rows in the place of those that were previewed are refused, though there are as many', async () => {
    const { body: { id } } = await live()
    await sql`delete from public.event_outbox where actor = 'ticker' and created_at < now() - interval '450 days'`.execute(own.db)
    await addEvents([600])
    const before = await world(own.db)
    const { status, body } = await run(id)
    expect([status, body.error.status]).toEqual([409, 'preview_outdated'])
    expect(body.error.changes).toContainEqual({ what: 'event_outbox', previewed: expect.stringMatching(/^2 go/), now: expect.stringMatching(/^2 go/) })
    expect(await world(own.db)).toEqual(before)
  })

  test('a live run removes what was previewed, keeps it on record, and puts the gate back; asked twice it runs once', async () => {
    const before = await events()
    const { body: previewed } = await live({ batch: 1 })
    const { status, body } = await run(previewed.id)
    expect(status).toBe(200)
    expect(body).toMatchObject({ phase: 'run', status: 'ok', actor: ACTOR, reason: 'a year is enough', result: { removed_rows: 2 }, effects: { gates_opened: [{ key: GATE, was: 'false' }] } })
    expect((await run(previewed.id)).body.id).toBe(body.id)
    expect(await events()).toBe(before - 2)
    const { body: overview } = await get(own, '/api/retention')
    expect(overview.cleanups).toMatchObject([{ table_name: 'event_outbox', rows: 2, batches: 2, removed_by: ACTOR, cleanup_id: body.result.cleanup_id }])
    expect(overview.policies.find((row: { table_name: string }) => row.table_name === 'event_outbox')).toMatchObject({ candidates: 0, last_cleanup_by: ACTOR, last_cleanup_rows: 2 })
    expect((await get(own, '/api/gates')).body.gates.find((gate: { key: string }) => gate.key === GATE)).toMatchObject({ is_open: false })
  })

  test('of one actor leaves the others', async () => {
    await addEvents([400], 'one')
    await addEvents([400], 'two')
    const { body } = await run((await live({ prune_actor: 'one' })).body.id)
    expect(body.result).toMatchObject({ removed_rows: 1, prune_actor: 'one' })
    expect((await preview()).body.result.removable_rows).toBe(1)
  })

  test('a made-up preview is 404', async () => expect((await run(randomUUID())).status).toBe(404))

  test.each([
    [{ batch: 0 }, 'batch'], [{ batch: 1.5 }, 'batch'], [{ actor: ' ' }, 'actor'], [{ prune_actor: 'a\nb' }, 'prune_actor'], [{ dry_run: 'no' }, 'dry_run'], [{ extra: 1 }, 'extra'],
  ])('%j is no cleanup', async (over, field) => {
    const { status, body } = await preview(over)
    expect([status, body.error.field]).toEqual([400, field])
  })
})

describe('a retention policy', () => {
  const policy = { age_column: 'created_at', keep_days: 30, actor_column: 'actor', active: false, note: 'a month', actor: ACTOR, reason: 'for a test' }
  const set = (table: string, over: Record<string, unknown> = {}) => ask(own, 'PUT', `/api/retention/policies/${encodeURIComponent(table)}`, { ...policy, ...over })

  test('is set, with who and why on record', async () => {
    expect((await set('iu_lifecycle_log')).body).toMatchObject({ status: 'ok', changed: true })
    expect((await get(own, '/api/retention')).body.policies).toContainEqual(expect.objectContaining({ table_name: 'iu_lifecycle_log', keep_for: '30 days', set_by: ACTOR, active: false }))
    expect(await lastRun()).toMatchObject({ command_name: 'dot_iu_retention_policy_set', status: 'ok', reason: 'for a test', actor: ACTOR })
    expect((await set('iu_lifecycle_log')).body).toMatchObject({ changed: false })
  })

  test.each([
    ['no_such_table', {}, 'policy_table_not_found', 'no_such_table'], ['event_outbox', { age_column: 'born_at' }, 'policy_column_not_found', 'born_at'],
    ['information_unit', {}, 'policy_table_protected', 'information_unit'], ['event_outbox', { age_column: 'actor' }, 'policy_column_unsuitable', 'event_outbox.actor'],
  ])('on %s %j is refused, naming what is wrong, and nothing changes', async (table, over, status, named) => {
    const before = await world(own.db)
    const answer = await set(table, over)
    expect([answer.status, answer.body.error.status]).toEqual([409, status])
    expect(answer.body.error.message).toContain(named)
    expect(await world(own.db)).toEqual(before)
  })

  test.each([[{ keep_days: 0 }, 'keep_days'], [{ keep_days: 36_501 }, 'keep_days'], [{ reason: '' }, 'reason'], [{ age_column: '' }, 'age_column']])('%j is no policy', async (over, field) => {
    const { status, body } = await set('event_outbox', over)
    expect([status, body.error.field]).toEqual([400, field])
  })
})

describe('invariants', () => {
  const compare = (query: Record<string, string>) => get(own, `/api/invariants/compare?${new URLSearchParams(query)}`)
  const DOCUMENTED = {
    'information_unit': 1, 'iu_piece_collection': 14, 'iu_piece_membership': 75, 'iu_collection_template_instance_lineage': 13,
    'iu_auto_instantiate_event_log': 13, 'iu_collection_template_registry': 1, 'iu_collection_template_version': 2, 'event_outbox iu': 89,
  }

  test('the operation is green against what it documents and red against anything else', async () => {
    expect((await post(own, '/api/invariants', { name: 'before 25000x', actor: ACTOR })).body).toMatchObject({ status: 'ok', name: 'before 25000x' })
    expect(await lastRun()).toMatchObject({ command_name: 'dot_iu_invariant_snapshot', status: 'ok' })
    await replay(own.db)
    const { status, body } = await compare({ from: 'before 25000x', expected: JSON.stringify(DOCUMENTED) })
    expect([status, body.verdict, body.unexpected]).toEqual([200, 'green', 0])
    expect(strictly(InvariantComparison).safeParse(body).error?.issues ?? []).toEqual([])
    const wrong = await compare({ from: 'before 25000x', expected: JSON.stringify({ ...DOCUMENTED, iu_piece_membership: 74 }) })
    expect([wrong.body.verdict, wrong.body.unexpected]).toEqual(['red', 1])
    const { body: list } = await get(own, '/api/invariants')
    expect(strictly(InvariantSnapshotList).safeParse(list).error?.issues ?? []).toEqual([])
    expect(list.snapshots).toMatchObject([{ name: 'before 25000x', taken_by: ACTOR }])
  })

  test('a name that is taken is refused', async () => {
    const before = await world(own.db)
    const { status, body } = await post(own, '/api/invariants', { name: 'before 25000x', actor: ACTOR })
    expect([status, body.error.status, body.error.field]).toEqual([409, 'snapshot_name_taken', 'name'])
    expect(await world(own.db)).toEqual(before)
  })

  test.each([
    [{ from: 'no such one' }, 404, 'snapshot_not_found'], [{ from: 'before 25000x', to: 'nor this' }, 404, 'snapshot_not_found'],
    [{ from: 'before 25000x', expected: '{"infomation_unit":1}' }, 409, 'surface_not_found'], [{ from: 'before 25000x', expected: '{"a":"b"}' }, 400, 'invalid_request'],
    [{ from: 'before 25000x', expected: '{' }, 400, 'invalid_request'], [{ from: '' }, 400, 'invalid_request'], [{}, 400, 'invalid_request'],
    [{ from: 'before 25000x', expected: '{"information_unit":1.5}' }, 400, 'invalid_request'],
  ])('%j is %i %s', async (query, code, status) => {
    const answer = await compare(query as Record<string, string>)
    expect([answer.status, answer.body.error.status]).toEqual([code, status])
  })
})

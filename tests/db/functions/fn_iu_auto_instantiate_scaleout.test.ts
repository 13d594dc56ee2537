import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  ACTOR, COMPOSER_GATE, LIVE_GATE, NO_SUCH_ID, type Outcome, addCollection, addPieces, addTemplate, call, dryRunOf, expectRefusal, oneRow, openGates,
  removePiece, rowsOf, setConfig, unusableTexts,
} from '../fixtures'
import { brokenRows } from '../concurrency/whole'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'
import type { DB } from '../../../server/db/types'

const SCALE_OUT = 'fn_iu_auto_instantiate_scaleout'
const ROLL_BACK = 'fn_iu_auto_instantiate_rollback_by_actor'

interface PlanRow { template_collection_id: string, count: number, suffix_prefix: string, event_type?: string, event_ids?: string[] }

const argumentsOf = (plan: unknown, over: Record<string, unknown> = {}) =>
  ({ p_plan: JSON.stringify(plan), p_emit_mode: 'dry_run', p_actor: ACTOR, p_note: null, ...over })
const scaleOut = (db: Trx, plan: PlanRow[], over: Record<string, unknown> = {}) => call(db, SCALE_OUT, argumentsOf(plan, over))

/** A workflow and a file template that share two pieces, with the gates open. */
async function twoTemplates(db: Trx) {
  await openGates(db, COMPOSER_GATE, LIVE_GATE)
  const pieces = await addPieces(db, 7)
  return {
    pieces,
    workflow: await addTemplate(db, pieces.slice(0, 5), { kind: 'workflow', title: 'A workflow' }),
    file: await addTemplate(db, pieces.slice(3), { kind: 'file', title: 'A file' }),
  }
}

/** Everything that instances consist of, in words that do not depend on ids and times. */
const written = (db: Trx) => oneRow(db, sql<Record<string, string>>`
  with instance as (select * from public.iu_piece_collection where collection_key like 'tpl-inst:auto:%')
  select
    (select string_agg((to_jsonb(i) - '{id,created_at,updated_at}'::text[])::text, E'\n' order by collection_key) from instance i) as collections,
    (select string_agg(i.collection_key || (to_jsonb(m) - '{id,collection_id,created_at}'::text[])::text, E'\n' order by i.collection_key, m.piece_order)
     from instance i join public.iu_piece_membership m on m.collection_id = i.id) as members,
    (select string_agg(i.collection_key || (to_jsonb(l) - '{instance_collection_id,instantiated_at}'::text[])::text, E'\n' order by i.collection_key)
     from instance i join public.iu_collection_template_instance_lineage l on l.instance_collection_id = i.id) as lineage,
    (select string_agg(i.collection_key || (to_jsonb(l) - '{instance_collection_id,created_at}'::text[])::text, E'\n' order by i.collection_key)
     from instance i join public.iu_auto_instantiate_event_log l on l.instance_collection_id = i.id) as log,
    (select string_agg(i.collection_key || e.event_domain || e.event_type || coalesce(e.canonical_address, '-') || e.actor
              || case when e.subject_ref = i.id then 'itself' else e.subject_ref::text end || (e.safe_payload - 'collection_id')::text, E'\n'
              order by i.collection_key, e.event_type, e.safe_payload ->> 'position')
     from instance i join public.event_outbox e on e.subject_ref = i.id or e.safe_payload ->> 'collection_id' = i.id::text) as outbox,
    (select string_agg(manifest_digest, ' ' order by manifest_digest) from public.iu_manifest) as manifests,
    (select count(*)::text from public.event_outbox) as events`)

describe('a mixed plan', () => {
  test('of 30 instances is composed in one call: every digest matches, nothing is orphaned, other systems are left alone', () => withTransaction(async (db) => {
    const { workflow, file } = await twoTemplates(db)
    const others = () => oneRow(db, sql`
      select (select count(*) from public.iu_vector_sync_point) as sync, (select count(*) from public.iu_lifecycle_log) as lifecycle,
             (select count(*) from public.information_unit) as pieces, (select count(*) from public.event_outbox where event_domain <> 'iu') as foreign_events`)
    const before = await others()
    const outcome = await scaleOut(db, [
      { template_collection_id: workflow, count: 18, suffix_prefix: 'wf-' },
      { template_collection_id: file, count: 12, suffix_prefix: 'file-', event_type: 'iu.piece.revised' },
    ], { p_emit_mode: 'live', p_note: 'in bulk' })
    expect(outcome).toMatchObject({
      status: 'ok', emit_mode: 'live', actor: ACTOR, instances: 30, composed: 30, replayed: 0, digest_matching: 30,
      templates: [
        { plan_row: 1, template_collection_id: workflow, instances: 18, composed: 18, replayed: 0, digest_matching: 18, pieces: 90, first_key: 'tpl-inst:auto:wf-001', last_key: 'tpl-inst:auto:wf-018' },
        { plan_row: 2, template_collection_id: file, instances: 12, composed: 12, replayed: 0, digest_matching: 12, pieces: 48, first_key: 'tpl-inst:auto:file-001', last_key: 'tpl-inst:auto:file-012' },
      ],
    })
    const log = await rowsOf(db, sql<{ event_type: string, emit_mode: string, triggered_by: string, digest_matches_template: boolean, n: number }>`
      select event_type, emit_mode, triggered_by, digest_matches_template, count(*)::int as n
      from public.v_iu_auto_instantiate_event_log group by 1, 2, 3, 4 order by 1`)
    expect(log).toEqual([
      { event_type: 'iu.piece.revised', emit_mode: 'live', triggered_by: ACTOR, digest_matches_template: true, n: 12 },
      { event_type: 'iu.template.instance_auto_composed', emit_mode: 'live', triggered_by: ACTOR, digest_matches_template: true, n: 18 },
    ])
    expect(await brokenRows<DB>(db)).toEqual([])
    expect(await others()).toEqual(before)

    const dry = await call(db, ROLL_BACK, { p_actor: ACTOR })
    expect(dry).toMatchObject({ status: 'ok', log_rows: 30, lineage_rows: 30, collection_rows: 30, membership_rows: 138, blocked_rows: 0 })
    expect(await call(db, ROLL_BACK, { p_actor: ACTOR, p_dry_run: false })).toEqual({ ...dry, dry_run: false })
    expect(await oneRow(db, sql`select count(*)::int as n from public.iu_piece_collection where collection_key like 'tpl-inst:auto:%'`)).toEqual({ n: 0 })
    expect(await others()).toEqual(before)
  }))

  test.each(['dry_run', 'live'])('writes in mode %s exactly what the orchestrator writes one by one', mode => withTransaction(async (db) => {
    const { workflow, file, pieces } = await twoTemplates(db)
    await sql`update public.iu_piece_membership set role = 'appendix', piece_order = piece_order * 10
              where collection_id = ${file} and iu_id in (${pieces[3]!}, ${pieces[6]!})`.execute(db)
    await removePiece(db, workflow, pieces[1]!)
    const plan = [{ template_collection_id: workflow, count: 4, suffix_prefix: 'Über ' }, { template_collection_id: file, count: 3, suffix_prefix: 'a' }]
    const items = await rowsOf(db, sql<Record<string, string>>`select * from public.fn_iu_scaleout_items(${JSON.stringify(plan)}::jsonb)`)

    await sql`savepoint start`.execute(db)
    expect(await scaleOut(db, plan, { p_emit_mode: mode, p_note: 'the same' })).toMatchObject({ status: 'ok', composed: 7, digest_matching: 7 })
    const inBulk = await written(db)
    await sql`rollback to savepoint start`.execute(db)
    for (const item of items) {
      const made = await call(db, 'fn_iu_auto_instantiate_from_event', {
        p_event_id: item.event_id, p_event_type: item.event_type, p_template_collection_id: item.template_collection_id,
        p_instance_key_suffix: item.suffix, p_emit_mode: mode, p_actor: ACTOR, p_note: 'the same',
      })
      expect(made).toMatchObject({ status: 'ok', digest_matches_template: true })
    }
    expect(items).toHaveLength(7)
    expect(inBulk).toEqual(await written(db))
    expect(Object.values(inBulk).every(text => text !== null && text !== '')).toBe(true)
  }))

  test('counts the rows it writes as the orchestrator does: one event for each instance, one for each piece', () => withTransaction(async (db) => {
    const { workflow } = await twoTemplates(db)
    const before = await oneRow(db, sql<{ n: number }>`select count(*)::int as n from public.event_outbox`)
    await scaleOut(db, [{ template_collection_id: workflow, count: 20, suffix_prefix: 'x-' }])
    expect((await oneRow(db, sql<{ n: number }>`select count(*)::int as n from public.event_outbox`)).n).toBe(before.n + 20 * 6)
  }))

  test('of 1,000 instances is one call', () => withTransaction(async (db) => {
    const { workflow, file } = await twoTemplates(db)
    const plan = [{ template_collection_id: workflow, count: 600, suffix_prefix: 'w' }, { template_collection_id: file, count: 400, suffix_prefix: 'f' }]
    expect(await scaleOut(db, plan)).toMatchObject({ status: 'ok', composed: 1000, digest_matching: 1000 })
    expect(await brokenRows<DB>(db)).toEqual([])
    expect(await scaleOut(db, plan)).toMatchObject({ status: 'idempotent_replay', composed: 0, replayed: 1000, digest_matching: 1000 })
  }))

  test('of more than one step is told how far it is, and the numbers grow past three digits', () => withTransaction(async (db) => {
    const { workflow } = await twoTemplates(db)
    const outcome = await scaleOut(db, [{ template_collection_id: workflow, count: 1_001, suffix_prefix: 'n-' }])
    expect(outcome).toMatchObject({ status: 'ok', composed: 1_001, templates: [{ first_key: 'tpl-inst:auto:n-001', last_key: 'tpl-inst:auto:n-1001' }] })
    expect(await oneRow(db, sql`select current_setting('application_name') as name`)).toEqual({ name: 'iu scale-out 1000/1001' })
  }))
})

describe('the same plan again', () => {
  const counts = (db: Trx) => oneRow(db, sql`select (select count(*) from public.iu_piece_collection) as collections, (select count(*) from public.event_outbox) as events`)

  test('is a replay of all and writes nothing', () => withTransaction(async (db) => {
    const { workflow, file } = await twoTemplates(db)
    const plan = [{ template_collection_id: workflow, count: 3, suffix_prefix: 'a' }, { template_collection_id: file, count: 2, suffix_prefix: 'b' }]
    await scaleOut(db, plan)
    const before = await counts(db)
    expect(await scaleOut(db, plan)).toMatchObject({ status: 'idempotent_replay', instances: 5, composed: 0, replayed: 5 })
    expect(await counts(db)).toEqual(before)
  }))

  test('grown, composes only what is new', () => withTransaction(async (db) => {
    const { workflow } = await twoTemplates(db)
    await scaleOut(db, [{ template_collection_id: workflow, count: 3, suffix_prefix: 'a' }])
    expect(await scaleOut(db, [{ template_collection_id: workflow, count: 5, suffix_prefix: 'a' }]))
      .toMatchObject({ status: 'ok', instances: 5, composed: 2, replayed: 3 })
  }))

  test('is a replay even when the template could not be composed any more', () => withTransaction(async (db) => {
    const { workflow, pieces } = await twoTemplates(db)
    const plan = [{ template_collection_id: workflow, count: 2, suffix_prefix: 'a' }]
    await scaleOut(db, plan)
    await sql`update public.information_unit set lifecycle_status = 'retired' where id = ${pieces[0]!}`.execute(db)
    expect(await scaleOut(db, plan)).toMatchObject({ status: 'idempotent_replay', replayed: 2 })
  }))

  test('is for the events that it names', () => withTransaction(async (db) => {
    const { workflow } = await twoTemplates(db)
    const events = [randomUUID(), randomUUID().toUpperCase()]
    await scaleOut(db, [{ template_collection_id: workflow, count: 2, suffix_prefix: 'e', event_ids: events }])
    const rows = await rowsOf(db, sql<{ event_id: string }>`
      select event_id from public.v_iu_auto_instantiate_event_log order by instance_key`)
    expect(rows.map(row => row.event_id)).toEqual(events.map(id => id.toLowerCase()))
  }))
})

describe('a refusal in the middle leaves nothing and names the suffix', () => {
  const plan = (workflow: string, file: string) => [
    { template_collection_id: workflow, count: 20, suffix_prefix: 'a-' }, { template_collection_id: file, count: 20, suffix_prefix: 'b-' }]

  test('a key that another event took', () => withTransaction(async (db) => {
    const { workflow, file } = await twoTemplates(db)
    await call(db, 'fn_iu_auto_instantiate_from_event', { ...dryRunOf(workflow), p_instance_key_suffix: 'b-007' })
    await expectRefusal(db, SCALE_OUT, argumentsOf(plan(workflow, file)), {
      status: 'instance_key_conflict', field: 'p_plan', suffix: 'b-007', instance_key: 'tpl-inst:auto:b-007', template_collection_id: file })
  }))

  test('a piece that is not active', () => withTransaction(async (db) => {
    const { workflow, file, pieces } = await twoTemplates(db)
    await sql`update public.information_unit set lifecycle_status = 'superseded' where id = ${pieces[6]!}`.execute(db)
    await expectRefusal(db, SCALE_OUT, argumentsOf(plan(workflow, file)), {
      status: 'piece_not_active', field: 'p_plan', suffix: 'b-001', template_collection_id: file, iu_ids: [pieces[6]] })
  }))

  test('a template without pieces', () => withTransaction(async (db) => {
    const { workflow } = await twoTemplates(db)
    const empty = await addTemplate(db, [])
    await expectRefusal(db, SCALE_OUT, argumentsOf(plan(workflow, empty)), { status: 'invalid_input', field: 'p_plan', suffix: 'b-001', template_collection_id: empty })
  }))

  test.each([
    ['a title that is too long', sql`title = repeat('x', 401)`],
    ['a blank title', sql`title = ''`],
    ['a kind that is too long', sql`collection_kind = repeat('x', 65)`],
  ])('a template with %s is refused as the orchestrator refuses it', (_case, change) => withTransaction(async (db) => {
    const { workflow, file } = await twoTemplates(db)
    await sql`update public.iu_piece_collection set ${change} where id = ${file}`.execute(db)
    const alone = await call(db, 'fn_iu_auto_instantiate_from_event', dryRunOf(file))
    expect(alone.status).toBe('invalid_input')
    await expectRefusal(db, SCALE_OUT, argumentsOf(plan(workflow, file)), { status: 'invalid_input', suffix: 'b-001' })
  }))

  test('an unknown template, and a collection that is none', () => withTransaction(async (db) => {
    const { workflow } = await twoTemplates(db)
    const unmarked = await addCollection(db)
    await expectRefusal(db, SCALE_OUT, argumentsOf(plan(workflow, NO_SUCH_ID)), {
      status: 'template_collection_not_found', field: 'p_plan', suffix: 'b-001', template_collection_id: NO_SUCH_ID })
    await expectRefusal(db, SCALE_OUT, argumentsOf(plan(workflow, unmarked)), {
      status: 'template_not_marked', field: 'p_plan', suffix: 'b-001', template_collection_id: unmarked })
  }))
})

describe('gates', () => {
  test('live needs both, a dry run the composer\'s', () => withTransaction(async (db) => {
    const { workflow } = await twoTemplates(db)
    const plan = [{ template_collection_id: workflow, count: 2, suffix_prefix: 'g' }]
    await setConfig(db, LIVE_GATE, 'false')
    await expectRefusal(db, SCALE_OUT, argumentsOf(plan, { p_emit_mode: 'live' }), { status: 'live_gate_closed', gate: LIVE_GATE })
    await setConfig(db, COMPOSER_GATE, null)
    await expectRefusal(db, SCALE_OUT, argumentsOf(plan), { status: 'composer_gate_closed', gate: COMPOSER_GATE })
    await setConfig(db, COMPOSER_GATE, 'true')
    expect(await scaleOut(db, plan)).toMatchObject({ status: 'ok', composed: 2 })
  }))
})

describe('invalid input', () => {
  const good = { template_collection_id: NO_SUCH_ID, count: 2, suffix_prefix: 'p-' }
  const refuses = (args: Record<string, unknown>, refusal: Partial<Outcome>) =>
    withTransaction(db => expectRefusal(db, SCALE_OUT, args, { status: 'invalid_input', ...refusal }))

  test.each([
    ['no array', { a: 1 }, {}], ['an empty array', [], {}], ['null', null, {}], ['a row that is no object', [good, 7], { plan_row: 2 }],
    ['no template', [{ count: 1, suffix_prefix: 'p' }], { plan_row: 1, part: 'template_collection_id' }],
    ['a malformed template', [{ ...good, template_collection_id: 'x' }], { part: 'template_collection_id' }],
    ['no count', [{ template_collection_id: NO_SUCH_ID, suffix_prefix: 'p' }], { part: 'count' }],
    ['a count of 0', [{ ...good, count: 0 }], { part: 'count' }], ['a negative count', [{ ...good, count: -1 }], { part: 'count' }],
    ['half an instance', [{ ...good, count: 1.5 }], { part: 'count' }], ['a count as text', [{ ...good, count: '2' }], { part: 'count' }],
    ['a count beyond all bounds', [{ ...good, count: 1e30 }], { part: 'count' }],
    ['a blank prefix', [{ ...good, suffix_prefix: '  ' }], { part: 'suffix_prefix' }],
    ['a prefix that is no text', [{ ...good, suffix_prefix: 5 }], { part: 'suffix_prefix' }],
    ['a prefix that leaves no room for the number', [{ ...good, suffix_prefix: 'x'.repeat(198) }], { part: 'suffix_prefix' }],
    ['a blank event type', [{ ...good, event_type: ' ' }], { part: 'event_type' }], ['an event type that is none', [{ ...good, event_type: 5 }], { part: 'event_type' }],
    ['events that are no list', [{ ...good, event_ids: 'x' }], { part: 'event_ids' }],
    ['too few events', [{ ...good, event_ids: [NO_SUCH_ID] }], { part: 'event_ids' }],
    ['a malformed event', [{ ...good, event_ids: [NO_SUCH_ID, 'x'] }], { part: 'event_ids' }],
    ['a null event', [{ ...good, event_ids: [NO_SUCH_ID, null] }], { part: 'event_ids' }],
    ['a misspelt field', [{ ...good, events: [] }], { part: 'events' }],
    ['more than 10,000 instances', [good, { ...good, count: 9_999 }], { reason: 'too_many_instances' }],
    ['a suffix twice', [good, { ...good, count: 5 }], { reason: 'duplicate_suffix', suffix: 'p-001' }],
  ])('a plan with %s', (_case, plan, refusal) => refuses(argumentsOf(plan), { field: 'p_plan', ...refusal }))

  test('no plan at all', () => refuses({ ...argumentsOf([good]), p_plan: null }, { field: 'p_plan' }))
  test('a prefix that fills the suffix to the last character is fine', () => withTransaction(async (db) => {
    const { workflow } = await twoTemplates(db)
    expect(await scaleOut(db, [{ template_collection_id: workflow, count: 1, suffix_prefix: 'x'.repeat(197) }])).toMatchObject({ status: 'ok' })
  }))
  test.each(unusableTexts(128))('an actor that is %s', (_case, actor) => refuses(argumentsOf([good], { p_actor: actor }), { field: 'p_actor' }))
  test.each(unusableTexts(2000).filter(([, note]) => note !== null))('a note that is %s', (_case, note) => refuses(argumentsOf([good], { p_note: note }), { field: 'p_note' }))
  test('no mode', () => refuses(argumentsOf([good], { p_emit_mode: null }), { field: 'p_emit_mode' }))
  test('a mode that does not exist', () => refuses(argumentsOf([good], { p_emit_mode: 'shadow' }), { status: 'invalid_emit_mode', field: 'p_emit_mode' }))
})

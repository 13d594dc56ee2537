import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../../server/cli/database'
import { replay } from '../../../server/cli/demo'
import type { Db } from '../../../server/db/client'
import { seededDatabase } from '../../helpers/db'
import { SURFACES, TEMPLATES, countOf, templateTable } from './figures'
import { fingerprint } from './fingerprint'

/** Tables that the operation has no business with. */
const UNTOUCHED = ['iu_lifecycle_log', 'iu_vector_sync_point', 'dot_config', 'iu_gate', 'event_type_registry', 'route_registry', 'dot_iu_command_run', 'iu_three_axis_envelope', 'iu_three_axis_envelope_refresh_log', 'iu_three_axis_envelope_trigger_error_log', 'iu_three_axis_envelope_request']

const replayed = (work: (db: Db) => Promise<void>) => seededDatabase(async ({ db }) => {
  await replay(db)
  await work(db)
})

describe('the 25000x operation', () => {
  test('takes every surface from its figure before to its figure after', () => seededDatabase(async ({ db }) => {
    const count = () => Promise.all(SURFACES.map(surface => countOf(db, surface)))
    expect(await count()).toEqual(SURFACES.map(surface => surface.before))
    await replay(db)
    expect(await count()).toEqual(SURFACES.map(surface => surface.after))
  }))

  test('reports the same figures itself', () => seededDatabase(async ({ db }) => {
    const { before, after } = await replay(db)
    const figures = (counts: { rows: number }[]) => counts.map(({ rows }) => rows)
    expect(before.map(({ surface }) => surface)).toEqual(after.map(({ surface }) => surface))
    expect(figures(before)).toEqual([174, 10, 43, 4, 0, 0, 3, 2, 125, 14, 146, 152, 27, 23, 36, 0])
    expect(figures(after)).toEqual([175, 24, 118, 17, 13, 13, 4, 4, 214, 14, 146, 152, 27, 23, 36, 0])
  }))

  test('leaves what it has no business with as it was, to the byte', () => seededDatabase(async ({ db }) => {
    const others = () => sql`select e.* from public.event_outbox e where e.event_domain <> 'iu' order by e.id`.execute(db)
    const [tables, outbox] = [await fingerprint(db), await others()]
    await replay(db)
    const now = await fingerprint(db)
    for (const table of UNTOUCHED) expect({ [table]: now[table] }).toEqual({ [table]: tables[table] })
    expect((await others()).rows).toEqual(outbox.rows)
  }))

  test('gives the report\'s table of templates', () => replayed(async (db) => {
    expect(await templateTable(db)).toEqual(TEMPLATES)
  }))

  test('leaves both families with a chain of two; version 2 of the report shares five pieces and adds one', () => replayed(async (db) => {
    const { rows } = await sql`
      select collection_key, version_seq, version_status, family_chain_length, digest_drift_from_previous as drift,
             active_piece_count as pieces, pieces_shared as shared, pieces_added as added, pieces_dropped as dropped
      from public.v_iu_template_version_chain order by collection_key`.execute(db)
    const root = { version_seq: 1, version_status: 'superseded', family_chain_length: 2, drift: null, shared: null, added: null, dropped: null }
    const second = { version_seq: 2, version_status: 'current', family_chain_length: 2, drift: true }
    expect(rows).toEqual([
      { collection_key: 'tpl:file:status-report/v1', ...root, pieces: 5 },
      { collection_key: 'tpl:file:status-report/v2', ...second, pieces: 6, shared: 5, added: 1, dropped: 0 },
      { collection_key: 'tpl:wf:onboarding/v1', ...root, pieces: 4 },
      { collection_key: 'tpl:wf:onboarding/v2', ...second, pieces: 5, shared: 3, added: 2, dropped: 1 },
    ])
  }))

  test('logs thirteen live instances under two actors, each with its event', () => replayed(async (db) => {
    const { rows } = await sql`
      select substring(instance_key from '^tpl-inst:auto:(.*)$') as suffix, template_key, event_id, event_type, triggered_by,
             emit_mode, digest_matches_template, idempotency_key
      from public.v_iu_auto_instantiate_event_log order by instance_key`.execute(db)
    const { rows: ids } = await sql<{ key: string, id: string }>`
      select collection_key as key, id from public.iu_piece_collection`.execute(db)
    const idOf = Object.fromEntries(ids.map(({ key, id }) => [key, id]))
    const numbered = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1).padStart(3, '0'))

    const expected = [
      ...numbered(4).map(n => ({ suffix: `25000x-bulk-file-${n}`, template: 'tpl:file:status-report/v2', event: `25000b10-0000-4000-8000-000000000${n}`, actor: 'iu-core-25000x-bulk' })),
      ...numbered(8).map(n => ({ suffix: `25000x-bulk-wf-${n}`, template: 'tpl:wf:onboarding/v2', event: `25000b00-0000-4000-8000-000000000${n}`, actor: 'iu-core-25000x-bulk' })),
      { suffix: '25000x-durable-001', template: 'tpl:wf:onboarding/v2', event: '25000d25-0000-4000-8000-000000000001', actor: 'iu-core-25000x-durable' },
    ]
    const { rows: keys } = await sql<{ key: string }>`
      select md5(given.key) as key
      from unnest(${expected.map(({ suffix, template, event }) => `${event}:${idOf[template]}:${suffix}`)}::text[]) with ordinality as given (key, place)
      order by given.place`.execute(db)
    expect(rows).toEqual(expected.map(({ suffix, template, event, actor }, index) => ({
      suffix, template_key: template, event_id: event, event_type: 'iu.template.instance_auto_composed', triggered_by: actor,
      emit_mode: 'live', digest_matches_template: true, idempotency_key: keys[index]!.key,
    })))
  }))

  test('adds 89 events to the outbox: one for each of 14 collections, one for each of 75 members', () => replayed(async (db) => {
    const { rows } = await sql`
      select event_type, count(*)::int as events from public.event_outbox
      where actor like 'iu-core-25000x%' group by event_type order by event_type`.execute(db)
    expect(rows).toEqual([
      { event_type: 'iu.collection.composed', events: 14 },
      { event_type: 'iu.collection.piece_attached', events: 75 },
    ])
  }))

  test('opens three gates and puts them back, on record', () => replayed(async (db) => {
    const { rows } = await sql`
      select key, old_value, new_value, changed_by from public.dot_config_change
      where changed_by = 'iu-core-25000x' order by id`.execute(db)
    const keys = ['iu_core.auto_instantiate_enabled', 'iu_core.composer_enabled', 'iu_core.piece_writes_enabled']
    expect(rows).toEqual([
      ...keys.map(key => ({ key, old_value: 'false', new_value: 'true', changed_by: 'iu-core-25000x' })),
      ...keys.map(key => ({ key, old_value: 'true', new_value: 'false', changed_by: 'iu-core-25000x' })),
    ])
  }))
})

describe('a second time', () => {
  test('it is refused and changes nothing', () => replayed(async (db) => {
    const before = await fingerprint(db)
    await expect(replay(db)).rejects.toThrow('The operation was replayed already')
    expect(await fingerprint(db)).toEqual(before)
  }))

  test('at the same time: one is refused, and the figures are those of one', () => seededDatabase(async ({ db, url }) => {
    const other = openDatabase(url)
    try {
      const outcomes = await Promise.allSettled([replay(db), replay(other)])
      expect(outcomes.map(outcome => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
      expect(outcomes.find(outcome => outcome.status === 'rejected')!.reason.message).toContain('replayed already')
    }
    finally {
      await other.destroy()
    }
    expect(await Promise.all(SURFACES.map(surface => countOf(db, surface)))).toEqual(SURFACES.map(surface => surface.after))
  }))
})

test('both actors roll back to the state before their instances: dry first, then live', () => replayed(async (db) => {
  const rollBack = async (actor: string, dry: boolean) => {
    const { rows: [answer] } = await sql<{ outcome: Record<string, unknown> }>`
      select public.fn_iu_auto_instantiate_rollback_by_actor(${actor}, ${dry}) as outcome`.execute(db)
    return answer!.outcome
  }
  const bulk = { status: 'ok', log_rows: 12, lineage_rows: 12, collection_rows: 12, membership_rows: 64, blocked_rows: 0 }
  const durable = { status: 'ok', log_rows: 1, lineage_rows: 1, collection_rows: 1, membership_rows: 5, blocked_rows: 0 }
  for (const dry of [true, false]) {
    expect(await rollBack('iu-core-25000x-bulk', dry)).toMatchObject({ ...bulk, dry_run: dry })
    expect(await rollBack('iu-core-25000x-durable', dry)).toMatchObject({ ...durable, dry_run: dry })
  }
  expect(await templateTable(db)).toEqual(TEMPLATES.map(template => template.key === 'tpl:wf:onboarding/v2'
    ? { ...template, instances: 3, matching: 3 }
    : template.key === 'tpl:file:status-report/v2' ? { ...template, instances: 0, matching: 0 } : template))
  expect(await countOf(db, { surface: 'iu_piece_collection' })).toBe(11)
  expect(await countOf(db, { surface: 'iu_piece_membership' })).toBe(49)
}))

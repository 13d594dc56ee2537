import { describe, expect, test } from 'vitest'
import { compareWithPreview } from '../../server/db/preview-comparison'
import type { CommandRun, Effects, RollbackInstance } from '#shared/schemas/run'

const DIGEST = 'a'.repeat(64)
const ID = '25000d25-0000-4000-8000-000000000001'

const piece = (position: number, title: string, role = 'body') => ({ position, title, role, iu_id: ID, canonical_address: `wf/${title}` })
const composed = (over: Partial<NonNullable<Effects['instance']>> = {}): Effects => ({
  tables: [{ table: 'iu_piece_membership', inserted: 2, updated: 0, deleted: 0 }],
  gates_opened: [{ key: 'composer', was: 'false' }],
  instance: {
    kind: 'instance', instance_key: 'tpl-inst:auto:a', template_key: 'tpl:a', template_title: 'A', manifest_digest: DIGEST,
    digest_matches_template: true, pieces: [piece(1, 'one'), piece(2, 'two')], ...over,
  },
  rollback: null,
})
const goes: RollbackInstance = {
  instance_collection_id: ID, instance_key: 'tpl-inst:auto:a', template_key: 'tpl:a', template_title: 'A', event_id: ID, event_type: 'x',
  emit_mode: 'live', created_at: '2026-05-25T04:40:33Z', instance_digest: DIGEST, membership_rows: 5, drift_state: 'in_sync', edits: [], blocked_reason: null,
}
const rolledBack = (...instances: RollbackInstance[]): Effects => ({
  tables: [], gates_opened: [], instance: null,
  rollback: { log_rows: 0, lineage_rows: 0, collection_rows: 0, membership_rows: 0, blocked_rows: 0, instances },
})

const compare = (previewed: Effects, now: Effects, status = 'ok') =>
  compareWithPreview({ status: 'ok', effects: previewed } as CommandRun, { outcome: { status }, effects: now })

describe('what has moved between preview and run', () => {
  test('nothing, when only ids and digests of rows that are about to exist differ', () => {
    expect(compare(composed(), composed())).toEqual([])
    expect(compare(composed(), composed({ manifest_digest: 'b'.repeat(64), pieces: [piece(1, 'one'), { ...piece(2, 'two'), iu_id: ID.replace('1', '2') }] }))).toEqual([])
    expect(compare(rolledBack(goes), rolledBack({ ...goes, created_at: 'later' }))).toEqual([])
  })

  test('the events that a delivery step takes', () => {
    const step = (event: string, outcome = 'delivered') => ({
      status: 'ok', deliveries: [{ event_id: ID.replace('1', event), event_type: 'x', route_key: 'a', target: 'log', attempt: 1, outcome, next_attempt_at: null }],
    })
    const moved = (previewed: object, now: { status: string }) =>
      compareWithPreview({ status: 'ok', result: previewed, effects: null } as CommandRun, { outcome: now, effects: rolledBack() })
    expect(moved(step('1'), step('1'))).toEqual([])
    expect(moved(step('1'), step('1', 'failed'))).toEqual([{ what: `event ${ID} along a`, previewed: 'attempt 1, delivered', now: 'attempt 1, failed' }])
    expect(moved(step('1'), step('2'))).toEqual([
      { what: `event ${ID} along a`, previewed: 'attempt 1, delivered', now: 'none' },
      { what: `event ${ID.replace('1', '2')} along a`, previewed: 'none', now: 'attempt 1, delivered' },
    ])
  })

  test('the status', () => {
    expect(compare(composed(), composed(), 'idempotent_replay')).toEqual([{ what: 'status', previewed: 'ok', now: 'idempotent_replay' }])
  })

  test('rows of a table, more, fewer or none', () => {
    const more = { ...composed(), tables: [{ table: 'iu_piece_membership', inserted: 3, updated: 0, deleted: 1 }] }
    expect(compare(composed(), more)).toEqual([{ what: 'rows of iu_piece_membership', previewed: '2 inserted, 0 updated, 0 deleted', now: '3 inserted, 0 updated, 1 deleted' }])
    expect(compare(composed(), { ...composed(), tables: [] })).toEqual([{ what: 'rows of iu_piece_membership', previewed: '2 inserted, 0 updated, 0 deleted', now: 'none' }])
  })

  test('a gate that need not be opened any more, or had another value', () => {
    expect(compare(composed(), { ...composed(), gates_opened: [] })).toEqual([{ what: 'gate composer', previewed: 'opened, was false', now: 'none' }])
    expect(compare(composed(), { ...composed(), gates_opened: [{ key: 'composer', was: null }] })).toEqual([{ what: 'gate composer', previewed: 'opened, was false', now: 'opened, was missing' }])
  })

  test.each([
    ['taken out', [piece(1, 'one')], { what: 'piece 2', previewed: 'two (wf/two, body)', now: 'none' }],
    ['put in', [piece(1, 'one'), piece(2, 'two'), piece(3, 'three')], { what: 'piece 3', previewed: 'none', now: 'three (wf/three, body)' }],
    ['replaced', [piece(1, 'one'), piece(2, 'other')], { what: 'piece 2', previewed: 'two (wf/two, body)', now: 'other (wf/other, body)' }],
    ['with another role', [piece(1, 'one'), piece(2, 'two', 'appendix')], { what: 'piece 2', previewed: 'two (wf/two, body)', now: 'two (wf/two, appendix)' }],
  ])('a piece %s', (_case, pieces, change) => {
    expect(compare(composed(), composed({ pieces }))).toEqual([change])
  })

  test('two pieces that changed places are both told', () => {
    expect(compare(composed(), composed({ pieces: [piece(1, 'two'), piece(2, 'one')] })).map(({ what }) => what)).toEqual(['piece 1', 'piece 2'])
  })

  test.each([
    ['gone', [], 'none'], ['blocked', [{ ...goes, blocked_reason: 'has_instances' }], 'stays: has_instances'],
    ['edited', [{ ...goes, instance_digest: 'b'.repeat(64), drift_state: 'instance_edited' as const }], 'digest bbbbbbbb, instance_edited'],
    ['of fewer pieces', [{ ...goes, membership_rows: 4 }], '4 pieces'],
    ['whose template moved', [{ ...goes, drift_state: 'template_moved' as const }], 'template_moved'],
  ])('an instance that is %s', (_case, now, told) => {
    expect(compare(rolledBack(goes), rolledBack(...now))).toEqual([{ what: 'tpl-inst:auto:a', previewed: 'goes, 5 pieces, digest aaaaaaaa, in_sync', now: expect.stringContaining(told) }])
  })

  test('another instance', () => {
    expect(compare(rolledBack(goes), rolledBack(goes, { ...goes, instance_key: 'tpl-inst:auto:b' }))).toEqual([{ what: 'tpl-inst:auto:b', previewed: 'none', now: expect.stringMatching(/^goes/) }])
  })

  test('everything, against a preview that has no effects', () => {
    const changes = compareWithPreview({ status: 'composer_gate_closed', effects: null } as CommandRun, { outcome: { status: 'ok' }, effects: composed() })
    expect(changes.map(({ what }) => what)).toEqual(['status', 'rows of iu_piece_membership', 'gate composer', 'instance', 'piece 1', 'piece 2'])
  })
})

import { createHash, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  ACTOR, COMPOSER_GATE, LIVE_GATE, NO_SUCH_ID, addCollection, addPieces, addTemplate, attach, call, contents, digestOf, dryRunOf,
  expectRefusal, oneRow, openGates, rowsOf, setConfig, unusableTexts,
} from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const ORCHESTRATE = 'fn_iu_auto_instantiate_from_event'

interface Made {
  status: string
  instance_collection_id: string
  idempotency_key: string
}

const orchestrate = (db: Trx, request: Record<string, unknown>) => call<Made>(db, ORCHESTRATE, request)

/** Runs work with a template of five pieces and the composer gate open. */
const withTemplate = (work: (db: Trx, templateId: string) => Promise<unknown>) => withTransaction(async (db) => {
  await openGates(db, COMPOSER_GATE)
  await work(db, await addTemplate(db))
})

describe('an instance made by an event', () => {
  test('is a collection of its own with the pieces of the template, under the key of the suffix', () => withTemplate(async (db, template) => {
    const request = dryRunOf(template)
    const made = await orchestrate(db, request)
    expect(made).toMatchObject({
      status: 'ok', instance_key: `tpl-inst:auto:${request.p_instance_key_suffix}`, pieces_attached: 5, digest_matches_template: true,
    })
    expect(made.instance_collection_id).not.toBe(template)
    expect(await digestOf(db, made.instance_collection_id)).toBe(await digestOf(db, template))
    expect(await oneRow(db, sql`
      select collection_key, collection_kind, title, created_by from public.iu_piece_collection where id = ${made.instance_collection_id}`))
      .toEqual({ collection_key: `tpl-inst:auto:${request.p_instance_key_suffix}`, collection_kind: 'workflow', title: 'A collection', created_by: ACTOR })
  }))

  test('has the idempotency key md5(event:template:suffix)', () => withTemplate(async (db, template) => {
    const request = dryRunOf(template)
    const { idempotency_key } = await orchestrate(db, request)
    const expected = createHash('md5').update(`${request.p_event_id}:${template}:${request.p_instance_key_suffix}`).digest('hex')
    expect(idempotency_key).toBe(expected)
  }))

  test.each(['dry_run', 'live'])('is logged with mode %s, its event and its actor, and has a lineage row with the note', mode => withTemplate(async (db, template) => {
    await openGates(db, LIVE_GATE)
    const request = { ...dryRunOf(template), p_emit_mode: mode, p_note: 'on trial' }
    const { instance_collection_id, idempotency_key } = await orchestrate(db, request)
    expect(await oneRow(db, sql`
      select instance_collection_id, template_collection_id, event_id, event_type, idempotency_key, emit_mode, triggered_by
      from public.iu_auto_instantiate_event_log`)).toEqual({
      instance_collection_id, template_collection_id: template, event_id: request.p_event_id, event_type: request.p_event_type,
      idempotency_key, emit_mode: mode, triggered_by: ACTOR,
    })
    expect(await oneRow(db, sql`
      select template_collection_id, base_manifest_digest, instantiated_by, note
      from public.iu_collection_template_instance_lineage where instance_collection_id = ${instance_collection_id}`)).toEqual({
      template_collection_id: template, base_manifest_digest: await digestOf(db, template), instantiated_by: ACTOR, note: 'on trial',
    })
  }))

  test('follows the gaps, roles and removed pieces of a template edited by hand', () => withTemplate(async (db, template) => {
    await sql`update public.iu_piece_membership set piece_order = piece_order * 100, role = 'part ' || piece_order where collection_id = ${template}`.execute(db)
    await sql`update public.iu_piece_membership set membership_status = 'removed' where collection_id = ${template} and role = 'part 3'`.execute(db)
    const made = await orchestrate(db, dryRunOf(template))
    expect(made).toMatchObject({ status: 'ok', pieces_attached: 4, digest_matches_template: true })
    expect(await rowsOf(db, sql`
      select role, position from public.v_iu_collection_piece where collection_id = ${made.instance_collection_id} order by position`))
      .toEqual([1, 2, 4, 5].map((part, index) => ({ role: `part ${part}`, position: index + 1 })))
  }))

  test('adds one iu event for the collection and one for each piece, none of its own', () => withTemplate(async (db, template) => {
    await orchestrate(db, dryRunOf(template))
    expect(await rowsOf(db, sql`
      select event_domain, event_type, count(*) from public.event_outbox group by event_domain, event_type order by event_type`)).toEqual([
      { event_domain: 'iu', event_type: 'iu.collection.composed', count: 1 },
      { event_domain: 'iu', event_type: 'iu.collection.piece_attached', count: 5 },
    ])
  }))

  test('takes values of exactly the greatest length', () => withTemplate(async (db, template) => {
    expect(await orchestrate(db, {
      ...dryRunOf(template), p_event_type: 'e'.repeat(200), p_instance_key_suffix: 's'.repeat(200), p_actor: 'a'.repeat(128), p_note: 'n'.repeat(2000),
    })).toMatchObject({ status: 'ok' })
  }))

  test('needs only the composer gate for a dry run, both for live', () => withTemplate(async (db, template) => {
    await setConfig(db, LIVE_GATE, 'false')
    expect(await orchestrate(db, dryRunOf(template))).toMatchObject({ status: 'ok' })
    await openGates(db, LIVE_GATE)
    expect(await orchestrate(db, { ...dryRunOf(template), p_emit_mode: 'live' })).toMatchObject({ status: 'ok' })
  }))
})

describe('the same event, template and suffix again', () => {
  test('answer with the first instance and change nothing, whatever type, mode, actor and note', () => withTemplate(async (db, template) => {
    await openGates(db, LIVE_GATE)
    const request = dryRunOf(template)
    const first = await orchestrate(db, request)
    const before = await contents(db)
    const again = await orchestrate(db, { ...request, p_event_type: 'another', p_emit_mode: 'live', p_actor: 'another', p_note: 'again' })
    expect(again).toEqual({ ...first, status: 'idempotent_replay' })
    expect(await contents(db)).toEqual(before)
  }))

  test('say how the first instance stands now', () => withTemplate(async (db, template) => {
    const request = dryRunOf(template)
    const { instance_collection_id } = await orchestrate(db, request)
    await attach(db, instance_collection_id, await addPieces(db, 2))
    expect(await orchestrate(db, request)).toMatchObject({ status: 'idempotent_replay', pieces_attached: 7, digest_matches_template: false })
  }))

  test('still need the gate and the mark of the template', () => withTemplate(async (db, template) => {
    const request = dryRunOf(template)
    await orchestrate(db, request)
    await sql`update public.iu_collection_template_registry set is_template = false where collection_id = ${template}`.execute(db)
    await expectRefusal(db, ORCHESTRATE, request, { status: 'template_not_marked' })
    await setConfig(db, COMPOSER_GATE, 'false')
    await expectRefusal(db, ORCHESTRATE, request, { status: 'composer_gate_closed' })
  }))

  test('make a new instance after the first was rolled back', () => withTemplate(async (db, template) => {
    const request = dryRunOf(template)
    const first = await orchestrate(db, request)
    await call(db, 'fn_iu_auto_instantiate_rollback_by_actor', { p_actor: ACTOR, p_dry_run: false })
    const second = await orchestrate(db, request)
    expect(second).toMatchObject({ status: 'ok', idempotency_key: first.idempotency_key })
    expect(second.instance_collection_id).not.toBe(first.instance_collection_id)
  }))
})

describe('the orchestrator refuses', () => {
  test.each(['p_event_id', 'p_template_collection_id', 'p_emit_mode'])('%s that is NULL', field => withTemplate(async (db, template) => {
    await expectRefusal(db, ORCHESTRATE, { ...dryRunOf(template), [field]: null }, { status: 'invalid_input', field })
  }))

  const texts = ([['p_event_type', 200], ['p_instance_key_suffix', 200], ['p_actor', 128], ['p_note', 2000]] as const)
    .flatMap(([field, longest]) => unusableTexts(longest).map(([what, value]) => [field, what, value] as const))
    // A note may be left out.
    .filter(([field, , value]) => field !== 'p_note' || value !== null)
  test.each(texts)('%s that is %s', (field, _, value) => withTemplate(async (db, template) => {
    await expectRefusal(db, ORCHESTRATE, { ...dryRunOf(template), [field]: value }, { status: 'invalid_input', field })
  }))

  test.each(['shadow', 'LIVE', 'live ', ''])('mode "%s"', mode => withTemplate(async (db, template) => {
    await expectRefusal(db, ORCHESTRATE, { ...dryRunOf(template), p_emit_mode: mode }, { status: 'invalid_emit_mode', field: 'p_emit_mode' })
  }))

  test('live with only the composer gate open', () => withTemplate(async (db, template) => {
    await expectRefusal(db, ORCHESTRATE, { ...dryRunOf(template), p_emit_mode: 'live' }, { status: 'live_gate_closed', gate: LIVE_GATE })
  }))

  test.each(['dry_run', 'live'])('mode %s with only the auto-instantiate gate open', mode => withTemplate(async (db, template) => {
    await openGates(db, LIVE_GATE)
    await setConfig(db, COMPOSER_GATE, 'false')
    await expectRefusal(db, ORCHESTRATE, { ...dryRunOf(template), p_emit_mode: mode }, { status: 'composer_gate_closed', gate: COMPOSER_GATE })
  }))

  test('a template that does not exist', () => withTemplate(async (db) => {
    await expectRefusal(db, ORCHESTRATE, dryRunOf(NO_SUCH_ID), { status: 'template_collection_not_found', field: 'p_template_collection_id' })
  }))

  test('a collection that is no template', () => withTemplate(async (db) => {
    await expectRefusal(db, ORCHESTRATE, dryRunOf(await addCollection(db)), { status: 'template_not_marked', field: 'p_template_collection_id' })
  }))

  test.each([
    ['another event', () => ({ p_event_id: randomUUID() })],
    ['another template', async (db: Trx) => ({ p_template_collection_id: await addTemplate(db) })],
  ])('a suffix whose key %s took, and names the instance', (_, other) => withTemplate(async (db, template) => {
    const request = dryRunOf(template)
    const { instance_collection_id } = await orchestrate(db, request)
    await expectRefusal(db, ORCHESTRATE, { ...request, ...await other(db) }, {
      status: 'instance_key_conflict', field: 'p_instance_key_suffix',
      instance_key: `tpl-inst:auto:${request.p_instance_key_suffix}`, instance_collection_id,
    })
  }))

  test('a suffix whose key a collection made by hand has', () => withTemplate(async (db, template) => {
    const taken = await addCollection(db, [], { key: 'tpl-inst:auto:by-hand' })
    await expectRefusal(db, ORCHESTRATE, { ...dryRunOf(template), p_instance_key_suffix: 'by-hand' },
      { status: 'instance_key_conflict', instance_collection_id: taken })
  }))

  test('a template without pieces', () => withTemplate(async (db) => {
    await expectRefusal(db, ORCHESTRATE, dryRunOf(await addTemplate(db, [])), { status: 'invalid_input', field: 'p_template_collection_id' })
  }))

  test('a template with a retired piece, and names the piece', () => withTemplate(async (db, template) => {
    const { iu_id } = await oneRow(db, sql<{ iu_id: string }>`
      update public.information_unit set lifecycle_status = 'retired'
      where id = (select iu_id from public.iu_piece_membership where collection_id = ${template} and piece_order = 3) returning id as iu_id`)
    await expectRefusal(db, ORCHESTRATE, dryRunOf(template), { status: 'piece_not_active', field: 'p_template_collection_id', iu_ids: [iu_id] })
  }))

  test('with the first of several reasons', () => withTransaction(async (db) => {
    const [template, unmarked] = [await addTemplate(db), await addCollection(db)]
    await addCollection(db, [], { key: 'tpl-inst:auto:taken' })
    const wrong = { ...dryRunOf(NO_SUCH_ID), p_emit_mode: 'live', p_instance_key_suffix: 'taken' }
    await expectRefusal(db, ORCHESTRATE, { ...wrong, p_emit_mode: 'shadow', p_event_id: null }, { status: 'invalid_input' })
    await expectRefusal(db, ORCHESTRATE, { ...wrong, p_emit_mode: 'shadow' }, { status: 'invalid_emit_mode' })
    await expectRefusal(db, ORCHESTRATE, wrong, { status: 'live_gate_closed' })
    await openGates(db, LIVE_GATE)
    await expectRefusal(db, ORCHESTRATE, wrong, { status: 'composer_gate_closed' })
    await openGates(db, COMPOSER_GATE)
    await expectRefusal(db, ORCHESTRATE, wrong, { status: 'template_collection_not_found' })
    await expectRefusal(db, ORCHESTRATE, { ...wrong, p_template_collection_id: unmarked }, { status: 'template_not_marked' })
    await expectRefusal(db, ORCHESTRATE, { ...wrong, p_template_collection_id: template }, { status: 'instance_key_conflict' })
    expect(await orchestrate(db, { ...wrong, p_template_collection_id: template, p_instance_key_suffix: 'free' })).toMatchObject({ status: 'ok' })
  }))
})

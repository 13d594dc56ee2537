/** The twelve probes of the auto-instantiate runbook, each in a transaction that is rolled back. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { COMPOSER_GATE, LIVE_GATE, NO_SUCH_ID, addCollection, addTemplate, call, dryRunOf, expectRefusal, openGates, rowsOf } from '../fixtures'
import { withTransaction } from '../../helpers/db'

const ORCHESTRATE = 'fn_iu_auto_instantiate_from_event'
const PROBE_ACTOR = 'probe-auto-instantiate'
const probe = (templateId: string) => ({ ...dryRunOf(templateId), p_actor: PROBE_ACTOR })

describe('the probes of the auto-instantiate runbook', () => {
  test('C1: an event that is NULL is invalid input', () => withTransaction(async (db) => {
    await expectRefusal(db, ORCHESTRATE, { ...probe(await addTemplate(db)), p_event_id: null }, { status: 'invalid_input', field: 'p_event_id' })
  }))

  test('C2: mode "shadow" does not exist', () => withTransaction(async (db) => {
    await expectRefusal(db, ORCHESTRATE, { ...probe(await addTemplate(db)), p_emit_mode: 'shadow' }, { status: 'invalid_emit_mode' })
  }))

  test('C3: live is refused while the auto-instantiate gate is closed', () => withTransaction(async (db) => {
    await openGates(db, COMPOSER_GATE)
    await expectRefusal(db, ORCHESTRATE, { ...probe(await addTemplate(db)), p_emit_mode: 'live' }, { status: 'live_gate_closed', gate: LIVE_GATE })
  }))

  test('C4: a dry run is refused while the composer gate is closed', () => withTransaction(async (db) => {
    await openGates(db, LIVE_GATE)
    await expectRefusal(db, ORCHESTRATE, probe(await addTemplate(db)), { status: 'composer_gate_closed', gate: COMPOSER_GATE })
  }))

  test('C5: a collection that is no template is refused', () => withTransaction(async (db) => {
    await openGates(db, COMPOSER_GATE)
    await expectRefusal(db, ORCHESTRATE, probe(await addCollection(db)), { status: 'template_not_marked' })
  }))

  test('C6: a template that does not exist is refused', () => withTransaction(async (db) => {
    await openGates(db, COMPOSER_GATE)
    await expectRefusal(db, ORCHESTRATE, probe(NO_SUCH_ID), { status: 'template_collection_not_found' })
  }))

  test('C7: a dry run composes five pieces with the digest of the template', () => withTransaction(async (db) => {
    const templateId = await addTemplate(db)
    await openGates(db, COMPOSER_GATE)
    expect(await call(db, ORCHESTRATE, probe(templateId))).toMatchObject({ status: 'ok', pieces_attached: 5, digest_matches_template: true })
  }))

  test('C8: the same event, template and suffix again answer with the first instance', () => withTransaction(async (db) => {
    const request = probe(await addTemplate(db))
    await openGates(db, COMPOSER_GATE)
    const first = await call(db, ORCHESTRATE, request)
    expect(first.status).toBe('ok')
    expect(await call(db, ORCHESTRATE, request)).toEqual({ ...first, status: 'idempotent_replay' })
  }))

  test('C9: live composes with both gates opened in the transaction', () => withTransaction(async (db) => {
    const templateId = await addTemplate(db)
    await openGates(db, COMPOSER_GATE, LIVE_GATE)
    expect(await call(db, ORCHESTRATE, { ...probe(templateId), p_emit_mode: 'live' })).toMatchObject({ status: 'ok', digest_matches_template: true })
  }))

  test('C10: a rollback dry run counts one log, one lineage and one collection row', () => withTransaction(async (db) => {
    const templateId = await addTemplate(db)
    await openGates(db, COMPOSER_GATE)
    await call(db, ORCHESTRATE, probe(templateId))
    expect(await call(db, 'fn_iu_auto_instantiate_rollback_by_actor', { p_actor: PROBE_ACTOR }))
      .toMatchObject({ status: 'ok', dry_run: true, log_rows: 1, lineage_rows: 1, collection_rows: 1 })
  }))

  test('C11: no probe leaves a log row', async () => {
    const actor = `probe-${randomUUID()}`
    const logged = (db: Parameters<typeof call>[0]) => rowsOf(db, sql`
      select from public.iu_auto_instantiate_event_log where triggered_by in (${PROBE_ACTOR}, ${actor})`)
    await withTransaction(async (db) => {
      const templateId = await addTemplate(db)
      await openGates(db, COMPOSER_GATE)
      await call(db, ORCHESTRATE, { ...probe(templateId), p_actor: actor })
      expect(await logged(db)).toHaveLength(1)
    })
    await withTransaction(async db => expect(await logged(db)).toEqual([]))
  })

  test('C12: all gates are closed', () => withTransaction(async (db) => {
    const gates = await rowsOf(db, sql<{ key: string, is_open: boolean }>`select key, is_open from public.v_iu_gate`)
    expect(gates.map(gate => gate.key)).toEqual(expect.arrayContaining([COMPOSER_GATE, LIVE_GATE]))
    expect(gates.filter(gate => gate.is_open)).toEqual([])
  }))
})

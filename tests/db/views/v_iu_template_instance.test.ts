import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  ACTOR, addCollection, addPieces, addTemplate, attach, call, digestOf, dryRunOf, instantiate, oneRow, putPieceBack, registerVersion, removePiece,
} from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const driftOf = async (db: Trx, instance: string) => (await oneRow(db, sql<{ drift_state: string }>`
  select drift_state from public.v_iu_template_instance where instance_collection_id = ${instance}`)).drift_state

/** Runs work with a template of three pieces and an instance of it. */
const withInstance = (work: (db: Trx, made: { template: string, instance: string, piece: string }) => Promise<unknown>) => withTransaction(async (db) => {
  const pieces = await addPieces(db, 3)
  const template = await addTemplate(db, pieces)
  await work(db, { template, instance: await instantiate(db, template), piece: pieces[1]! })
})

describe('the drift of an instance', () => {
  test('is in_sync when it was just made', () => withInstance(async (db, { instance }) => {
    expect(await driftOf(db, instance)).toBe('in_sync')
  }))

  test('is instance_edited while the instance differs, and in_sync again once it is put back', () => withInstance(async (db, { instance, piece }) => {
    await removePiece(db, instance, piece)
    expect(await driftOf(db, instance)).toBe('instance_edited')
    await putPieceBack(db, instance, piece)
    expect(await driftOf(db, instance)).toBe('in_sync')
  }))

  test('is template_moved while the template differs, and in_sync again once it is put back', () => withInstance(async (db, { template, instance, piece }) => {
    await removePiece(db, template, piece)
    expect(await driftOf(db, instance)).toBe('template_moved')
    await putPieceBack(db, template, piece)
    expect(await driftOf(db, instance)).toBe('in_sync')
  }))

  test('is both_changed when each went its own way', () => withInstance(async (db, { template, instance, piece }) => {
    await removePiece(db, instance, piece)
    await attach(db, template, await addPieces(db, 1))
    expect(await driftOf(db, instance)).toBe('both_changed')
    await putPieceBack(db, instance, piece)
    expect(await driftOf(db, instance)).toBe('template_moved')
  }))

  test('is in_sync when both were edited to the same', () => withInstance(async (db, { template, instance, piece }) => {
    await removePiece(db, instance, piece)
    await removePiece(db, template, piece)
    expect(await driftOf(db, instance)).toBe('in_sync')
  }))

  test('of an instance recorded by hand counts from the template as it was then', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const instance = await addCollection(db)
    await call(db, 'fn_iu_collection_record_template_instance', { p_instance: instance, p_template: template, p_actor: ACTOR, p_note: null })
    expect(await driftOf(db, instance)).toBe('instance_edited')
  }))
})

test('an instance is shown with its template, its version, the three digests and its event', () => withInstance(async (db, { template, instance, piece }) => {
  await registerVersion(db, template, 'tpl:test:family', 1)
  const base = await digestOf(db, template)
  await removePiece(db, instance, piece)
  const row = await oneRow(db, sql`select * from public.v_iu_template_instance where instance_collection_id = ${instance}`)
  expect(row).toMatchObject({
    template_collection_id: template, template_family: 'tpl:test:family', version_label: 'v1', instantiated_by: ACTOR, triggered_by: ACTOR,
    base_digest: base, template_digest: base, instance_digest: await digestOf(db, instance), digest_matches_template: false, emit_mode: 'dry_run',
  })
}))

test('an instance recorded by hand has no event', () => withTransaction(async (db) => {
  const [template, instance] = [await addTemplate(db), await addCollection(db)]
  await call(db, 'fn_iu_collection_record_template_instance', { p_instance: instance, p_template: template, p_actor: ACTOR, p_note: 'by hand' })
  expect(await oneRow(db, sql`select note, event_id, event_type, emit_mode, idempotency_key, triggered_by, event_logged_at from public.v_iu_template_instance`))
    .toEqual({ note: 'by hand', event_id: null, event_type: null, emit_mode: null, idempotency_key: null, triggered_by: null, event_logged_at: null })
}))

test('a refused orchestration shows no instance', () => withTransaction(async (db) => {
  const refused = await call(db, 'fn_iu_auto_instantiate_from_event', dryRunOf(await addTemplate(db)))
  expect(refused.status).toBe('composer_gate_closed')
  expect((await sql`select from public.v_iu_template_instance`.execute(db)).rows).toEqual([])
}))

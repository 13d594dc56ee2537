import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { addPieces, addTemplate, call, digestOf, dryRunOf, instantiate, oneRow, openGates, COMPOSER_GATE, removePiece, rowsOf } from '../fixtures'
import { withTransaction } from '../../helpers/db'

test('a log row is shown with keys and titles of template and instance, and both digests', () => withTransaction(async (db) => {
  const template = await addTemplate(db, undefined, { key: 'tpl:test/v1', title: 'Onboarding' })
  await openGates(db, COMPOSER_GATE)
  const request = { ...dryRunOf(template), p_instance_key_suffix: 'one' }
  const made = await call<{ instance_collection_id: string, idempotency_key: string }>(db, 'fn_iu_auto_instantiate_from_event', request)
  const digest = await digestOf(db, template)
  const { created_at, ...row } = await oneRow(db, sql<{ created_at: string }>`select * from public.v_iu_auto_instantiate_event_log`)
  expect(row).toEqual({
    instance_collection_id: made.instance_collection_id, instance_key: 'tpl-inst:auto:one', instance_title: 'Onboarding',
    template_collection_id: template, template_key: 'tpl:test/v1', template_title: 'Onboarding',
    event_id: request.p_event_id, event_type: request.p_event_type, idempotency_key: made.idempotency_key,
    emit_mode: 'dry_run', triggered_by: request.p_actor,
    instance_digest: digest, template_digest: digest, digest_matches_template: true,
  })
  expect(Math.abs(Date.now() - Date.parse(created_at))).toBeLessThan(60_000)
}))

test('after a hand edit the digests tell the two apart', () => withTransaction(async (db) => {
  const pieces = await addPieces(db, 3)
  const template = await addTemplate(db, pieces)
  const instance = await instantiate(db, template)
  await removePiece(db, instance, pieces[0]!)
  expect(await oneRow(db, sql`select instance_digest, template_digest, digest_matches_template from public.v_iu_auto_instantiate_event_log`))
    .toEqual({ instance_digest: await digestOf(db, instance), template_digest: await digestOf(db, template), digest_matches_template: false })
}))

test('deleting a lineage row by hand takes its log row along, the collection stays', () => withTransaction(async (db) => {
  const instance = await instantiate(db, await addTemplate(db))
  await sql`delete from public.iu_collection_template_instance_lineage where instance_collection_id = ${instance}`.execute(db)
  expect(await rowsOf(db, sql`select from public.v_iu_auto_instantiate_event_log`)).toEqual([])
  expect(await rowsOf(db, sql`select from public.iu_piece_collection where id = ${instance}`)).toHaveLength(1)
}))

import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, addCollection, addTemplate, call, contents, expectRefusal, instantiate, oneRow, registerVersion, rowsOf, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const RETIRE = 'fn_iu_collection_retire_by_actor'
const retire = (db: Trx, over: Record<string, unknown> = {}) => call(db, RETIRE, { p_actor: ACTOR, p_dry_run: false, p_reason: 'out of use', ...over })

const statusOf = async (db: Trx, id: string) => (await oneRow(db, sql<{ status: string }>`
  select collection_status as status from public.v_iu_collection where collection_id = ${id}`)).status
const retired = (db: Trx) => rowsOf(db, sql<{ collection_id: string, retire_reason: string | null, retired_at: string | null }>`
  select collection_id, retire_reason, retired_at from public.v_iu_retired_collection order by collection_key`)

/** An instance recorded by hand, without an event. */
async function byHand(db: Trx, template: string, actor = ACTOR) {
  const id = await addCollection(db)
  expect((await call(db, 'fn_iu_collection_record_template_instance', { p_instance: id, p_template: template, p_actor: actor, p_note: null })).status).toBe('ok')
  return id
}

describe('a live run', () => {
  test('retires what the actor made by event and by hand, keeps every row, and leaves the others', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const [byEvent, hand, foreign] = [await instantiate(db, template), await byHand(db, template), await instantiate(db, template, { p_actor: 'another' })]
    const before = await contents(db)
    const outcome = await retire(db)
    expect(outcome).toMatchObject({ status: 'ok', dry_run: false, actor: ACTOR, retired_rows: 2, already_retired_rows: 0, blocked_rows: 0 })
    expect(new Set((outcome.instances as { instance_collection_id: string }[]).map(row => row.instance_collection_id))).toEqual(new Set([byEvent, hand]))
    expect(await Promise.all([byEvent, hand, foreign, template].map(id => statusOf(db, id)))).toEqual(['retired', 'retired', 'active', 'active'])
    expect(await retired(db)).toMatchObject([{ retire_reason: 'out of use', retired_at: expect.any(String) }, { retire_reason: 'out of use' }])
    const { iu_piece_collection: changed, ...same } = await contents(db)
    const { iu_piece_collection: was, ...others } = before
    expect(same).toEqual(others)
    expect(changed!.split(' ')[0]).toBe(was!.split(' ')[0])
  }))

  test('reaches an instance whose lineage names one actor and whose log another', () => withTransaction(async (db) => {
    const id = await instantiate(db, await addTemplate(db))
    await sql`update public.iu_collection_template_instance_lineage set instantiated_by = 'by-lineage'`.execute(db)
    expect(await retire(db, { p_dry_run: true })).toMatchObject({ retired_rows: 1 })
    expect(await retire(db, { p_actor: 'by-lineage' })).toMatchObject({ retired_rows: 1 })
    expect(await statusOf(db, id)).toBe('retired')
  }))

  test('again changes nothing, not even when and why', () => withTransaction(async (db) => {
    await instantiate(db, await addTemplate(db))
    await retire(db)
    const before = await contents(db)
    expect(await retire(db, { p_reason: 'once more' })).toMatchObject({ status: 'ok', retired_rows: 0, already_retired_rows: 1, blocked_rows: 0, instances: [{ was: 'retired', blocked_reason: null }] })
    expect(await contents(db)).toEqual(before)
  }))

  test.each([
    ['marked_as_template', (db: Trx, id: string) => call(db, 'fn_iu_collection_mark_template', { p_collection_id: id, p_actor: ACTOR })],
    ['in_version_chain', async (db: Trx, id: string) => {
      await call(db, 'fn_iu_collection_mark_template', { p_collection_id: id, p_actor: ACTOR })
      await registerVersion(db, id, 'a-family', 1)
      await sql`update public.iu_collection_template_registry set is_template = false where collection_id = ${id}`.execute(db)
    }],
  ])('leaves one that is a template itself, and says so: %s', (reason, make) => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const [kept, gone] = [await instantiate(db, template), await instantiate(db, template)]
    await make(db, kept)
    const outcome = await retire(db)
    expect(outcome).toMatchObject({ retired_rows: 1, blocked_rows: 1 })
    expect(outcome.instances).toContainEqual(expect.objectContaining({ instance_collection_id: kept, blocked_reason: reason, was: 'active' }))
    expect([await statusOf(db, kept), await statusOf(db, gone)]).toEqual(['active', 'retired'])
  }))

  test('of an actor without instances is ok and empty', () => withTransaction(async (db) => {
    expect(await retire(db, { p_actor: 'nobody' })).toMatchObject({ status: 'ok', retired_rows: 0, blocked_rows: 0, instances: [] })
  }))

  test('does not stand in the way of a rollback', () => withTransaction(async (db) => {
    await instantiate(db, await addTemplate(db))
    await retire(db)
    expect(await call(db, 'fn_iu_auto_instantiate_rollback_by_actor', { p_actor: ACTOR, p_dry_run: false })).toMatchObject({ collection_rows: 1 })
  }))
})

test('a dry run, the default, counts the same and changes nothing', () => withTransaction(async (db) => {
  await instantiate(db, await addTemplate(db))
  const before = await contents(db)
  const dry = await call(db, RETIRE, { p_actor: ACTOR })
  expect(dry).toMatchObject({ status: 'ok', dry_run: true, retired_rows: 1 })
  expect(await contents(db)).toEqual(before)
  expect(await retire(db)).toEqual({ ...dry, dry_run: false })
}))

describe('invalid input', () => {
  test.each(unusableTexts(128))('an actor that is %s', (_case, actor) => withTransaction(db =>
    expectRefusal(db, RETIRE, { p_actor: actor }, { status: 'invalid_input', field: 'p_actor' })))
  test.each(unusableTexts(2000).filter(([, text]) => text !== null))('a reason that is %s', (_case, reason) => withTransaction(db =>
    expectRefusal(db, RETIRE, { p_actor: ACTOR, p_reason: reason }, { status: 'invalid_input', field: 'p_reason' })))
  test('neither dry nor live', () => withTransaction(db =>
    expectRefusal(db, RETIRE, { p_actor: ACTOR, p_dry_run: null }, { status: 'invalid_input', field: 'p_dry_run' })))
})

import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, NO_SUCH_ID, addCollection, call, contents, expectRefusal, oneRow, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const MARK = 'fn_iu_collection_mark_template'
const registryRow = (db: Trx, id: string) => oneRow(db, sql`
  select is_template, marked_by, note from public.iu_collection_template_registry where collection_id = ${id}`)

describe('marking a collection as a template', () => {
  test('records who marked it and the note', () => withTransaction(async (db) => {
    const id = await addCollection(db)
    expect(await call(db, MARK, { p_collection_id: id, p_actor: ACTOR, p_note: 'for onboarding' })).toEqual({ status: 'ok', collection_id: id, changed: true })
    expect(await registryRow(db, id)).toEqual({ is_template: true, marked_by: ACTOR, note: 'for onboarding' })
  }))

  test('again changes nothing: who marked it first stays on record', () => withTransaction(async (db) => {
    const id = await addCollection(db)
    await call(db, MARK, { p_collection_id: id, p_actor: ACTOR })
    const before = await contents(db)
    expect(await call(db, MARK, { p_collection_id: id, p_actor: 'another', p_note: 'again' })).toEqual({ status: 'ok', collection_id: id, changed: false })
    expect(await contents(db)).toEqual(before)
  }))

  test('whose mark was taken away marks it anew', () => withTransaction(async (db) => {
    const id = await addCollection(db)
    await call(db, MARK, { p_collection_id: id, p_actor: ACTOR })
    await sql`update public.iu_collection_template_registry set is_template = false where collection_id = ${id}`.execute(db)
    expect(await call(db, MARK, { p_collection_id: id, p_actor: 'another', p_note: 'back' })).toEqual({ status: 'ok', collection_id: id, changed: true })
    expect(await registryRow(db, id)).toEqual({ is_template: true, marked_by: 'another', note: 'back' })
  }))
})

describe('marking refuses', () => {
  test('no collection', () => withTransaction(async (db) => {
    await expectRefusal(db, MARK, { p_collection_id: null, p_actor: ACTOR }, { status: 'invalid_input', field: 'p_collection_id' })
  }))

  test.each(unusableTexts(128))('an actor that is %s', (_, actor) => withTransaction(async (db) => {
    await expectRefusal(db, MARK, { p_collection_id: await addCollection(db), p_actor: actor }, { status: 'invalid_input', field: 'p_actor' })
  }))

  test('a note that is too long', () => withTransaction(async (db) => {
    await expectRefusal(db, MARK, { p_collection_id: await addCollection(db), p_actor: ACTOR, p_note: 'n'.repeat(2001) }, { status: 'invalid_input', field: 'p_note' })
  }))

  test('a collection that does not exist, after the input is in order', () => withTransaction(async (db) => {
    await expectRefusal(db, MARK, { p_collection_id: NO_SUCH_ID, p_actor: ' ' }, { status: 'invalid_input', field: 'p_actor' })
    await expectRefusal(db, MARK, { p_collection_id: NO_SUCH_ID, p_actor: ACTOR }, { status: 'collection_not_found', field: 'p_collection_id' })
  }))
})

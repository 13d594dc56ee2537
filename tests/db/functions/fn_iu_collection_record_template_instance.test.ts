import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  ACTOR, NO_SUCH_ID, addCollection, addPieces, addTemplate, attach, call, contents, digestOf, expectRefusal, oneRow, unusableTexts,
} from '../fixtures'
import { withTransaction } from '../../helpers/db'

const RECORD = 'fn_iu_collection_record_template_instance'
const pair = (instance: string | null, template: string | null) => ({ p_instance: instance, p_template: template, p_actor: ACTOR, p_note: 'by hand' })

describe('recording an instance', () => {
  test('notes the template, the actor and the digest the template has now', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const instance = await addCollection(db)
    const base = await digestOf(db, template)
    expect(await call(db, RECORD, pair(instance, template))).toEqual({
      status: 'ok', instance_collection_id: instance, template_collection_id: template, already_recorded: false,
    })
    await attach(db, template, await addPieces(db, 1))
    expect(await oneRow(db, sql`
      select template_collection_id, base_manifest_digest, instantiated_by, note
      from public.iu_collection_template_instance_lineage where instance_collection_id = ${instance}`))
      .toEqual({ template_collection_id: template, base_manifest_digest: base, instantiated_by: ACTOR, note: 'by hand' })
  }))

  test('of the same pair again is ok and changes nothing', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const instance = await addCollection(db)
    await call(db, RECORD, pair(instance, template))
    const before = await contents(db)
    expect(await call(db, RECORD, { ...pair(instance, template), p_actor: 'another', p_note: null }))
      .toMatchObject({ status: 'ok', already_recorded: true })
    expect(await contents(db)).toEqual(before)
  }))
})

describe('recording an instance refuses', () => {
  test('no instance', () => withTransaction(async (db) => {
    await expectRefusal(db, RECORD, pair(null, await addTemplate(db)), { status: 'invalid_input', field: 'p_instance' })
  }))

  test('no template', () => withTransaction(async (db) => {
    await expectRefusal(db, RECORD, pair(await addCollection(db), null), { status: 'invalid_input', field: 'p_template' })
  }))

  test.each(unusableTexts(128))('an actor that is %s', (_, actor) => withTransaction(async (db) => {
    await expectRefusal(db, RECORD, { ...pair(await addCollection(db), await addTemplate(db)), p_actor: actor }, { status: 'invalid_input', field: 'p_actor' })
  }))

  test('a note that is too long', () => withTransaction(async (db) => {
    await expectRefusal(db, RECORD, { ...pair(await addCollection(db), await addTemplate(db)), p_note: 'n'.repeat(2001) }, { status: 'invalid_input', field: 'p_note' })
  }))

  test('an instance that does not exist', () => withTransaction(async (db) => {
    await expectRefusal(db, RECORD, pair(NO_SUCH_ID, await addTemplate(db)), { status: 'collection_not_found', field: 'p_instance' })
  }))

  test('a template that does not exist', () => withTransaction(async (db) => {
    await expectRefusal(db, RECORD, pair(await addCollection(db), NO_SUCH_ID), { status: 'collection_not_found', field: 'p_template' })
  }))

  test('a template that was never marked', () => withTransaction(async (db) => {
    await expectRefusal(db, RECORD, pair(await addCollection(db), await addCollection(db)), { status: 'template_not_marked', field: 'p_template' })
  }))

  test('a template whose mark was taken away', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    await sql`update public.iu_collection_template_registry set is_template = false where collection_id = ${template}`.execute(db)
    await expectRefusal(db, RECORD, pair(await addCollection(db), template), { status: 'template_not_marked', field: 'p_template' })
  }))

  test('a template as its own instance', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    await expectRefusal(db, RECORD, pair(template, template), { status: 'self_instance_refused', field: 'p_instance' })
  }))

  test('an instance that another template has, and names it', () => withTransaction(async (db) => {
    const first = await addTemplate(db)
    const instance = await addCollection(db)
    await call(db, RECORD, pair(instance, first))
    await expectRefusal(db, RECORD, pair(instance, await addTemplate(db)),
      { status: 'lineage_conflict', field: 'p_instance', recorded_template_collection_id: first })
  }))

  test('with the first of several reasons', () => withTransaction(async (db) => {
    const unmarked = await addCollection(db)
    await expectRefusal(db, RECORD, { ...pair(NO_SUCH_ID, NO_SUCH_ID), p_actor: '' }, { status: 'invalid_input', field: 'p_actor' })
    await expectRefusal(db, RECORD, pair(NO_SUCH_ID, NO_SUCH_ID), { status: 'collection_not_found', field: 'p_instance' })
    await expectRefusal(db, RECORD, pair(unmarked, unmarked), { status: 'template_not_marked' })
  }))
})

import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, NO_SUCH_ID, addTemplate, call, contents, expectRefusal, oneRow, registerVersion, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const RETIRE = 'fn_iu_collection_retire_template_version'

async function addVersion(db: Trx) {
  const id = await addTemplate(db)
  await registerVersion(db, id, 'tpl:test:family', 1)
  return id
}

describe('retiring a version', () => {
  test('keeps its row, family and label and records who, when and why', () => withTransaction(async (db) => {
    const id = await addVersion(db)
    expect(await call(db, RETIRE, { p_collection_id: id, p_actor: ACTOR, p_reason: 'outdated' }))
      .toEqual({ status: 'ok', collection_id: id, was: 'current', already_retired: false })
    expect(await oneRow(db, sql`
      select template_family, version_label, version_seq, version_status, retired_by, retire_reason, retired_at = now() as retired_now
      from public.iu_collection_template_version where collection_id = ${id}`)).toEqual({
      template_family: 'tpl:test:family', version_label: 'v1', version_seq: 1, version_status: 'retired',
      retired_by: ACTOR, retire_reason: 'outdated', retired_now: true,
    })
  }))

  test('needs no reason', () => withTransaction(async (db) => {
    expect(await call(db, RETIRE, { p_collection_id: await addVersion(db), p_actor: ACTOR, p_reason: null })).toMatchObject({ status: 'ok' })
  }))

  test('works on a superseded version and says what it was', () => withTransaction(async (db) => {
    const first = await addVersion(db)
    await registerVersion(db, await addTemplate(db), 'tpl:test:family', 2, first)
    expect(await call(db, RETIRE, { p_collection_id: first, p_actor: ACTOR, p_reason: null })).toMatchObject({ status: 'ok', was: 'superseded' })
  }))

  test('again changes nothing: who retired it first stays on record', () => withTransaction(async (db) => {
    const id = await addVersion(db)
    await call(db, RETIRE, { p_collection_id: id, p_actor: ACTOR, p_reason: 'outdated' })
    const before = await contents(db)
    expect(await call(db, RETIRE, { p_collection_id: id, p_actor: 'another', p_reason: 'again' }))
      .toEqual({ status: 'ok', collection_id: id, was: 'retired', already_retired: true })
    expect(await contents(db)).toEqual(before)
  }))
})

describe('retiring a version refuses', () => {
  test('no collection', () => withTransaction(async (db) => {
    await expectRefusal(db, RETIRE, { p_collection_id: null, p_actor: ACTOR, p_reason: null }, { status: 'invalid_input', field: 'p_collection_id' })
  }))

  test.each(unusableTexts(128))('an actor that is %s', (_, actor) => withTransaction(async (db) => {
    await expectRefusal(db, RETIRE, { p_collection_id: await addVersion(db), p_actor: actor, p_reason: null }, { status: 'invalid_input', field: 'p_actor' })
  }))

  test('a reason that is too long', () => withTransaction(async (db) => {
    await expectRefusal(db, RETIRE, { p_collection_id: await addVersion(db), p_actor: ACTOR, p_reason: 'r'.repeat(2001) }, { status: 'invalid_input', field: 'p_reason' })
  }))

  test('a template that is in no chain', () => withTransaction(async (db) => {
    await expectRefusal(db, RETIRE, { p_collection_id: await addTemplate(db), p_actor: ACTOR, p_reason: null }, { status: 'version_not_found', field: 'p_collection_id' })
  }))

  test('a collection that does not exist, after the input is in order', () => withTransaction(async (db) => {
    await expectRefusal(db, RETIRE, { p_collection_id: NO_SUCH_ID, p_actor: ' ', p_reason: null }, { status: 'invalid_input' })
    await expectRefusal(db, RETIRE, { p_collection_id: NO_SUCH_ID, p_actor: ACTOR, p_reason: null }, { status: 'version_not_found' })
  }))
})

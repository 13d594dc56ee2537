import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, NO_SUCH_ID, addCollection, addTemplate, call, contents, expectRefusal, registerVersion, rowsOf, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const REGISTER = 'fn_iu_collection_register_template_version'
const FAMILY = 'tpl:test:family'

const version = (collectionId: string | null, seq = 1, previous: string | null = null) => ({
  p_collection_id: collectionId, p_template_family: FAMILY, p_version_label: `v${seq}`, p_version_seq: seq,
  p_previous_collection_id: previous, p_actor: ACTOR,
})

const chain = (db: Trx) => rowsOf(db, sql<Record<string, unknown>>`
  select collection_id, template_family, version_label, version_seq, version_status, previous_collection_id, registered_by
  from public.iu_collection_template_version order by template_family, version_seq`)

describe('registering a version', () => {
  test('without a predecessor makes the root of a family', () => withTransaction(async (db) => {
    const root = await addTemplate(db)
    expect(await call(db, REGISTER, version(root))).toEqual({
      status: 'ok', collection_id: root, template_family: FAMILY, version_seq: 1, version_status: 'current',
      already_registered: false, superseded_previous: false,
    })
    expect(await chain(db)).toEqual([{
      collection_id: root, template_family: FAMILY, version_label: 'v1', version_seq: 1, version_status: 'current',
      previous_collection_id: null, registered_by: ACTOR,
    }])
  }))

  test('supersedes its predecessor', () => withTransaction(async (db) => {
    const [first, second] = [await addTemplate(db), await addTemplate(db)]
    await registerVersion(db, first, FAMILY, 1)
    expect(await call(db, REGISTER, version(second, 2, first))).toMatchObject({ status: 'ok', version_status: 'current', superseded_previous: true })
    expect(await chain(db)).toMatchObject([
      { collection_id: first, version_status: 'superseded' },
      { collection_id: second, version_status: 'current', previous_collection_id: first },
    ])
  }))

  test('leaves a predecessor retired that was retired', () => withTransaction(async (db) => {
    const [first, second] = [await addTemplate(db), await addTemplate(db)]
    await registerVersion(db, first, FAMILY, 1)
    await call(db, 'fn_iu_collection_retire_template_version', { p_collection_id: first, p_actor: ACTOR, p_reason: 'outdated' })
    expect(await call(db, REGISTER, version(second, 2, first))).toMatchObject({ status: 'ok', superseded_previous: false })
    expect(await chain(db)).toMatchObject([{ version_status: 'retired' }, { version_status: 'current' }])
  }))

  test('after the last one was retired, whichever it names as its predecessor, leaves one current', () => withTransaction(async (db) => {
    const [first, second, third] = [await addTemplate(db), await addTemplate(db), await addTemplate(db)]
    await registerVersion(db, first, FAMILY, 1)
    await registerVersion(db, second, FAMILY, 2, first)
    await call(db, 'fn_iu_collection_retire_template_version', { p_collection_id: second, p_actor: ACTOR, p_reason: 'a mistake' })
    expect(await call(db, REGISTER, version(third, 3, first))).toMatchObject({ status: 'ok', version_status: 'current', superseded_previous: false })
    expect((await chain(db)).map(row => row.version_status)).toEqual(['superseded', 'retired', 'current'])
  }))

  test('takes a predecessor that is marked but in no chain', () => withTransaction(async (db) => {
    const [first, second] = [await addTemplate(db), await addTemplate(db)]
    expect(await call(db, REGISTER, version(second, 2, first))).toMatchObject({ status: 'ok', superseded_previous: false })
  }))

  test('takes values of exactly the greatest length', () => withTransaction(async (db) => {
    expect(await call(db, REGISTER, {
      ...version(await addTemplate(db), 2_147_483_647), p_template_family: 'f'.repeat(200), p_version_label: 'l'.repeat(64), p_actor: 'a'.repeat(128),
    })).toMatchObject({ status: 'ok' })
  }))

  test('the same way again is ok and changes nothing, also after it was superseded', () => withTransaction(async (db) => {
    const [first, second] = [await addTemplate(db), await addTemplate(db)]
    await registerVersion(db, first, FAMILY, 1)
    await registerVersion(db, second, FAMILY, 2, first)
    const before = await contents(db)
    expect(await call(db, REGISTER, version(second, 2, first))).toMatchObject({ status: 'ok', already_registered: true, version_status: 'current' })
    expect(await call(db, REGISTER, { ...version(first), p_actor: 'another' })).toMatchObject({ status: 'ok', already_registered: true, version_status: 'superseded' })
    expect(await contents(db)).toEqual(before)
  }))
})

describe('registering a version refuses', () => {
  test('no collection', () => withTransaction(async (db) => {
    await expectRefusal(db, REGISTER, version(null), { status: 'invalid_input', field: 'p_collection_id' })
  }))

  const texts = ([['p_template_family', 200], ['p_version_label', 64], ['p_actor', 128]] as const)
    .flatMap(([field, longest]) => unusableTexts(longest).map(([what, value]) => [field, what, value] as const))
  test.each(texts)('%s that is %s', (field, _, value) => withTransaction(async (db) => {
    await expectRefusal(db, REGISTER, { ...version(await addTemplate(db)), [field]: value }, { status: 'invalid_input', field })
  }))

  test.each(['.', '..', ' .. '])('the family "%s", which no address leads to', family => withTransaction(async (db) => {
    await expectRefusal(db, REGISTER, { ...version(await addTemplate(db)), p_template_family: family }, { status: 'invalid_input', field: 'p_template_family' })
  }))

  test.each([null, 0, -1])('version_seq %s', seq => withTransaction(async (db) => {
    await expectRefusal(db, REGISTER, { ...version(await addTemplate(db)), p_version_seq: seq }, { status: 'invalid_input', field: 'p_version_seq' })
  }))

  test('a collection as its own predecessor', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    await expectRefusal(db, REGISTER, version(template, 2, template), { status: 'self_predecessor_refused', field: 'p_previous_collection_id' })
  }))

  test('a collection that does not exist', () => withTransaction(async (db) => {
    await expectRefusal(db, REGISTER, version(NO_SUCH_ID), { status: 'collection_not_found', field: 'p_collection_id' })
  }))

  test('a collection that is no template', () => withTransaction(async (db) => {
    await expectRefusal(db, REGISTER, version(await addCollection(db)), { status: 'template_not_marked', field: 'p_collection_id' })
  }))

  test('a predecessor that does not exist', () => withTransaction(async (db) => {
    await expectRefusal(db, REGISTER, version(await addTemplate(db), 2, NO_SUCH_ID), { status: 'previous_not_found', field: 'p_previous_collection_id' })
  }))

  test('a predecessor that is no template', () => withTransaction(async (db) => {
    await expectRefusal(db, REGISTER, version(await addTemplate(db), 2, await addCollection(db)), { status: 'previous_not_marked', field: 'p_previous_collection_id' })
  }))

  test('a predecessor of another family', () => withTransaction(async (db) => {
    const other = await addTemplate(db)
    await registerVersion(db, other, 'tpl:test:other', 1)
    await expectRefusal(db, REGISTER, version(await addTemplate(db), 2, other),
      { status: 'invalid_input', field: 'p_previous_collection_id', reason: 'previous_of_another_family' })
  }))

  test('a place in the family that another collection has, and names it', () => withTransaction(async (db) => {
    const [first, second] = [await addTemplate(db), await addTemplate(db)]
    await registerVersion(db, first, FAMILY, 1)
    await expectRefusal(db, REGISTER, version(second), { status: 'family_seq_collision', field: 'p_version_seq', collection_id: first })
  }))

  test('a collision without superseding the predecessor that was named', () => withTransaction(async (db) => {
    const [first, second, third] = [await addTemplate(db), await addTemplate(db), await addTemplate(db)]
    await registerVersion(db, first, FAMILY, 1)
    await registerVersion(db, second, FAMILY, 2, first)
    await expectRefusal(db, REGISTER, version(third, 2, second), { status: 'family_seq_collision', collection_id: second })
  }))

  test.each([
    ['family', { p_template_family: 'tpl:test:other' }],
    ['seq', { p_version_seq: 7 }],
    ['label', { p_version_label: 'first' }],
  ])('a registered collection with another %s', (_, other) => withTransaction(async (db) => {
    const template = await addTemplate(db)
    await registerVersion(db, template, FAMILY, 1)
    await expectRefusal(db, REGISTER, { ...version(template), ...other }, { status: 'invalid_input', reason: 'registered_otherwise' })
  }))

  test('a registered collection with another predecessor', () => withTransaction(async (db) => {
    const [first, second] = [await addTemplate(db), await addTemplate(db)]
    await registerVersion(db, first, FAMILY, 1)
    await registerVersion(db, second, FAMILY, 2, first)
    await expectRefusal(db, REGISTER, version(second, 2), { status: 'invalid_input', reason: 'registered_otherwise' })
  }))

  describe('a second current version', () => {
    const another = (collectionId: string, label: string) => ({
      status: 'invalid_input', field: 'p_previous_collection_id', reason: 'another_version_is_current', collection_id: collectionId, version_label: label,
    })

    test('for a predecessor that was superseded already, and names the current one', () => withTransaction(async (db) => {
      const [first, second, third] = [await addTemplate(db), await addTemplate(db), await addTemplate(db)]
      await registerVersion(db, first, FAMILY, 1)
      await registerVersion(db, second, FAMILY, 2, first)
      await expectRefusal(db, REGISTER, version(third, 3, first), another(second, 'v2'))
      expect(await call(db, REGISTER, version(third, 3, second))).toMatchObject({ status: 'ok', superseded_previous: true })
    }))

    test('for a second root, and for a predecessor in no chain', () => withTransaction(async (db) => {
      const [first, second, loose] = [await addTemplate(db), await addTemplate(db), await addTemplate(db)]
      await registerVersion(db, first, FAMILY, 1)
      await expectRefusal(db, REGISTER, version(second, 2), another(first, 'v1'))
      await expectRefusal(db, REGISTER, version(second, 2, loose), another(first, 'v1'))
    }))

    test('in a family that a hand has given two already, until one is retired', () => withTransaction(async (db) => {
      const [first, second, third] = [await addTemplate(db), await addTemplate(db), await addTemplate(db)]
      await registerVersion(db, first, FAMILY, 1)
      await registerVersion(db, second, FAMILY, 2, first)
      await sql`update public.iu_collection_template_version set version_status = 'current'`.execute(db)
      await expectRefusal(db, REGISTER, version(third, 3, second), another(first, 'v1'))
      await call(db, 'fn_iu_collection_retire_template_version', { p_collection_id: first, p_actor: ACTOR, p_reason: 'replaced' })
      expect(await call(db, REGISTER, version(third, 3, second))).toMatchObject({ status: 'ok', superseded_previous: true })
    }))
  })

  test('with the first of several reasons', () => withTransaction(async (db) => {
    const [owner, template, unmarked] = [await addTemplate(db), await addTemplate(db), await addCollection(db)]
    await registerVersion(db, owner, FAMILY, 1)
    await expectRefusal(db, REGISTER, { ...version(NO_SUCH_ID, 1, NO_SUCH_ID), p_actor: '' }, { status: 'invalid_input' })
    await expectRefusal(db, REGISTER, version(NO_SUCH_ID, 1, NO_SUCH_ID), { status: 'self_predecessor_refused' })
    await expectRefusal(db, REGISTER, version(NO_SUCH_ID, 1, unmarked), { status: 'collection_not_found' })
    await expectRefusal(db, REGISTER, version(unmarked, 1, NO_SUCH_ID), { status: 'template_not_marked' })
    await expectRefusal(db, REGISTER, version(template, 1, NO_SUCH_ID), { status: 'previous_not_found' })
    await expectRefusal(db, REGISTER, version(template, 1, unmarked), { status: 'previous_not_marked' })
    await expectRefusal(db, REGISTER, version(template, 1, owner), { status: 'family_seq_collision' })
    expect(await call(db, REGISTER, version(template, 2, owner))).toMatchObject({ status: 'ok' })
  }))
})

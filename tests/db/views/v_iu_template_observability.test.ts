import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  ACTOR, addCollection, addPieces, addTemplate, attach, call, digestOf, instantiate, oneRow, putPieceBack, registerVersion, removePiece, rowsOf,
} from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const FAMILY = 'tpl:test:family'

interface Observed {
  [column: string]: unknown
  digest_diverged_instances: number
}
const observed = (db: Trx, template: string) => oneRow(db, sql<Observed>`
  select * from public.v_iu_template_observability where collection_id = ${template}`)

test('a template is shown with its version, its pieces and its digest', () => withTransaction(async (db) => {
  const template = await addTemplate(db, undefined, { key: 'tpl:test:family/v1', kind: 'file', title: 'Status report' })
  await registerVersion(db, template, FAMILY, 1)
  expect(await observed(db, template)).toEqual({
    collection_id: template, collection_key: 'tpl:test:family/v1', collection_kind: 'file', title: 'Status report',
    template_family: FAMILY, version_label: 'v1', version_seq: 1, version_status: 'current', family_chain_length: 1,
    instance_count: 0, digest_matching_instances: 0, digest_diverged_instances: 0, last_instance_at: null,
    active_piece_count: 5, manifest_digest: await digestOf(db, template),
    template_without_version: false, version_without_template_marker: false,
  })
}))

test('only active pieces count', () => withTransaction(async (db) => {
  const pieces = await addPieces(db, 3)
  const template = await addTemplate(db, pieces)
  await removePiece(db, template, pieces[0]!)
  expect(await observed(db, template)).toMatchObject({ active_piece_count: 2 })
}))

describe('the flags', () => {
  test('template_without_version: marked, in no chain', () => withTransaction(async (db) => {
    expect(await observed(db, await addTemplate(db))).toMatchObject({
      template_without_version: true, version_without_template_marker: false,
      template_family: null, version_label: null, version_seq: null, version_status: null, family_chain_length: 0,
    })
  }))

  const unmark: [string, (db: Trx, id: string) => Promise<unknown>][] = [
    ['deleted', (db, id) => sql`delete from public.iu_collection_template_registry where collection_id = ${id}`.execute(db)],
    ['taken away', (db, id) => sql`update public.iu_collection_template_registry set is_template = false where collection_id = ${id}`.execute(db)],
  ]
  test.each(unmark)('version_without_template_marker: in a chain, the mark %s', (_, takeAway) => withTransaction(async (db) => {
    const template = await addTemplate(db)
    await registerVersion(db, template, FAMILY, 1)
    await takeAway(db, template)
    expect(await observed(db, template)).toMatchObject({ template_without_version: false, version_without_template_marker: true, version_label: 'v1' })
  }))

  test('a collection that is no template has no row, nor one whose mark was taken away', () => withTransaction(async (db) => {
    await addCollection(db)
    await sql`insert into public.iu_collection_template_registry (collection_id, is_template, marked_by) values (${await addCollection(db)}, false, ${ACTOR})`.execute(db)
    expect(await rowsOf(db, sql`select from public.v_iu_template_observability`)).toEqual([])
  }))
})

describe('the instance counts', () => {
  test('rise with each instance, and only those of the template', () => withTransaction(async (db) => {
    const [template, other] = [await addTemplate(db), await addTemplate(db)]
    await instantiate(db, template)
    await instantiate(db, template, { p_emit_mode: 'live' })
    await instantiate(db, other)
    expect(await observed(db, template)).toMatchObject({ instance_count: 2, digest_matching_instances: 2, digest_diverged_instances: 0 })
    expect(await observed(db, other)).toMatchObject({ instance_count: 1, digest_matching_instances: 1, digest_diverged_instances: 0 })
  }))

  test('name one diverged instance as soon as one is edited by hand, none once it is put back', () => withTransaction(async (db) => {
    const pieces = await addPieces(db, 5)
    const template = await addTemplate(db, pieces)
    const ids: string[] = []
    while (ids.length < 12) ids.push(await instantiate(db, template))
    await removePiece(db, ids[4]!, pieces[2]!)
    expect(await observed(db, template)).toMatchObject({ instance_count: 12, digest_matching_instances: 11, digest_diverged_instances: 1 })
    await putPieceBack(db, ids[4]!, pieces[2]!)
    expect(await observed(db, template)).toMatchObject({ instance_count: 12, digest_matching_instances: 12, digest_diverged_instances: 0 })
  }))

  test('name all of them when the template itself is edited', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    await instantiate(db, template)
    await instantiate(db, template)
    await attach(db, template, await addPieces(db, 1))
    expect(await observed(db, template)).toMatchObject({ digest_matching_instances: 0, digest_diverged_instances: 2 })
  }))

  test('include an instance recorded by hand, and say when the last was made', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const instance = await addCollection(db)
    await call(db, 'fn_iu_collection_record_template_instance', { p_instance: instance, p_template: template, p_actor: ACTOR, p_note: null })
    await sql`update public.iu_collection_template_instance_lineage set instantiated_at = '2026-05-25T04:40:00Z'`.execute(db)
    expect(await observed(db, template)).toMatchObject({ instance_count: 1, digest_diverged_instances: 1, last_instance_at: '2026-05-25T04:40:00Z' })
  }))
})

test('the chain length counts every version of the family', () => withTransaction(async (db) => {
  const [first, second, other] = [await addTemplate(db), await addTemplate(db), await addTemplate(db)]
  await registerVersion(db, first, FAMILY, 1)
  await registerVersion(db, second, FAMILY, 2, first)
  await registerVersion(db, other, 'tpl:test:other', 1)
  expect(await observed(db, first)).toMatchObject({ version_status: 'superseded', family_chain_length: 2 })
  expect(await observed(db, second)).toMatchObject({ version_status: 'current', family_chain_length: 2 })
  expect(await observed(db, other)).toMatchObject({ family_chain_length: 1 })
}))

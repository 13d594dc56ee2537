import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, addCollection, addPieces, addTemplate, attach, call, contents, expectRefusal, instantiate, oneRow, registerVersion, rowsOf, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const ROLL_BACK = 'fn_iu_auto_instantiate_rollback_by_actor'
const ANOTHER_ACTOR = 'another-actor'
const rollBack = (db: Trx, actor = ACTOR) => call(db, ROLL_BACK, { p_actor: actor, p_dry_run: false })

/** How many rows an instance has in each of its tables. */
const rowsOfInstance = (db: Trx, id: string) => oneRow(db, sql`
  select
    (select count(*) from public.iu_auto_instantiate_event_log where instance_collection_id = ${id}) as log,
    (select count(*) from public.iu_collection_template_instance_lineage where instance_collection_id = ${id}) as lineage,
    (select count(*) from public.iu_piece_membership where collection_id = ${id}) as membership,
    (select count(*) from public.iu_piece_collection where id = ${id}) as collection`)

const GONE = { log: 0, lineage: 0, membership: 0, collection: 0 }
const WHOLE = { log: 1, lineage: 1, membership: 5, collection: 1 }

describe('a rollback dry run', () => {
  test('is the default, counts and changes nothing', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const ids = [await instantiate(db, template), await instantiate(db, template, { p_emit_mode: 'live' })]
    const before = await contents(db)
    const outcome = await call(db, ROLL_BACK, { p_actor: ACTOR })
    expect(outcome).toMatchObject({
      status: 'ok', dry_run: true, actor: ACTOR, log_rows: 2, lineage_rows: 2, collection_rows: 2, membership_rows: 10, blocked_rows: 0,
    })
    expect((outcome.instances as { instance_collection_id: string }[]).map(row => row.instance_collection_id).sort()).toEqual(ids.sort())
    expect(await contents(db)).toEqual(before)
  }))

  test('counts what the rollback then deletes, removed memberships included', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const edited = await instantiate(db, template)
    await attach(db, edited, await addPieces(db, 2))
    await sql`update public.iu_piece_membership set membership_status = 'removed' where collection_id = ${edited} and piece_order = 1`.execute(db)
    await call(db, 'fn_iu_collection_mark_template', { p_collection_id: await instantiate(db, template), p_actor: ACTOR })
    const announced = await call(db, ROLL_BACK, { p_actor: ACTOR, p_dry_run: true })
    expect(announced).toMatchObject({ collection_rows: 1, membership_rows: 7, blocked_rows: 1 })
    expect(await rollBack(db)).toEqual({ ...announced, dry_run: false })
  }))
})

describe('a rollback', () => {
  test('takes back what the actor made, the rest stays row for row', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const another = await instantiate(db, template, { p_actor: ANOTHER_ACTOR })
    const before = await contents(db)
    const mine = await instantiate(db, template)
    expect(await rollBack(db)).toMatchObject({
      status: 'ok', dry_run: false, log_rows: 1, lineage_rows: 1, collection_rows: 1, membership_rows: 5, blocked_rows: 0,
      instances: [{ instance_collection_id: mine, membership_rows: 5, blocked_reason: null }],
    })
    expect(await rowsOfInstance(db, mine)).toEqual(GONE)
    expect(await rowsOfInstance(db, another)).toEqual(WHOLE)
    // The outbox and the record of changes tell what happened; they do not shrink.
    const { event_outbox: _, ...after } = await contents(db)
    expect(before).toMatchObject(after)
  }))

  test('leaves instances recorded by hand alone, even of the same actor', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const byHand = await addCollection(db)
    await call(db, 'fn_iu_collection_record_template_instance', { p_instance: byHand, p_template: template, p_actor: ACTOR, p_note: null })
    const before = await contents(db)
    expect(await rollBack(db)).toMatchObject({ status: 'ok', collection_rows: 0, instances: [] })
    expect(await contents(db)).toEqual(before)
  }))

  test('again finds nothing left to do', () => withTransaction(async (db) => {
    await instantiate(db, await addTemplate(db))
    await rollBack(db)
    expect(await rollBack(db)).toMatchObject({ status: 'ok', log_rows: 0, lineage_rows: 0, collection_rows: 0, membership_rows: 0, blocked_rows: 0, instances: [] })
  }))

  test('of an actor nobody knows deletes nothing', () => withTransaction(async (db) => {
    const instance = await instantiate(db, await addTemplate(db))
    expect(await rollBack(db, 'nobody')).toMatchObject({ status: 'ok', collection_rows: 0 })
    expect(await rowsOfInstance(db, instance)).toEqual(WHOLE)
  }))

  test('needs no open gate', () => withTransaction(async (db) => {
    const instance = await instantiate(db, await addTemplate(db))
    await sql`update public.dot_config set value = 'false' where key like 'iu\\_core.%\\_enabled'`.execute(db)
    expect(await rollBack(db)).toMatchObject({ status: 'ok', collection_rows: 1 })
    expect(await rowsOfInstance(db, instance)).toEqual(GONE)
  }))
})

describe('an instance that others depend on stays whole while the others go', () => {
  const mark = (db: Trx, id: string) => call(db, 'fn_iu_collection_mark_template', { p_collection_id: id, p_actor: ACTOR })
  const cases: [string, string, (db: Trx, id: string) => Promise<unknown>][] = [
    ['it was marked as a template', 'marked_as_template', mark],
    ['it was marked once, the mark taken away', 'marked_as_template', async (db, id) => {
      await mark(db, id)
      await sql`update public.iu_collection_template_registry set is_template = false where collection_id = ${id}`.execute(db)
    }],
    ['it is a version of a family', 'in_version_chain', async (db, id) => {
      await mark(db, id)
      await registerVersion(db, id, 'tpl:test:family', 1)
      await sql`delete from public.iu_collection_template_registry where collection_id = ${id}`.execute(db)
    }],
    ['a version names it as its predecessor', 'in_version_chain', async (db, id) => {
      await mark(db, id)
      await registerVersion(db, await addTemplate(db), 'tpl:test:family', 2, id)
      await sql`delete from public.iu_collection_template_registry where collection_id = ${id}`.execute(db)
    }],
    ['it has instances of its own', 'has_instances', async (db, id) => {
      await mark(db, id)
      await instantiate(db, id, { p_actor: ANOTHER_ACTOR })
      await sql`delete from public.iu_collection_template_registry where collection_id = ${id}`.execute(db)
    }],
  ]
  test.each(cases)('%s: %s', (_, reason, depend) => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const [held, free] = [await instantiate(db, template), await instantiate(db, template)]
    await depend(db, held)
    const outcome = await rollBack(db)
    expect(outcome).toMatchObject({ status: 'ok', log_rows: 1, lineage_rows: 1, collection_rows: 1, membership_rows: 5, blocked_rows: 1 })
    expect(outcome.instances).toEqual(expect.arrayContaining([
      expect.objectContaining({ instance_collection_id: held, membership_rows: 5, blocked_reason: reason }),
      expect.objectContaining({ instance_collection_id: free, blocked_reason: null }),
    ]))
    expect(await rowsOfInstance(db, held)).toEqual(WHOLE)
    expect(await rowsOfInstance(db, free)).toEqual(GONE)
  }))
})

describe('a rollback refuses', () => {
  test.each(unusableTexts(128))('an actor that is %s', (_, actor) => withTransaction(async (db) => {
    await instantiate(db, await addTemplate(db))
    await expectRefusal(db, ROLL_BACK, { p_actor: actor, p_dry_run: false }, { status: 'invalid_input', field: 'p_actor' })
  }))

  test('dry_run NULL: nobody knows whether it was meant', () => withTransaction(async (db) => {
    await instantiate(db, await addTemplate(db))
    await expectRefusal(db, ROLL_BACK, { p_actor: ACTOR, p_dry_run: null }, { status: 'invalid_input', field: 'p_dry_run' })
  }))

  test.each(['no action', 'restrict'])('to delete any of them when a table it does not know refers to one, on delete %s', rule => withTransaction(async (db) => {
    const template = await addTemplate(db)
    const [held] = [await instantiate(db, template), await instantiate(db, template)]
    await sql`create table public.elsewhere (collection_id uuid references public.iu_piece_collection (id) on delete ${sql.raw(rule)})`.execute(db)
    await sql`insert into public.elsewhere values (${held})`.execute(db)
    await expectRefusal(db, ROLL_BACK, { p_actor: ACTOR, p_dry_run: false },
      { status: 'blocked_by_reference', dry_run: false, actor: ACTOR, reason: expect.stringContaining('"elsewhere"') })
    expect(await rowsOf(db, sql`select from public.iu_auto_instantiate_event_log`)).toHaveLength(2)
  }))
})

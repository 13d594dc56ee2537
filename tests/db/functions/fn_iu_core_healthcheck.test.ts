import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  ACTOR, COMPOSER_GATE, LIVE_GATE, addCollection, addPiece, addPieces, addTemplate, call, digestOf, instantiate, oneRow,
  registerVersion, rowsOf, setConfig,
} from '../fixtures'
import { seededDatabase, withDatabase, withTransaction } from '../../helpers/db'
import { rollbackTo } from '../../../server/cli/migrator'
import type { Db, Trx } from '../../../server/db/client'

interface Surface { surface: string, status: string, count: number, ids: string[], message: string }

const EIGHT = ['digest_recomputed', 'manifest_present', 'lineage_ends', 'auto_log', 'version_chain', 'members_active', 'outbox_types', 'gates']

const check = (db: Db) => rowsOf(db, sql<Surface>`select * from public.fn_iu_core_healthcheck()`)
const run = (db: Db, statement: string) => sql.raw(statement).execute(db)

/** A template with a version and an instance that an event made, all of it well; the gates are closed again. */
async function wellSubstrate(db: Trx) {
  const pieces = await addPieces(db, 3)
  const template = await addTemplate(db, pieces)
  await registerVersion(db, template, 'test-family', 1)
  const instance = await instantiate(db, template)
  await setConfig(db, COMPOSER_GATE, 'false')
  await setConfig(db, LIVE_GATE, 'false')
  return { pieces, template, instance }
}
type Well = Awaited<ReturnType<typeof wellSubstrate>>

/** Switches off what would stop or repair the damage; the transaction brings it back. */
const unguard = (db: Trx, table: string) => run(db, `
  do $$ declare c record; begin
    for c in select conrelid::regclass as owner, conname from pg_constraint
             where contype in ('f', 'c') and (conrelid = 'public.${table}'::regclass or confrelid = 'public.${table}'::regclass)
    loop execute format('alter table %s drop constraint %I', c.owner, c.conname); end loop;
  end $$`)

/** Each way to break one surface: what is done, and the ids that must be named. */
const breaks: [surface: string, how: string, damage: (db: Trx, well: Well) => Promise<string[]>][] = [
  ['digest_recomputed', 'a digest written past the trigger', async (db, { instance }) => {
    await run(db, 'alter table public.iu_piece_collection disable trigger user')
    const { manifest_digest } = await oneRow(db, sql<{ manifest_digest: string }>`
      update public.iu_piece_collection set manifest_digest = public.fn_iu_text_digest('[]') where id = ${instance} returning manifest_digest`)
    expect(manifest_digest).toHaveLength(64)
    await run(db, 'alter table public.iu_piece_collection enable trigger user')
    return [instance]
  }],
  ['digest_recomputed', 'members edited with the triggers off', async (db, { instance }) => {
    await run(db, 'alter table public.iu_piece_membership disable trigger user')
    await sql`update public.iu_piece_membership set role = 'other' where collection_id = ${instance}`.execute(db)
    await run(db, 'alter table public.iu_piece_membership enable trigger user')
    return [instance]
  }],
  ['manifest_present', 'a manifest deleted', async (db, { template }) => {
    const digest = await digestOf(db, template)
    await unguard(db, 'iu_manifest')
    await sql`delete from public.iu_manifest where manifest_digest = ${digest}`.execute(db)
    return [digest]
  }],
  ['manifest_present', 'a manifest rewritten', async (db, { template }) => {
    const digest = await digestOf(db, template)
    await unguard(db, 'iu_manifest')
    await sql`update public.iu_manifest set pieces = '[]' where manifest_digest = ${digest}`.execute(db)
    return [digest]
  }],
  ['lineage_ends', 'a template that lost its marker and has no version', async (db, { template, instance }) => {
    await sql`delete from public.iu_collection_template_version where collection_id = ${template}`.execute(db)
    await sql`update public.iu_collection_template_registry set is_template = false where collection_id = ${template}`.execute(db)
    return [instance]
  }],
  ['auto_log', 'an auto-made instance whose lineage was erased, and its log row with it', async (db, { instance }) => {
    await sql`delete from public.iu_collection_template_instance_lineage where instance_collection_id = ${instance}`.execute(db)
    return [instance]
  }],
  ['auto_log', 'a log row lost', async (db, { instance }) => {
    await sql`delete from public.iu_auto_instantiate_event_log where instance_collection_id = ${instance}`.execute(db)
    return [instance]
  }],
  ['auto_log', 'a log row that names another template than the lineage', async (db, { instance }) => {
    const other = await addTemplate(db)
    await sql`update public.iu_auto_instantiate_event_log set template_collection_id = ${other} where instance_collection_id = ${instance}`.execute(db)
    return [instance]
  }],
  ['auto_log', 'a collection made by hand under an auto key', async db => [await addCollection(db, [], { key: `tpl-inst:auto:${randomUUID()}` })]],
  ['version_chain', 'a version without the template marker', async (db) => {
    const bare = await addTemplate(db)
    await registerVersion(db, bare, 'bare-family', 1)
    await sql`delete from public.iu_collection_template_registry where collection_id = ${bare}`.execute(db)
    return [bare]
  }],
  ['version_chain', 'two current versions of one family', async (db, { template }) => {
    const second = await addTemplate(db)
    await registerVersion(db, second, 'test-family', 2, template)
    await sql`update public.iu_collection_template_version set version_status = 'current' where collection_id = ${template}`.execute(db)
    return [second]
  }],
  ['version_chain', 'a family whose current version was retired, with a superseded one left', async (db, { template }) => {
    const second = await addTemplate(db)
    await registerVersion(db, second, 'test-family', 2, template)
    await call(db, 'fn_iu_collection_retire_template_version', { p_collection_id: second, p_actor: ACTOR, p_reason: 'test' })
    return [second]
  }],
  ['version_chain', 'a predecessor of another family', async (db, { template }) => {
    const stray = await addTemplate(db)
    await registerVersion(db, stray, 'stray-family', 1)
    await sql`update public.iu_collection_template_version set previous_collection_id = ${template} where collection_id = ${stray}`.execute(db)
    return [stray]
  }],
  ['members_active', 'a piece retired while collections hold it', async (db, { pieces }) => {
    await sql`update public.information_unit set lifecycle_status = 'retired' where id = ${pieces[0]}`.execute(db)
    return [pieces[0]!]
  }],
  ['members_active', 'a piece deleted under its members', async (db, { pieces }) => {
    await unguard(db, 'information_unit')
    await sql`delete from public.information_unit where id = ${pieces[0]}`.execute(db)
    return [pieces[0]!]
  }],
  ['outbox_types', 'an event of a type nobody registered', async (db) => {
    const { id } = await oneRow(db, sql<{ id: string }>`
      insert into public.event_outbox (event_domain, event_type) values ('iu', 'iu.never.heard.of') returning id`)
    return [id]
  }],
  ['gates', 'a gate left open', async (db) => {
    await setConfig(db, COMPOSER_GATE, 'true')
    return [COMPOSER_GATE]
  }],
  ['gates', 'a gate whose row is missing', async (db) => {
    await sql`delete from public.dot_config where key = ${LIVE_GATE}`.execute(db)
    return [LIVE_GATE]
  }],
  ['gates', 'a gate with no readable value', async (db) => {
    await setConfig(db, COMPOSER_GATE, 'perhaps')
    return [COMPOSER_GATE]
  }],
  ['triggers', 'a trigger disabled', async (db) => {
    await run(db, 'alter table public.iu_piece_collection disable trigger iu_piece_collection_digest')
    return ['iu_piece_collection.iu_piece_collection_digest']
  }],
  ['triggers', 'a trigger dropped whose function others still use', async (db) => {
    await run(db, 'drop trigger iu_piece_membership_digest_truncate on public.iu_piece_membership')
    return ['iu_piece_membership.iu_piece_membership_digest_truncate']
  }],
  ['triggers', 'a trigger function that nothing calls', async (db) => {
    await run(db, `create function public.fn_iu_lost_trigger() returns trigger language plpgsql as 'begin return null; end'`)
    return ['public.fn_iu_lost_trigger()']
  }],
  ['triggers', 'a fault of the last day in the error log', async (db) => {
    await run(db, `
      drop table if exists public.iu_three_axis_envelope_trigger_error_log cascade;
      create table public.iu_three_axis_envelope_trigger_error_log (id int, occurred_at timestamptz default now());
      alter table public.iu_three_axis_envelope_trigger_error_log owner to iu_owner;
      insert into public.iu_three_axis_envelope_trigger_error_log values (1), (2)`)
    return ['iu_three_axis_envelope_trigger_error_log']
  }],
  ['internal_only', 'the internal event type is gone', async (db) => {
    await run(db, 'alter table public.event_type_registry disable trigger user')
    await sql`delete from public.event_type_registry where event_type = 'iu.template.instance_auto_composed'`.execute(db)
    await run(db, 'alter table public.event_type_registry enable trigger user')
    return ['iu.template.instance_auto_composed']
  }],
]

describe('a well substrate', () => {
  test('is green on all surfaces, in their order, and the eight are those of the collections', () => withTransaction(async (db) => {
    await wellSubstrate(db)
    const rows = await check(db)
    expect(rows.map(row => row.surface)).toEqual([...EIGHT, 'triggers', 'internal_only'])
    expect(rows.filter(row => row.status !== 'green' || row.count !== 0 || row.ids.length > 0)).toEqual([])
    expect(await rowsOf(db, sql`select * from public.fn_iu_collection_healthcheck()`)).toEqual(rows.slice(0, 8))
  }))

  test('so is the demo dataset', () => seededDatabase(async ({ db }) => {
    expect((await check(db)).filter(row => row.status !== 'green')).toEqual([])
  }))
})

describe('exactly one surface turns red', () => {
  test('each of them is broken here', () => {
    expect(new Set(breaks.map(([surface]) => surface))).toEqual(new Set([...EIGHT, 'triggers', 'internal_only']))
  })

  test.each(breaks)('%s: %s', (surface, _how, damage) => withTransaction(async (db) => {
    const well = await wellSubstrate(db)
    const ids = await damage(db, well)
    const red = (await check(db)).filter(row => row.status === 'red')
    expect(red).toMatchObject([{ surface, count: ids.length, ids }])
  }))
})

test('what is retired or removed is nothing to look at', () => withTransaction(async (db) => {
  const { instance, template } = await wellSubstrate(db)
  await call(db, 'fn_iu_collection_retire_template_version', { p_collection_id: template, p_actor: ACTOR, p_reason: 'test' })
  await sql`update public.iu_piece_collection set collection_status = 'retired' where id = ${instance}`.execute(db)
  await sql`delete from public.iu_collection_template_instance_lineage where instance_collection_id = ${instance}`.execute(db)
  const old = await addPiece(db, { status: 'retired' })
  await addCollection(db, [old])
  await sql`update public.iu_piece_membership set membership_status = 'removed' where iu_id = ${old}`.execute(db)
  await sql`insert into public.event_outbox (event_domain, event_type) values ('billing', 'billing.paid')`.execute(db)
  expect((await check(db)).filter(row => row.status !== 'green')).toEqual([])
}))

test('all are counted, twenty are named', () => withTransaction(async (db) => {
  const pieces = []
  for (let i = 0; i < 25; i++) pieces.push(await addPiece(db, { status: 'retired' }))
  await addCollection(db, pieces)
  const surface = (await check(db)).find(row => row.surface === 'members_active')
  expect(surface).toMatchObject({ status: 'red', count: 25, ids: pieces.sort().slice(0, 20) })
}))

test('before templates are there, the eight have nothing against them', () => withDatabase(async ({ db }) => {
  await rollbackTo(db, 26)
  const rows = await rowsOf(db, sql<Surface>`select * from public.fn_iu_collection_healthcheck()`)
  expect(rows.map(row => [row.surface, row.status])).toEqual(EIGHT.map(surface => [surface, 'green']))
}))

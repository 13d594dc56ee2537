/** The views that the console's lists and details read, beyond those of templates, instances, events and gates. */
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  ACTOR, COMPOSER_GATE, addCollection, addPiece, addPieces, addTemplate, attach, call, instantiate, oneRow, registerVersion, removePiece, rowsOf, setConfig,
} from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

describe('v_iu_piece', () => {
  const shown = (db: Trx, id: string) => oneRow(db, sql<{ held_by: number }>`select * from public.v_iu_piece where id = ${id}`)

  test('shows a piece with its text', () => withTransaction(async (db) => {
    const id = await addPiece(db, { title: 'Welcome', status: 'retired' })
    expect(await shown(db, id)).toEqual({ ...await oneRow(db, sql<object>`select * from public.information_unit where id = ${id}`), held_by: 0 })
  }))

  test('counts the collections that hold it, not those it was taken out of', () => withTransaction(async (db) => {
    const id = await addPiece(db)
    const [, left] = [await addCollection(db, [id]), await addCollection(db, [id]), await addCollection(db, [id])]
    expect((await shown(db, id)).held_by).toBe(3)
    await removePiece(db, left, id)
    expect((await shown(db, id)).held_by).toBe(2)
  }))
})

describe('v_iu_piece_lifecycle', () => {
  test('names what took a piece\'s place, in order, and is found by it', () => withTransaction(async (db) => {
    await setConfig(db, 'iu_core.piece_writes_enabled', 'true')
    const id = await addPiece(db, { title: 'Both' })
    const parts = ['b', 'a'].map(name => ({ canonical_address: `split/${name}`, title: name, body: name }))
    const outcome = await call(db, 'fn_iu_piece_split', { p_iu_id: id, p_parts: JSON.stringify(parts), p_actor: ACTOR, p_reason: 'two topics' })
    expect(outcome.status).toBe('ok')
    const row = await oneRow(db, sql<{ successor_ids: string[] }>`select * from public.v_iu_piece_lifecycle where iu_id = ${id}`)
    expect(row).toMatchObject({
      title: 'Both', lifecycle_status: 'superseded', change: 'split', from_status: 'active', to_status: 'superseded', actor: ACTOR, reason: 'two topics',
      successors: [{ canonical_address: 'split/b', title: 'b', lifecycle_status: 'active' }, { canonical_address: 'split/a', title: 'a', lifecycle_status: 'active' }],
    })
    const found = await rowsOf(db, sql`select iu_id from public.v_iu_piece_lifecycle where successor_ids @> array[${row.successor_ids[1]}::uuid]`)
    expect(found).toEqual([{ iu_id: id }])
  }))

  test('has no successors where a piece was retired', () => withTransaction(async (db) => {
    await setConfig(db, 'iu_core.piece_writes_enabled', 'true')
    const id = await addPiece(db)
    await call(db, 'fn_iu_piece_retire', { p_iu_id: id, p_actor: ACTOR, p_reason: null })
    expect(await oneRow(db, sql`select change, successors from public.v_iu_piece_lifecycle where iu_id = ${id}`)).toEqual({ change: 'retired', successors: [] })
  }))
})

describe('v_iu_collection', () => {
  const shownAs = async (db: Trx, id: string) => (await oneRow(db, sql<{ shown_as: string }>`
    select shown_as from public.v_iu_collection where collection_id = ${id}`)).shown_as

  test('tells templates, instances and other collections apart', () => withTransaction(async (db) => {
    const template = await addTemplate(db)
    expect(await shownAs(db, template)).toBe('template')
    expect(await shownAs(db, await instantiate(db, template))).toBe('instance')
    expect(await shownAs(db, await addCollection(db))).toBe('collection')
  }))

  test('takes a version without its mark for a template, an unmarked one for a collection', () => withTransaction(async (db) => {
    const [versioned, unmarked] = [await addTemplate(db), await addTemplate(db)]
    await registerVersion(db, versioned, 'tpl:test:family', 1)
    await sql`update public.iu_collection_template_registry set is_template = false`.execute(db)
    expect(await shownAs(db, versioned)).toBe('template')
    expect(await shownAs(db, unmarked)).toBe('collection')
  }))
})

describe('v_iu_collection_piece and v_iu_piece_place', () => {
  test('count positions by rank, over gaps, ties and removed pieces, and agree', () => withTransaction(async (db) => {
    const pieces = (await addPieces(db, 4)).sort()
    const collection = await addCollection(db, pieces)
    await sql`update public.iu_piece_membership set piece_order = case when piece_order < 3 then 5 else piece_order * 10 end`.execute(db)
    await removePiece(db, collection, pieces[2]!)
    const expected = [pieces[0]!, pieces[1]!, pieces[3]!].map((iu_id, index) => ({ iu_id, role: 'body', position: index + 1 }))
    expect(await rowsOf(db, sql`
      select iu_id, role, position from public.v_iu_collection_piece where collection_id = ${collection} order by position`)).toEqual(expected)
    expect(await rowsOf(db, sql`
      select iu_id, role, position from public.v_iu_piece_place where collection_id = ${collection} order by position`)).toEqual(expected)
  }))

  test('show a piece in each collection that holds it', () => withTransaction(async (db) => {
    const [shared, other] = await addPieces(db, 2)
    const [first, second] = [await addCollection(db, [shared!]), await addCollection(db, [other!, shared!])]
    expect(await rowsOf(db, sql`
      select collection_id, position from public.v_iu_piece_place where iu_id = ${shared} order by position`))
      .toEqual([{ collection_id: first, position: 1 }, { collection_id: second, position: 2 }])
  }))
})

describe('v_iu_template_family', () => {
  const family = (db: Trx) => oneRow(db, sql`select * from public.v_iu_template_family where template_family = 'tpl:test:family'`)

  test('sums up a family under the title of its newest version', () => withTransaction(async (db) => {
    const first = await addTemplate(db, undefined, { title: 'Report', kind: 'file' })
    const second = await addTemplate(db, undefined, { title: 'Longer report', kind: 'file' })
    await registerVersion(db, first, 'tpl:test:family', 1)
    await registerVersion(db, second, 'tpl:test:family', 2, first)
    await instantiate(db, first)
    await instantiate(db, second)
    await attach(db, await instantiate(db, second), await addPieces(db, 1))
    expect(await family(db)).toEqual({
      template_family: 'tpl:test:family', title: 'Longer report', collection_kind: 'file', versions: 2,
      current_label: 'v2', current_collection_id: second, instances: 3, diverged: 1,
    })
  }))

  test('has no current version when all are retired', () => withTransaction(async (db) => {
    const only = await addTemplate(db)
    await registerVersion(db, only, 'tpl:test:family', 1)
    await call(db, 'fn_iu_collection_retire_template_version', { p_collection_id: only, p_actor: ACTOR, p_reason: null })
    expect(await family(db)).toMatchObject({ versions: 1, current_label: null, current_collection_id: null, instances: 0, diverged: 0 })
  }))
})

test('v_iu_auto_instantiate_actor counts the instances of each actor', () => withTransaction(async (db) => {
  const template = await addTemplate(db)
  await instantiate(db, template, { p_actor: 'first' })
  await instantiate(db, template, { p_actor: 'first', p_emit_mode: 'live' })
  await instantiate(db, template, { p_actor: 'second' })
  expect(await rowsOf(db, sql`select actor, instances, last_at = now() as just_now from public.v_iu_auto_instantiate_actor order by actor`)).toEqual([
    { actor: 'first', instances: 2, just_now: true },
    { actor: 'second', instances: 1, just_now: true },
  ])
}))

test('v_iu_outbox_event names what an event is about: the piece\'s address or the collection\'s key', () => withTransaction(async (db) => {
  const piece = await addPiece(db)
  const { canonical_address } = await oneRow(db, sql<{ canonical_address: string }>`select canonical_address from public.information_unit where id = ${piece}`)
  await setConfig(db, COMPOSER_GATE, 'true')
  await call(db, 'fn_iu_compose', {
    p_collection_key: 'test:composed', p_collection_kind: 'file', p_title: 'Report', p_description: null,
    p_pieces: JSON.stringify([{ iu_id: piece }]), p_actor: ACTOR,
  })
  await sql`insert into public.event_outbox (event_domain, event_type) values ('other', 'other.thing')`.execute(db)
  expect(await rowsOf(db, sql`select event_type, actor, subject from public.v_iu_outbox_event order by event_type`)).toEqual([
    { event_type: 'iu.collection.composed', actor: ACTOR, subject: 'test:composed' },
    { event_type: 'iu.collection.piece_attached', actor: ACTOR, subject: canonical_address },
    { event_type: 'other.thing', actor: null, subject: null },
  ])
}))

test('v_iu_event_type shows the types of the seeds; the one of auto-instantiation has no route', () => withTransaction(async (db) => {
  const type = 'iu.template.instance_auto_composed'
  expect(await oneRow(db, sql`select event_domain, event_stream, delivery_lane, active from public.v_iu_event_type where event_type = ${type}`))
    .toEqual({ event_domain: 'iu', event_stream: 'update', delivery_lane: 'delayed', active: true })
  expect(await rowsOf(db, sql`select from public.route_registry where event_type = ${type}`)).toEqual([])
}))

test('v_iu_config_setting and v_iu_config_change leave gates and other systems\' keys out', () => withTransaction(async (db) => {
  await setConfig(db, 'iu_core.delivery_live_routes', 'a,b')
  await setConfig(db, 'directus.secret', 'x')
  await setConfig(db, COMPOSER_GATE, 'true')
  const settings = await rowsOf(db, sql<{ key: string, value: string }>`select key, value from public.v_iu_config_setting`)
  expect(settings).toContainEqual({ key: 'iu_core.delivery_live_routes', value: 'a,b' })
  expect(settings.map(row => row.key)).not.toEqual(expect.arrayContaining([COMPOSER_GATE]))
  expect(settings.map(row => row.key)).not.toEqual(expect.arrayContaining(['directus.secret']))
  expect(await rowsOf(db, sql`select key, old_value, new_value from public.v_iu_config_change order by id desc limit 2`)).toEqual([
    { key: COMPOSER_GATE, old_value: 'false', new_value: 'true' },
    { key: 'iu_core.delivery_live_routes', old_value: '', new_value: 'a,b' },
  ])
}))

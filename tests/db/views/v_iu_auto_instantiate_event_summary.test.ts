import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { addPieces, addTemplate, instantiate, oneRow, removePiece, rowsOf } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const summaryOf = (db: Trx, template: string, mode = 'dry_run') => oneRow(db, sql`
  select * from public.v_iu_auto_instantiate_event_summary where template_collection_id = ${template} and emit_mode = ${mode}`)

const backdate = (db: Trx, instance: string, age: string) => sql`
  update public.iu_auto_instantiate_event_log set created_at = now() - ${age}::interval where instance_collection_id = ${instance}`.execute(db)

test('there is one row for each template and mode', () => withTransaction(async (db) => {
  const [one, two] = [await addTemplate(db, undefined, { key: 'tpl:test:one' }), await addTemplate(db, undefined, { key: 'tpl:test:two' })]
  await instantiate(db, one)
  await instantiate(db, one)
  await instantiate(db, one, { p_emit_mode: 'live' })
  await instantiate(db, two, { p_emit_mode: 'live' })
  expect(await rowsOf(db, sql`
    select template_collection_id, template_key, template_title, emit_mode, instance_count
    from public.v_iu_auto_instantiate_event_summary order by template_key, emit_mode`)).toEqual([
    { template_collection_id: one, template_key: 'tpl:test:one', template_title: 'A collection', emit_mode: 'dry_run', instance_count: 2 },
    { template_collection_id: one, template_key: 'tpl:test:one', template_title: 'A collection', emit_mode: 'live', instance_count: 1 },
    { template_collection_id: two, template_key: 'tpl:test:two', template_title: 'A collection', emit_mode: 'live', instance_count: 1 },
  ])
}))

test('events and actors count once each, however many instances they made', () => withTransaction(async (db) => {
  const template = await addTemplate(db)
  const event = { p_event_id: randomUUID() }
  await instantiate(db, template, { ...event, p_actor: 'first' })
  await instantiate(db, template, { ...event, p_actor: 'first' })
  await instantiate(db, template, { p_actor: 'second' })
  expect(await summaryOf(db, template)).toMatchObject({ instance_count: 3, event_count: 2, actor_count: 2 })
}))

test('instances that were edited by hand are counted apart', () => withTransaction(async (db) => {
  const pieces = await addPieces(db, 2)
  const template = await addTemplate(db, pieces)
  await instantiate(db, template)
  await removePiece(db, await instantiate(db, template), pieces[0]!)
  expect(await summaryOf(db, template)).toMatchObject({ digest_matching_instances: 1, digest_diverged_instances: 1 })
}))

test('first and last time are those of the log', () => withTransaction(async (db) => {
  const template = await addTemplate(db)
  await backdate(db, await instantiate(db, template), '3 days')
  await backdate(db, await instantiate(db, template), '2 days')
  const expected = await oneRow(db, sql`select now() - interval '3 days' as first_at, now() - interval '2 days' as last_at`)
  expect(await summaryOf(db, template)).toMatchObject(expected as object)
}))

describe('the windows of the last hour and day', () => {
  test.each([
    ['0 seconds', 1, 1],
    ['59 minutes 59 seconds', 1, 1],
    ['1 hour', 0, 1],
    ['23 hours 59 minutes', 0, 1],
    ['24 hours', 0, 0],
    ['1 year', 0, 0],
  ])('an instance made %s ago counts %i in the hour, %i in the day', (age, hour, day) => withTransaction(async (db) => {
    const template = await addTemplate(db)
    await backdate(db, await instantiate(db, template), age)
    expect(await summaryOf(db, template)).toMatchObject({ instance_count: 1, instances_last_hour: hour, instances_last_day: day })
  }))
})

import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { addEvents, addRoute, deliveryLog, onlyDelivery, passTime, step } from '../delivery-fixtures'
import { ACTOR, NO_SUCH_ID, call, expectRefusal, oneRow, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const REQUEUE = 'fn_iu_outbox_requeue'

async function deadLetter(db: Trx) {
  const [id] = await addEvents(db, 1)
  await addRoute(db, 'nowhere', { target: 'kafka' })
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    await step(db)
    await passTime(db)
  }
  expect(await onlyDelivery(db)).toMatchObject({ status: 'dead' })
  return { p_event_id: id!, p_route_key: 'nowhere', p_actor: ACTOR }
}

describe('putting a dead letter back in line', () => {
  test('makes it due at once, for ten more attempts, and says who did it', () => withTransaction(async (db) => {
    const letter = await deadLetter(db)
    expect(await call(db, REQUEUE, letter)).toEqual({ status: 'ok', event_id: letter.p_event_id, route_key: 'nowhere', attempts: 10 })
    expect(await oneRow(db, sql`select requeued_by from public.event_outbox_delivery`)).toEqual({ requeued_by: ACTOR })
    expect(await step(db)).toMatchObject({ failed: 1, deliveries: [{ attempt: 11, outcome: 'failed' }] })
    expect(await onlyDelivery(db)).toMatchObject({ status: 'pending', attempts: 11, dead_after: 20, wait: 30 })
    for (let attempt = 12; attempt <= 20; attempt += 1) {
      await passTime(db)
      await step(db)
    }
    expect(await onlyDelivery(db)).toMatchObject({ status: 'dead', attempts: 20 })
    expect(await deliveryLog(db)).toHaveLength(20)
  }))

  test('delivers it once its target is mended', () => withTransaction(async (db) => {
    const letter = await deadLetter(db)
    await sql`update public.route_registry set target = 'log'`.execute(db)
    expect(await step(db), 'a dead letter does not move by itself').toMatchObject({ attempted: 0 })
    await call(db, REQUEUE, letter)
    expect(await step(db)).toMatchObject({ delivered: 1 })
  }))
})

describe('putting back in line refuses', () => {
  test('no event, no route key, no actor', () => withTransaction(async (db) => {
    const letter = await deadLetter(db)
    await expectRefusal(db, REQUEUE, { ...letter, p_event_id: null }, { status: 'invalid_input', field: 'p_event_id' })
    await expectRefusal(db, REQUEUE, { ...letter, p_route_key: ' ' }, { status: 'invalid_input', field: 'p_route_key' })
    for (const [, actor] of unusableTexts(128)) await expectRefusal(db, REQUEUE, { ...letter, p_actor: actor }, { status: 'invalid_input', field: 'p_actor' })
  }))

  test('what was never tried', () => withTransaction(async (db) => {
    const letter = await deadLetter(db)
    await expectRefusal(db, REQUEUE, { ...letter, p_event_id: NO_SUCH_ID }, { status: 'delivery_not_found', field: 'p_event_id' })
    await expectRefusal(db, REQUEUE, { ...letter, p_route_key: 'another' }, { status: 'delivery_not_found', field: 'p_event_id' })
  }))

  test('what is no dead letter', () => withTransaction(async (db) => {
    const letter = await deadLetter(db)
    await call(db, REQUEUE, letter)
    await expectRefusal(db, REQUEUE, letter, { status: 'delivery_not_dead', delivery_status: 'pending' })
  }))

  test('a letter whose route was removed', () => withTransaction(async (db) => {
    const letter = await deadLetter(db)
    await sql`delete from public.route_registry`.execute(db)
    await expectRefusal(db, REQUEUE, letter, { status: 'route_not_found', field: 'p_route_key' })
  }))
})

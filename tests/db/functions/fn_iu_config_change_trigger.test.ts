import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { COMPOSER_GATE, LIVE_GATE, call, oneRow, rowsOf } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

/** Changes recorded after the call of this function, oldest first. */
async function recordedSince(db: Trx, change: () => Promise<unknown>) {
  const { last } = await oneRow(db, sql<{ last: number }>`select coalesce(max(id), 0) as last from public.dot_config_change`)
  await change()
  return rowsOf(db, sql`
    select key, old_value, new_value, changed_by = session_user as by_login, reason, abs(extract(epoch from clock_timestamp() - changed_at)) < 60 as just_now
    from public.dot_config_change where id > ${last} order by id`)
}

const byHand = { by_login: true, reason: null, just_now: true }

describe('a change of a configuration value by hand is recorded with login, time and the value before', () => {
  test('on insert', () => withTransaction(async (db) => {
    expect(await recordedSince(db, () => sql`insert into public.dot_config values ('other.key', 'one')`.execute(db)))
      .toEqual([{ key: 'other.key', old_value: null, new_value: 'one', ...byHand }])
  }))

  test('on update, each row of the statement', () => withTransaction(async (db) => {
    expect(await recordedSince(db, () => sql`update public.dot_config set value = 'true' where key in (${COMPOSER_GATE}, ${LIVE_GATE})`.execute(db)))
      .toEqual(expect.arrayContaining([
        { key: COMPOSER_GATE, old_value: 'false', new_value: 'true', ...byHand },
        { key: LIVE_GATE, old_value: 'false', new_value: 'true', ...byHand },
      ]))
  }))

  test('on delete', () => withTransaction(async (db) => {
    expect(await recordedSince(db, () => sql`delete from public.dot_config where key = ${COMPOSER_GATE}`.execute(db)))
      .toEqual([{ key: COMPOSER_GATE, old_value: 'false', new_value: null, ...byHand }])
  }))

  test('on an insert that becomes an update, once', () => withTransaction(async (db) => {
    expect(await recordedSince(db, () => sql`
      insert into public.dot_config values (${COMPOSER_GATE}, 'true') on conflict (key) do update set value = excluded.value`.execute(db)))
      .toEqual([{ key: COMPOSER_GATE, old_value: 'false', new_value: 'true', ...byHand }])
  }))

  test('to NULL and from NULL', () => withTransaction(async (db) => {
    expect(await recordedSince(db, async () => {
      await sql`update public.dot_config set value = null where key = ${COMPOSER_GATE}`.execute(db)
      await sql`update public.dot_config set value = 'false' where key = ${COMPOSER_GATE}`.execute(db)
    })).toMatchObject([{ old_value: 'false', new_value: null }, { old_value: null, new_value: 'false' }])
  }))

  test('but not an update that changes nothing', () => withTransaction(async (db) => {
    expect(await recordedSince(db, () => sql`update public.dot_config set value = value`.execute(db))).toEqual([])
  }))

  test('every step of one transaction, not only the last', () => withTransaction(async (db) => {
    expect(await recordedSince(db, async () => {
      await sql`update public.dot_config set value = 'true' where key = ${COMPOSER_GATE}`.execute(db)
      await sql`update public.dot_config set value = 'false' where key = ${COMPOSER_GATE}`.execute(db)
    })).toMatchObject([{ new_value: 'true' }, { new_value: 'false' }])
  }))
})

test('the gate function signs the same record with its actor and reason', () => withTransaction(async (db) => {
  expect(await recordedSince(db, () => call(db, 'fn_iu_gate_set', { p_key: COMPOSER_GATE, p_open: true, p_actor: 'night-shift', p_reason: 'bulk run' })))
    .toEqual([{ key: COMPOSER_GATE, old_value: 'false', new_value: 'true', by_login: false, reason: 'bulk run', just_now: true }])
  expect(await oneRow(db, sql`select changed_by from public.dot_config_change order by id desc limit 1`)).toEqual({ changed_by: 'night-shift' })
}))

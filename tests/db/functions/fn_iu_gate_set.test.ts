import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, COMPOSER_GATE, call, expectRefusal, oneRow, rowsOf, setConfig, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const SET = 'fn_iu_gate_set'
const DRY_RUN_ONLY = 'piece_event_runtime.dry_run_only'
const opening = { p_key: COMPOSER_GATE, p_open: true, p_actor: ACTOR, p_reason: 'bulk run' }

const valueOf = async (db: Trx, key: string) => (await rowsOf(db, sql<{ value: string }>`select value from public.dot_config where key = ${key}`))[0]?.value
const lastChange = (db: Trx, key: string) => oneRow(db, sql`
  select old_value, new_value, changed_by, reason from public.dot_config_change where key = ${key} order by id desc limit 1`)

describe('setting a gate', () => {
  test('opens it, says what it was, and records who, why and from what value', () => withTransaction(async (db) => {
    expect(await call(db, SET, opening)).toEqual({ status: 'ok', key: COMPOSER_GATE, was: 'false', value: 'true', is_open: true, changed: true })
    expect(await valueOf(db, COMPOSER_GATE)).toBe('true')
    expect(await lastChange(db, COMPOSER_GATE)).toEqual({ old_value: 'false', new_value: 'true', changed_by: ACTOR, reason: 'bulk run' })
  }))

  test('closes it again, without a reason', () => withTransaction(async (db) => {
    await call(db, SET, opening)
    expect(await call(db, SET, { p_key: COMPOSER_GATE, p_open: false, p_actor: ACTOR })).toMatchObject({ status: 'ok', was: 'true', value: 'false', changed: true })
    expect(await lastChange(db, COMPOSER_GATE)).toEqual({ old_value: 'true', new_value: 'false', changed_by: ACTOR, reason: null })
  }))

  test('to what it is records no change', () => withTransaction(async (db) => {
    const changes = () => rowsOf(db, sql`select id from public.dot_config_change`)
    const before = await changes()
    expect(await call(db, SET, { ...opening, p_open: false })).toMatchObject({ status: 'ok', was: 'false', value: 'false', changed: false })
    expect(await changes()).toEqual(before)
  }))

  test('whose open value is false writes the inverse', () => withTransaction(async (db) => {
    expect(await call(db, SET, { ...opening, p_key: DRY_RUN_ONLY })).toMatchObject({ status: 'ok', was: 'true', value: 'false', is_open: true })
    expect(await call(db, 'fn_iu_gate_is_open', { p_key: DRY_RUN_ONLY })).toBe(true)
    expect(await call(db, SET, { ...opening, p_key: DRY_RUN_ONLY, p_open: false })).toMatchObject({ status: 'ok', value: 'true', is_open: false })
    expect(await call(db, 'fn_iu_gate_is_open', { p_key: DRY_RUN_ONLY })).toBe(false)
  }))

  test.each([['NULL', null], ['unreadable', 'yes']])('that is %s makes it readable', (_, value) => withTransaction(async (db) => {
    await setConfig(db, COMPOSER_GATE, value)
    expect(await call(db, SET, { ...opening, p_open: false })).toMatchObject({ status: 'ok', was: value, value: 'false', changed: true })
    expect(await valueOf(db, COMPOSER_GATE)).toBe('false')
  }))

  test('that is missing creates its row', () => withTransaction(async (db) => {
    await sql`delete from public.dot_config where key = ${COMPOSER_GATE}`.execute(db)
    expect(await call(db, SET, opening)).toMatchObject({ status: 'ok', was: null, value: 'true', changed: true })
    expect(await valueOf(db, COMPOSER_GATE)).toBe('true')
  }))

  test('does not sign what the same transaction changes by hand afterwards', () => withTransaction(async (db) => {
    await call(db, SET, opening)
    await setConfig(db, COMPOSER_GATE, 'false')
    const { login } = await oneRow(db, sql<{ login: string }>`select session_user::text as login`)
    expect(await lastChange(db, COMPOSER_GATE)).toMatchObject({ changed_by: login, reason: null })
  }))
})

describe('setting a gate refuses', () => {
  test('neither open nor closed', () => withTransaction(async (db) => {
    await expectRefusal(db, SET, { ...opening, p_open: null }, { status: 'invalid_input', field: 'p_open' })
  }))

  test.each(unusableTexts(128))('an actor that is %s', (_, actor) => withTransaction(async (db) => {
    await expectRefusal(db, SET, { ...opening, p_actor: actor }, { status: 'invalid_input', field: 'p_actor' })
  }))

  test('a reason that is too long', () => withTransaction(async (db) => {
    await expectRefusal(db, SET, { ...opening, p_reason: 'r'.repeat(2001) }, { status: 'invalid_input', field: 'p_reason' })
  }))

  test.each([null, '', 'iu_core.no_such_gate', 'iu_core.delivery_live_routes'])('key %s, which is no gate', key => withTransaction(async (db) => {
    await expectRefusal(db, SET, { ...opening, p_key: key }, { status: 'gate_not_found', field: 'p_key' })
  }))

  test('unusable input before it looks for the gate', () => withTransaction(async (db) => {
    await expectRefusal(db, SET, { ...opening, p_key: 'iu_core.no_such_gate', p_actor: '' }, { status: 'invalid_input', field: 'p_actor' })
  }))
})

import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, COMPOSER_GATE, call, oneRow, rowsOf, setConfig } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const DRY_RUN_ONLY = 'piece_event_runtime.dry_run_only'

const gate = (db: Trx, key: string) => oneRow(db, sql`select * from public.v_iu_gate where key = ${key}`)

test('every gate is there and closed at first, with the values the seeds give', () => withTransaction(async (db) => {
  const gates = await rowsOf(db, sql<{ key: string, value: string, open_value: string, is_open: boolean, is_readable: boolean, protects: string }>`
    select key, value, open_value, is_open, is_readable, protects from public.v_iu_gate`)
  expect(Object.fromEntries(gates.map(row => [row.key, row.value]))).toMatchObject({
    'iu_core.composer_enabled': 'false',
    'iu_core.auto_instantiate_enabled': 'false',
    'iu_core.delivery_enabled': 'false',
    'iu_core.three_axis_auto_refresh_enabled': 'false',
    'piece_event_runtime.emit_enabled': 'false',
    'piece_event_runtime.dry_run_only': 'true',
  })
  expect(gates.filter(row => row.is_open || !row.is_readable || row.value === row.open_value || row.protects === '')).toEqual([])
}))

describe('a gate is shown', () => {
  test.each([['true', true, true], ['false', false, true], ['yes', false, false], ['', false, false], [null, false, false]])(
    'with value %o: open %s, readable %s', (value, is_open, is_readable) => withTransaction(async (db) => {
      await setConfig(db, COMPOSER_GATE, value)
      expect(await gate(db, COMPOSER_GATE)).toMatchObject({ value, is_open, is_readable })
    }))

  test.each([['false', true, true], ['true', false, true], ['no', false, false], [null, false, false]])(
    'that false opens, with value %o: open %s, readable %s', (value, is_open, is_readable) => withTransaction(async (db) => {
      await setConfig(db, DRY_RUN_ONLY, value)
      expect(await gate(db, DRY_RUN_ONLY)).toMatchObject({ open_value: 'false', value, is_open, is_readable })
    }))

  test('without a row: closed, not readable, with the change that took it away', () => withTransaction(async (db) => {
    await sql`delete from public.dot_config where key = ${COMPOSER_GATE}`.execute(db)
    expect(await gate(db, COMPOSER_GATE)).toMatchObject({ value: null, is_open: false, is_readable: false, changed_from: 'false' })
  }))

  test('as the function that guards writes sees it, whatever the value', () => withTransaction(async (db) => {
    for (const value of ['true', 'false', 'TRUE', ' true', 'yes', '', null]) {
      for (const key of [COMPOSER_GATE, DRY_RUN_ONLY]) {
        await setConfig(db, key, value)
        expect(await gate(db, key)).toMatchObject({ is_open: await call(db, 'fn_iu_gate_is_open', { p_key: key }) })
      }
    }
  }))

  test('with its last change only: who, why, from what value', () => withTransaction(async (db) => {
    await call(db, 'fn_iu_gate_set', { p_key: COMPOSER_GATE, p_open: true, p_actor: 'earlier', p_reason: 'bulk run' })
    await call(db, 'fn_iu_gate_set', { p_key: COMPOSER_GATE, p_open: false, p_actor: ACTOR, p_reason: 'done' })
    const { changed_at, ...row } = await gate(db, COMPOSER_GATE) as { changed_at: string }
    expect(row).toMatchObject({ changed_by: ACTOR, change_reason: 'done', changed_from: 'true' })
    expect(Math.abs(Date.now() - Date.parse(changed_at))).toBeLessThan(60_000)
  }))
})

import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { COMPOSER_GATE, call, openGates, setConfig } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const DRY_RUN_ONLY = 'piece_event_runtime.dry_run_only'
const isOpen = (db: Trx, key: string) => call(db, 'fn_iu_gate_is_open', { p_key: key })

describe('a gate', () => {
  test.each([['true', true], ['false', false], ['TRUE', false], [' true', false], ['1', false], ['yes', false], ['', false], [null, false]])(
    'whose value is %o is open: %s', (value, open) => withTransaction(async (db) => {
      await setConfig(db, COMPOSER_GATE, value)
      expect(await isOpen(db, COMPOSER_GATE)).toBe(open)
    }))

  test.each([['false', true], ['true', false], ['FALSE', false], ['no', false], ['0', false], ['', false], [null, false]])(
    'that false opens and whose value is %o is open: %s', (value, open) => withTransaction(async (db) => {
      await setConfig(db, DRY_RUN_ONLY, value)
      expect(await isOpen(db, DRY_RUN_ONLY)).toBe(open)
    }))

  test.each([COMPOSER_GATE, DRY_RUN_ONLY])('%s without a row is closed', key => withTransaction(async (db) => {
    await sql`delete from public.dot_config where key = ${key}`.execute(db)
    expect(await isOpen(db, key)).toBe(false)
  }))

  test('that is not registered is closed, whatever dot_config says', () => withTransaction(async (db) => {
    await setConfig(db, 'iu_core.no_such_gate', 'true')
    expect(await isOpen(db, 'iu_core.no_such_gate')).toBe(false)
  }))

  test('can be read in a read-only transaction', () => withTransaction(async (db) => {
    await openGates(db, COMPOSER_GATE)
    await sql`set transaction read only`.execute(db)
    expect(await isOpen(db, COMPOSER_GATE)).toBe(true)
    expect(await isOpen(db, DRY_RUN_ONLY)).toBe(false)
    expect(await call(db, 'fn_iu_composer_enabled')).toBe(true)
  }))

  test('of the composer is what fn_iu_composer_enabled answers', () => withTransaction(async (db) => {
    expect(await call(db, 'fn_iu_composer_enabled')).toBe(false)
    await openGates(db, COMPOSER_GATE)
    expect(await call(db, 'fn_iu_composer_enabled')).toBe(true)
  }))
})

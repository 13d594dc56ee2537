import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ACTOR, COMPOSER_GATE, LIVE_GATE, call, openGates, rowsOf, setConfig, unusableTexts } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const DRY_RUN_ONLY = 'piece_event_runtime.dry_run_only'
const signed = { p_actor: ACTOR, p_reason: 'one run' }
const open = (db: Trx, keys: string[]) => call<unknown[]>(db, 'fn_iu_gates_open', { p_keys: keys, ...signed })
const putBack = (db: Trx, opened: unknown[]) => call(db, 'fn_iu_gates_put_back', { p_opened: JSON.stringify(opened), ...signed })

const config = (db: Trx) => rowsOf(db, sql`select key, value from public.dot_config order by key`)
const isOpen = (db: Trx, key: string) => call(db, 'fn_iu_gate_is_open', { p_key: key })
const changesOf = (db: Trx, key: string) => rowsOf(db, sql`
  select old_value, new_value, changed_by, reason from public.dot_config_change where key = ${key} order by id`)

describe('opening gates for one transaction', () => {
  test('opens those that are closed, by key, and says what they were', () => withTransaction(async (db) => {
    expect(await open(db, [DRY_RUN_ONLY, COMPOSER_GATE, LIVE_GATE])).toEqual([
      { key: LIVE_GATE, was: 'false', existed: true },
      { key: COMPOSER_GATE, was: 'false', existed: true },
      { key: DRY_RUN_ONLY, was: 'true', existed: true },
    ])
    for (const key of [DRY_RUN_ONLY, COMPOSER_GATE, LIVE_GATE]) expect(await isOpen(db, key)).toBe(true)
  }))

  test('leaves a gate alone that is open, and putting back leaves it open', () => withTransaction(async (db) => {
    await openGates(db, COMPOSER_GATE)
    const recorded = await changesOf(db, COMPOSER_GATE)
    const opened = await open(db, [COMPOSER_GATE, LIVE_GATE])
    expect(opened).toEqual([{ key: LIVE_GATE, was: 'false', existed: true }])
    await putBack(db, opened)
    expect(await isOpen(db, COMPOSER_GATE)).toBe(true)
    expect(await isOpen(db, LIVE_GATE)).toBe(false)
    expect(await changesOf(db, COMPOSER_GATE)).toEqual(recorded)
  }))

  test('opens nothing else: not other gates, not keys that are no gates', () => withTransaction(async (db) => {
    const before = await config(db)
    expect(await open(db, ['iu_core.delivery_live_routes', 'iu_core.no_such_gate'])).toEqual([])
    expect(await config(db)).toEqual(before)
  }))
})

describe('putting gates back', () => {
  const cases: [string, (db: Trx) => Promise<unknown>][] = [
    ['was closed', async () => {}],
    ['was NULL', db => setConfig(db, COMPOSER_GATE, null)],
    ['was unreadable', db => setConfig(db, COMPOSER_GATE, 'Yes, please')],
    ['was missing', db => sql`delete from public.dot_config where key = ${COMPOSER_GATE}`.execute(db)],
  ]
  test.each(cases)('restores exactly a gate that %s', (_, prepare) => withTransaction(async (db) => {
    await prepare(db)
    const before = await config(db)
    const opened = await open(db, [COMPOSER_GATE, DRY_RUN_ONLY])
    expect(await isOpen(db, COMPOSER_GATE)).toBe(true)
    await putBack(db, opened)
    expect(await config(db)).toEqual(before)
  }))

  test.each(cases)('records both changes of a gate that %s under the actor who ran', (_, prepare) => withTransaction(async (db) => {
    await prepare(db)
    const [before] = await rowsOf(db, sql<{ value: string | null }>`select value from public.dot_config where key = ${COMPOSER_GATE}`)
    const was = before?.value ?? null
    const recorded = await changesOf(db, COMPOSER_GATE)
    await putBack(db, await open(db, [COMPOSER_GATE]))
    const by = { changed_by: ACTOR, reason: 'one run' }
    expect(await changesOf(db, COMPOSER_GATE)).toEqual([
      ...recorded,
      { old_value: was, new_value: 'true', ...by },
      { old_value: 'true', new_value: was, ...by },
    ])
  }))

  test('of nothing changes nothing', () => withTransaction(async (db) => {
    const before = await config(db)
    await putBack(db, [])
    expect(await config(db)).toEqual(before)
  }))
})

describe('an actor or reason that cannot be recorded', () => {
  const cases: [string, { p_actor?: string | null, p_reason?: string }][] = [
    ...unusableTexts(128).map(([what, p_actor]) => [`an actor that is ${what}`, { p_actor }] as [string, { p_actor: string | null }]),
    ['a reason that is too long', { p_reason: 'r'.repeat(2001) }],
  ]
  const INVALID = { code: '22023' }

  test.each(cases)('%s opens nothing', (_, wrong) => withTransaction(async (db) => {
    const before = await config(db)
    await sql`savepoint asked`.execute(db)
    await expect(call(db, 'fn_iu_gates_open', { p_keys: [COMPOSER_GATE], ...signed, ...wrong })).rejects.toMatchObject(INVALID)
    await sql`rollback to savepoint asked`.execute(db)
    expect(await config(db)).toEqual(before)
  }))

  test.each(cases)('%s lets nothing commit with a gate left open', (_, wrong) => withTransaction(async (db) => {
    const opened = JSON.stringify(await open(db, [COMPOSER_GATE]))
    await sql`savepoint asked`.execute(db)
    await expect(call(db, 'fn_iu_gates_put_back', { p_opened: opened, ...signed, ...wrong })).rejects.toMatchObject(INVALID)
    await expect(sql`select 1`.execute(db)).rejects.toThrow(/transaction is aborted/)
    await sql`rollback to savepoint asked`.execute(db)
  }))
})

import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { addCollection, addPiece, call, contents, expectError, expectRefusal, removePiece } from '../fixtures'
import { addAxisPiece, envelope, errorLog, refreshLog } from '../envelope-fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const REFRESH = 'fn_iu_three_axis_envelope_refresh'
const IF_STALE = 'fn_iu_three_axis_envelope_refresh_if_stale'

const refresh = (db: Trx) => call(db, REFRESH, { p_trigger: 'a test' })
const ifStale = (db: Trx) => call(db, IF_STALE, { p_trigger: 'a test' })
const perAxis = (dieu28: number, dieu32 = 0, dieu35 = 0) => ({ 'DIEU-28': dieu28, 'DIEU-32': dieu32, 'DIEU-35': dieu35 })

describe('a refresh', () => {
  test('covers the active pieces of each axis and no others, with its gate closed', () => withTransaction(async (db) => {
    const [a28, b28, a35] = [await addAxisPiece(db), await addAxisPiece(db), await addAxisPiece(db, 'dieu-35')]
    await addAxisPiece(db, 'dieu-28', 'retired')
    await addAxisPiece(db, 'dieu-281')
    await addPiece(db)
    expect(await refresh(db)).toEqual({ status: 'ok', refreshed: true, rows_per_axis: perAxis(2, 0, 1), rows_added: 3, rows_changed: 0, rows_removed: 0 })
    expect(await envelope(db)).toEqual([
      ...[a28, b28].sort().map(iu_id => ({ axis_key: 'DIEU-28', iu_id, collection_ids: [] })),
      { axis_key: 'DIEU-35', iu_id: a35, collection_ids: [] },
    ])
  }))

  test('tells the active collections that a piece is an active member of', () => withTransaction(async (db) => {
    const piece = await addAxisPiece(db)
    const [one, two, left, retired] = [await addCollection(db, [piece]), await addCollection(db, [piece]), await addCollection(db, [piece]), await addCollection(db, [piece])]
    await removePiece(db, left, piece)
    await sql`update public.iu_piece_collection set collection_status = 'retired' where id = ${retired}`.execute(db)
    await refresh(db)
    expect(await envelope(db)).toEqual([{ axis_key: 'DIEU-28', iu_id: piece, collection_ids: [one, two].sort() }])
  }))

  test('writes what has changed since the last one, and only that', () => withTransaction(async (db) => {
    const [stays, goes, moves] = [await addAxisPiece(db), await addAxisPiece(db), await addAxisPiece(db, 'dieu-32')]
    await refresh(db)
    await sql`update public.information_unit set lifecycle_status = 'superseded' where id = ${goes}`.execute(db)
    const collection = await addCollection(db, [moves])
    const comes = await addAxisPiece(db)
    expect(await refresh(db)).toMatchObject({ rows_added: 1, rows_changed: 1, rows_removed: 1, rows_per_axis: perAxis(2, 1) })
    expect(await envelope(db)).toEqual([
      ...[stays, comes].sort().map(iu_id => ({ axis_key: 'DIEU-28', iu_id, collection_ids: [] })),
      { axis_key: 'DIEU-32', iu_id: moves, collection_ids: [collection] },
    ])
  }))

  test('follows the axes: a piece may lie on two, and an axis that is gone takes its rows along', () => withTransaction(async (db) => {
    const piece = await addAxisPiece(db)
    await sql`insert into public.iu_three_axis (axis_key, title, address_pattern) values ('LAW', 'All law', 'law/%')`.execute(db)
    expect(await refresh(db)).toMatchObject({ rows_per_axis: { ...perAxis(1), LAW: 1 } })
    await sql`delete from public.iu_three_axis where axis_key = 'DIEU-28'`.execute(db)
    expect(await refresh(db)).toMatchObject({ rows_removed: 1 })
    expect(await envelope(db)).toEqual([{ axis_key: 'LAW', iu_id: piece, collection_ids: [] }])
  }))

  test('is logged each time, with its trigger', () => withTransaction(async (db) => {
    await addAxisPiece(db)
    await refresh(db)
    await refresh(db)
    const row = { trigger_name: 'a test', rows_per_axis: perAxis(1), rows_changed: 0, rows_removed: 0 }
    expect(await refreshLog(db)).toEqual([{ ...row, rows_added: 1 }, { ...row, rows_added: 0 }])
    expect(await errorLog(db)).toEqual([])
  }))
})

describe('a refresh if stale', () => {
  test('refreshes what differs, and then writes nothing', () => withTransaction(async (db) => {
    await addAxisPiece(db)
    expect(await ifStale(db)).toMatchObject({ status: 'ok', refreshed: true, rows_added: 1 })
    const before = await contents(db)
    expect(await ifStale(db)).toEqual({ status: 'ok', refreshed: false })
    expect(await contents(db)).toEqual(before)
  }))

  const changes: [string, (db: Trx, piece: string, collection: string) => Promise<unknown>][] = [
    ['a new piece', db => addAxisPiece(db)],
    ['a piece that is no longer active', (db, piece) => sql`update public.information_unit set lifecycle_status = 'retired' where id = ${piece}`.execute(db)],
    ['a new address', (db, piece) => sql`update public.information_unit set canonical_address = 'elsewhere' where id = ${piece}`.execute(db)],
    ['a new membership', (db, piece) => addCollection(db, [piece])],
    ['a membership that was removed', (db, piece, collection) => removePiece(db, collection, piece)],
    ['a collection that was retired', (db, _, collection) => sql`update public.iu_piece_collection set collection_status = 'retired' where id = ${collection}`.execute(db)],
    ['an axis with another pattern', db => sql`update public.iu_three_axis set address_pattern = 'other/%' where axis_key = 'DIEU-28'`.execute(db)],
    ['a hand in the cache', db => sql`delete from public.iu_three_axis_envelope`.execute(db)],
  ]
  test.each(changes)('sees %s', (_, change) => withTransaction(async (db) => {
    const piece = await addAxisPiece(db)
    const collection = await addCollection(db, [piece])
    await refresh(db)
    await change(db, piece, collection)
    expect(await ifStale(db)).toMatchObject({ refreshed: true })
    expect(await ifStale(db)).toMatchObject({ refreshed: false })
  }))

  test('does not mind what is none of the axes\' business', () => withTransaction(async (db) => {
    const [piece, other] = [await addAxisPiece(db), await addPiece(db)]
    await refresh(db)
    await sql`update public.information_unit set title = 'Another title', body = 'Another text' where id = ${piece}`.execute(db)
    await sql`update public.information_unit set lifecycle_status = 'retired' where id = ${other}`.execute(db)
    await addCollection(db, [await addPiece(db)])
    expect(await ifStale(db)).toEqual({ status: 'ok', refreshed: false })
  }))
})

test.each([REFRESH, IF_STALE])('%s needs the name of what triggered it', name => withTransaction(async (db) => {
  for (const p_trigger of [null, '', ' \t', 't'.repeat(129)]) await expectRefusal(db, name, { p_trigger }, { status: 'invalid_input', field: 'p_trigger' })
}))

test('an axis is never a pattern that LIKE cannot read', () => withTransaction(async (db) => {
  await expectError(db, sql`update public.iu_three_axis set address_pattern = ${'law\\'}`, /iu_three_axis_pattern_complete/)
}))

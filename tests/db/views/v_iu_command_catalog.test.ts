import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { COMPOSER_GATE, call, oneRow, rowsOf, setConfig } from '../fixtures'
import { rollbackTo } from '../../../server/cli/migrator'
import { withDatabase, withTransaction } from '../../helpers/db'
import type { Db } from '../../../server/db/client'

const show = (db: Db, name: string) => oneRow(db, sql<Record<string, unknown>>`select * from public.v_iu_command_catalog where command_name = ${name}`)

const run = {
  command_name: 'dot_iu_compose', phase: 'run', operator: 'first', actor: 'a', reason: null, parameters: {}, dry_run: false, status: 'ok',
  refused: false, result: {}, effects: null, preview_id: null, started_at: new Date().toISOString(), duration_ms: 1,
}
const record = (db: Db, over: object) => call<string>(db, 'fn_iu_command_run_record', { p_run: JSON.stringify({ ...run, ...over }) })

test('names the targets that are missing', () => withTransaction(async (db) => {
  expect((await show(db, 'dot_iu_compose')).missing_functions).toEqual([])
  await sql`alter function public.fn_iu_compose(text, text, text, text, jsonb, text) rename to fn_iu_elsewhere`.execute(db)
  expect((await show(db, 'dot_iu_compose')).missing_functions).toEqual(['fn_iu_compose'])
}))

test('names the gates that are closed: by their value, missing, or the other way round', () => withTransaction(async (db) => {
  const closed = async (name: string) => (await show(db, name)).closed_gates
  expect(await closed('dot_iu_compose')).toEqual([COMPOSER_GATE])
  await setConfig(db, COMPOSER_GATE, 'true')
  expect(await closed('dot_iu_compose')).toEqual([])
  await sql`delete from public.dot_config where key = ${COMPOSER_GATE}`.execute(db)
  expect(await closed('dot_iu_compose')).toEqual([COMPOSER_GATE])
  await setConfig(db, 'piece_event_runtime.dry_run_only', 'false')
  expect(await closed('dot_iu_piece_emit_event')).toEqual(['piece_event_runtime.emit_enabled'])
}))

test('shows the last run, not the last preview, and counts the runs of a day', () => withTransaction(async (db) => {
  expect(await show(db, 'dot_iu_compose')).toMatchObject({ last_run_id: null, last_run_at: null, runs_last_day: 0 })
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()
  await record(db, { started_at: hoursAgo(30) })
  await record(db, { started_at: hoursAgo(2) })
  const last = await record(db, { started_at: hoursAgo(1), operator: 'second', status: 'composer_gate_closed', refused: true })
  await record(db, { phase: 'preview', started_at: hoursAgo(0), operator: 'third' })
  expect(await show(db, 'dot_iu_compose')).toMatchObject({
    last_run_id: last, last_run_status: 'composer_gate_closed', last_run_refused: true, last_run_operator: 'second', runs_last_day: 2,
  })
}))

test('shows the 26 governed commands and the six of the console, told apart, each once', () => withTransaction(async (db) => {
  const names = async (governed: boolean) => (await rowsOf(db, sql<{ command_name: string }>`
    select command_name from public.v_iu_command_catalog where governed = ${governed} order by 1`)).map(row => row.command_name)
  expect(await names(true)).toHaveLength(26)
  expect(await names(false)).toEqual([
    'dot_iu_collection_import', 'dot_iu_delivery_live_routes_set', 'dot_iu_event_type_internal_only_set', 'dot_iu_lineage_soft_erase',
    'dot_iu_retention_policy_set', 'dot_iu_route_set_active',
  ])
  const own = await names(false)
  expect((await names(true)).filter(name => own.includes(name))).toEqual([])
}))

test('the commands that were retargeted get their old targets back', () => withDatabase(async ({ db }) => {
  const targets = async () => Object.fromEntries((await rowsOf(db, sql<{ command_name: string, target_functions: string[] }>`
    select command_name, target_functions from public.v_iu_command_catalog where command_name in ('dot_iu_scaleout', 'dot_iu_healthcheck')`))
    .map(row => [row.command_name, row.target_functions]))
  expect(await targets()).toEqual({ dot_iu_scaleout: ['fn_iu_auto_instantiate_scaleout'], dot_iu_healthcheck: ['fn_iu_core_healthcheck'] })
  await rollbackTo(db, 42)
  expect(await targets()).toEqual({ dot_iu_scaleout: ['fn_iu_auto_instantiate_from_event'], dot_iu_healthcheck: ['fn_iu_collection_healthcheck'] })
}))

test('a dry run needs no gate that the command does not name', () => withTransaction(async (db) => {
  const dry = await rowsOf(db, sql<Record<string, unknown>>`
    select command_name, dry_run_gates from public.v_iu_command_catalog where dry_run_gates <> '{}' order by 1`)
  expect(dry).toEqual([
    { command_name: 'dot_iu_auto_instantiate_from_event', dry_run_gates: [COMPOSER_GATE] },
    { command_name: 'dot_iu_piece_emit_event', dry_run_gates: ['piece_event_runtime.emit_enabled'] },
    { command_name: 'dot_iu_scaleout', dry_run_gates: [COMPOSER_GATE] },
  ])
  for (const table of ['public.dot_iu_command_catalog', 'console.command']) {
    await sql`savepoint before_error`.execute(db)
    await expect(sql`update ${sql.table(table)} set dry_run_gates = '{iu_core.nothing}'`.execute(db)).rejects.toThrow('dry_run_needs_less')
    await sql`rollback to savepoint before_error`.execute(db)
  }
}))

test('every gate that a command names is one', () => withTransaction(async (db) => {
  expect(await rowsOf(db, sql`
    select c.command_name, needed.key from public.v_iu_command_catalog c, unnest(c.gates) as needed (key)
    where not exists (select from public.iu_gate g where g.key = needed.key)`)).toEqual([])
}))

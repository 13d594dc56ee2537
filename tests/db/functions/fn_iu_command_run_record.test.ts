import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ACTOR, call, expectError, oneRow } from '../fixtures'
import { withTransaction } from '../../helpers/db'

const run = {
  command_name: 'dot_iu_auto_instantiate_from_event', phase: 'preview', operator: 'operator', actor: ACTOR, reason: null,
  parameters: { suffix: 'one' }, dry_run: true, status: 'ok', refused: false, result: { status: 'ok' }, effects: null,
  preview_id: null, started_at: '2026-05-25T04:40:33.123456Z', duration_ms: 12.5,
}

test('a preview and the run that followed it are recorded with every column, and shown', () => withTransaction(async (db) => {
  const previewId = await call<string>(db, 'fn_iu_command_run_record', { p_run: JSON.stringify(run) })
  const runId = await call<string>(db, 'fn_iu_command_run_record', { p_run: JSON.stringify({ ...run, phase: 'run', dry_run: false, preview_id: previewId }) })
  expect(await oneRow(db, sql`select * from public.v_iu_command_run where id = ${previewId}`)).toEqual({ id: previewId, ...run })
  expect(await oneRow(db, sql`select phase, dry_run, preview_id from public.v_iu_command_run where id = ${runId}`))
    .toEqual({ phase: 'run', dry_run: false, preview_id: previewId })
}))

test('only a run has a preview, and there are only previews and runs', () => withTransaction(async (db) => {
  const record = (values: object) => sql`select public.fn_iu_command_run_record(${JSON.stringify({ ...run, ...values })})`
  const previewId = await call<string>(db, 'fn_iu_command_run_record', { p_run: JSON.stringify(run) })
  await expectError(db, record({ preview_id: previewId }), /dot_iu_command_run_preview_of_run/)
  await expectError(db, record({ phase: 'rehearsal' }), /dot_iu_command_run_phase_known/)
}))

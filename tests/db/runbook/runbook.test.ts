import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { replay } from '../../../server/cli/demo'
import { migrateToLatest, rollbackTo } from '../../../server/cli/migrator'
import { dumpSchema } from '../../../server/cli/schema-dump'
import type { Db } from '../../../server/db/client'
import { seededDatabase } from '../../helpers/db'
import { TEMPLATES } from '../replay/figures'
import { fingerprint } from '../replay/fingerprint'
import { inSession, recipe, runAsPsql } from './session'

/** The database that the operators work on: the demo dataset and the replayed operation. */
const production = (work: (own: { db: Db, url: string }) => Promise<void>) => seededDatabase(async (own) => {
  await replay(own.db)
  await work(own)
})

async function idOf(db: Db, key: string) {
  const { rows: [collection] } = await sql<{ id: string }>`select id from public.iu_piece_collection where collection_key = ${key}`.execute(db)
  return collection!.id
}

const exists = async (db: Db, name: string) => {
  const { rows: [found] } = await sql<{ exists: boolean }>`select to_regclass(${name}) is not null as exists`.execute(db)
  return found!.exists
}

describe('1. template versioning', () => {
  const answers = (results: unknown) => (results as { rows: Record<string, { status: string }>[] }[])
    .flatMap(result => result.rows).map(row => Object.values(row)[0]!)

  test('register v1 and v2 and retire, where the templates have no chain yet', () => production(async ({ db, url }) => {
    const [v1, v2] = [await idOf(db, 'tpl:wf:onboarding/v1'), await idOf(db, 'tpl:wf:onboarding/v2')]
    await sql`delete from public.iu_collection_template_version where template_family = 'tpl:wf:onboarding'`.execute(db)
    await inSession(url, async (session) => {
      const results = await session.query(recipe('register-version', {
        '<v1_collection_id>': v1, '<v2_collection_id>': v2, '<collection_id>': v1, '<actor>': 'release-engineer', '<reason>': 'replaced',
      }))
      expect(answers(results)).toMatchObject([
        { status: 'ok', version_seq: 1, already_registered: false },
        { status: 'ok', version_seq: 2, already_registered: false, superseded_previous: true },
        { status: 'ok', was: 'superseded', already_retired: false },
      ])
    })
    const { rows } = await sql`
      select version_label, version_status, registered_by, retired_by, retire_reason, family_chain_length
      from public.v_iu_template_version_chain where template_family = 'tpl:wf:onboarding' order by version_seq`.execute(db)
    expect(rows).toEqual([
      { version_label: 'v1', version_status: 'retired', registered_by: 'release-engineer', retired_by: 'release-engineer', retire_reason: 'replaced', family_chain_length: 2 },
      { version_label: 'v2', version_status: 'current', registered_by: 'release-engineer', retired_by: null, retire_reason: null, family_chain_length: 2 },
    ])
  }))

  test('run again on the chain that is there, it changes nothing but the retirement', () => production(async ({ db, url }) => {
    const [v1, v2] = [await idOf(db, 'tpl:wf:onboarding/v1'), await idOf(db, 'tpl:wf:onboarding/v2')]
    await inSession(url, async (session) => {
      const results = await session.query(recipe('register-version', {
        '<v1_collection_id>': v1, '<v2_collection_id>': v2, '<collection_id>': v2, '<actor>': 'release-engineer', '<reason>': 'replaced',
      }))
      expect(answers(results)).toMatchObject([
        { status: 'ok', already_registered: true }, { status: 'ok', already_registered: true }, { status: 'ok', was: 'current' },
      ])
    })
  }))
})

test('2. the observability view, as the runbook reads it', () => production(async ({ url }) => {
  const { rows, fields } = await inSession(url, session => session.query(recipe('observability')))
  expect(fields.map(field => field.name)).toEqual([
    'collection_key', 'template_family', 'version_label', 'version_seq', 'version_status',
    'instance_count', 'digest_matching_instances', 'digest_diverged_instances',
    'active_piece_count', 'template_without_version', 'version_without_template_marker',
  ])
  expect(rows.map(row => ({ key: row.collection_key, status: row.version_status, instances: row.instance_count, matching: row.digest_matching_instances })))
    .toEqual(TEMPLATES.map(({ key, status, instances, matching }) => ({ key, status, instances, matching })))
}))

test('3. bulk instances: every one shares the template\'s digest, and the gate is closed again', () => production(async ({ db, url }) => {
  const template = await idOf(db, 'tpl:wf:onboarding/v2')
  await inSession(url, session => session.query(recipe('bulk-instances', {
    '1..N': '1..3', '<date>': '\'2026-05-26\'', '<title>': 'Onboarding, spring intake', '<desc>': 'Made in bulk', '<actor>': 'release-engineer', '<note>': 'spring',
  })))
  const { rows } = await sql`
    select instance_key, instantiated_by, note, drift_state, instance_digest = base_digest as is_base
    from public.v_iu_template_instance where instance_key like 'tpl-inst:wf:onboarding/2026-05-26-%' order by instance_key`.execute(db)
  expect(rows).toEqual([1, 2, 3].map(n => ({
    instance_key: `tpl-inst:wf:onboarding/2026-05-26-${n}`, instantiated_by: 'release-engineer-bulk', note: 'spring', drift_state: 'in_sync', is_base: true,
  })))
  const { rows: [counts] } = await sql`
    select instance_count, digest_matching_instances, digest_diverged_instances
    from public.v_iu_template_observability where collection_id = ${template}`.execute(db)
  expect(counts).toEqual({ instance_count: 15, digest_matching_instances: 15, digest_diverged_instances: 0 })
  const { rows: changes } = await sql`
    select old_value, new_value, changed_by from public.dot_config_change
    where key = 'iu_core.composer_enabled' order by id desc limit 2`.execute(db)
  expect(changes).toEqual([
    { old_value: 'true', new_value: 'false', changed_by: 'postgres' }, { old_value: 'false', new_value: 'true', changed_by: 'postgres' },
  ])
  const { rows: open } = await sql`select key from public.v_iu_gate where is_open`.execute(db)
  expect(open).toEqual([])
}))

describe('rollback of 032', () => {
  test('refused with version rows and nothing is changed; forced in the same session it goes', () => production(async ({ db, url }) => {
    const [before, schema] = [await fingerprint(db), await dumpSchema(db)]
    await inSession(url, async (session) => {
      const [refused] = await runAsPsql(session, recipe('rollback-032').split('-- if there ARE')[0]!)
      expect(refused).toContain('032 rollback REFUSED: iu_collection_template_version holds live version rows')
      expect(await fingerprint(db)).toEqual(before)
      expect(await runAsPsql(session, recipe('rollback-032'))).toEqual([refused, null])
    })
    expect(await exists(db, 'public.iu_collection_template_version')).toBe(false)
    expect(await exists(db, 'public.v_iu_template_observability')).toBe(false)
    const { iu_collection_template_version: gone, ...others } = before
    expect(gone).toBeDefined()
    expect(await fingerprint(db)).toEqual(others)

    // The runner, which still has it on record, mends what the hand took away.
    await rollbackTo(db, 31, { force: true })
    await migrateToLatest(db)
    expect(await dumpSchema(db)).toBe(schema)
  }))

  test('silent when the chain is empty', () => production(async ({ db, url }) => {
    await sql`delete from public.iu_collection_template_version`.execute(db)
    await inSession(url, async (session) => {
      expect(await runAsPsql(session, recipe('rollback-032').split('-- if there ARE')[0]!)).toEqual([null])
    })
    expect(await exists(db, 'public.iu_collection_template_version')).toBe(false)
  }))
})

test('retire a template version: its row, family and label stay', () => production(async ({ db, url }) => {
  const id = await idOf(db, 'tpl:file:status-report/v2')
  await inSession(url, session => session.query(recipe('retire-version', { '<collection_id>': id, '<actor>': 'release-engineer' })))
  const { rows } = await sql`
    select template_family, version_label, version_status, retire_reason
    from public.iu_collection_template_version where collection_id = ${id}`.execute(db)
  expect(rows).toEqual([{ template_family: 'tpl:file:status-report', version_label: 'v2', version_status: 'retired', retire_reason: 'reason' }])
}))

test('soft-erase a lineage: the collections and their members stay', () => production(async ({ db, url }) => {
  const before = await fingerprint(db)
  const { rowCount } = await inSession(url, session => session.query(recipe('erase-lineage', { '<bulk_actor>': 'iu-core-18000x-bulk' })))
  expect(rowCount).toBe(4)
  const { iu_collection_template_instance_lineage: lineage, ...others } = await fingerprint(db)
  expect(lineage).not.toBe(before.iu_collection_template_instance_lineage)
  expect(before).toMatchObject(others)
  await expect(sql`delete from public.iu_piece_collection where collection_key like 'tpl-inst:wf:%'`.execute(db)).rejects.toThrow('foreign key constraint')
}))

test('the two views of the healthcheck can be read directly', () => production(async ({ url }) => {
  const results = await inSession(url, session => session.query(recipe('healthcheck-views', { '<family>': 'tpl:wf:onboarding' })))
  expect((results as unknown as { rows: unknown[] }[]).map(result => result.rows.length)).toEqual([4, 2])
}))

import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../../server/cli/database'
import { replay, seed } from '../../../server/cli/demo'
import { emptyDatabase, seededDatabase, withDatabase } from '../../helpers/db'
import { SURFACES, countOf, templateTable } from './figures'
import { fingerprint } from './fingerprint'

describe('the closing state of 18000x', () => {
  test('every surface has the rows of the report', () => seededDatabase(async ({ db }) => {
    const counted = await Promise.all(SURFACES.map(async surface => ({ ...surface, rows: await countOf(db, surface) })))
    expect(counted).toEqual(SURFACES.map(surface => ({ ...surface, rows: surface.before })))
  }))

  test('three templates, four instances and three other collections', () => seededDatabase(async ({ db }) => {
    const { rows } = await sql`
      select shown_as, count(*)::int as n from public.v_iu_collection group by shown_as order by shown_as`.execute(db)
    expect(rows).toEqual([{ shown_as: 'collection', n: 3 }, { shown_as: 'instance', n: 4 }, { shown_as: 'template', n: 3 }])
    expect(await templateTable(db)).toEqual([
      { key: 'tpl:file:status-report/v1', label: null, status: null, instances: 0, matching: 0, diverged: 0, without_version: true },
      { key: 'tpl:wf:onboarding/v1', label: 'v1', status: 'superseded', instances: 1, matching: 1, diverged: 0, without_version: false },
      { key: 'tpl:wf:onboarding/v2', label: 'v2', status: 'current', instances: 3, matching: 3, diverged: 0, without_version: false },
    ])
  }))

  test('five pieces in onboarding v2 and in the status report; the onboarding chain drifts', () => seededDatabase(async ({ db }) => {
    const { rows: pieces } = await sql`
      select collection_key, active_piece_count as pieces from public.v_iu_template_observability
      where collection_key in ('tpl:wf:onboarding/v2', 'tpl:file:status-report/v1') order by collection_key`.execute(db)
    expect(pieces).toEqual([
      { collection_key: 'tpl:file:status-report/v1', pieces: 5 },
      { collection_key: 'tpl:wf:onboarding/v2', pieces: 5 },
    ])
    const { rows: chain } = await sql`
      select template_family, version_seq, version_status, family_chain_length, digest_drift_from_previous
      from public.v_iu_template_version_chain order by version_seq`.execute(db)
    const family = { template_family: 'tpl:wf:onboarding', family_chain_length: 2 }
    expect(chain).toEqual([
      { ...family, version_seq: 1, version_status: 'superseded', digest_drift_from_previous: null },
      { ...family, version_seq: 2, version_status: 'current', digest_drift_from_previous: true },
    ])
  }))

  test('every piece carries a text of its own, and nothing dates from the future', () => seededDatabase(async ({ db }) => {
    const { rows: [texts] } = await sql<{ shortest: number, distinct: number }>`
      select min(length(body)) as shortest, count(distinct body)::int as distinct from public.information_unit`.execute(db)
    expect(texts!.shortest).toBeGreaterThan(80)
    expect(texts!.distinct).toBe(174)
    const { rows: dates } = await sql`
      select 'outbox' as of from public.event_outbox where created_at > now()
      union all select 'collection' from public.iu_piece_collection where created_at > now()
      union all select 'lineage' from public.iu_collection_template_instance_lineage where instantiated_at > now()`.execute(db)
    expect(dates).toEqual([])
  }))
})

describe('refusals, which change nothing', () => {
  test('a second seed', () => seededDatabase(async ({ db }) => {
    const before = await fingerprint(db)
    await expect(seed(db)).rejects.toThrow('This substrate is not empty')
    expect(await fingerprint(db)).toEqual(before)
  }))

  test('a seed into a substrate with a single piece', () => withDatabase(async ({ db }) => {
    await sql`insert into public.information_unit (canonical_address, title, body, created_by)
      values ('an/operators/own', 'Their own', 'Their text', 'operator')`.execute(db)
    const before = await fingerprint(db)
    await expect(seed(db)).rejects.toThrow('This substrate is not empty')
    expect(await fingerprint(db)).toEqual(before)
  }))

  test('a seed without the tables', () => emptyDatabase(async ({ db }) => {
    await expect(seed(db)).rejects.toThrow('does not exist')
  }))

  test('a replay where the dataset is not', () => withDatabase(async ({ db }) => {
    const before = await fingerprint(db)
    await expect(replay(db)).rejects.toThrow('The demo dataset is not in this database')
    expect(await fingerprint(db)).toEqual(before)
  }))
})

test('of two seeds at the same time one is refused, and the dataset is there once', () => withDatabase(async ({ db, url }) => {
  const other = openDatabase(url)
  try {
    const outcomes = await Promise.allSettled([seed(db), seed(other)])
    expect(outcomes.map(outcome => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(outcomes.find(outcome => outcome.status === 'rejected')!.reason.message).toContain('This substrate is not empty')
  }
  finally {
    await other.destroy()
  }
  expect(await countOf(db, SURFACES[0])).toBe(174)
}))

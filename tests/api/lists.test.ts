import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { replay } from '../../server/cli/demo'
import { useConsole } from '../helpers/api'
import { compose, get } from './support'
import type { EventLogRow } from '#shared/schemas/event'
import { TemplateFlag, TemplateSort, VersionStatus } from '#shared/schemas/template'
import type { TemplateRow } from '#shared/schemas/template'

const own = useConsole()
const LIMITS = [1, 3, 7, 200]
/** More than any list here holds. */
const MOST_ROWS = 400
const DIRECTIONS = ['asc', 'desc'] as const

/** Marks a new, empty collection as a template, behind the console's back. */
async function addTemplate(key: string, kind = 'workflow') {
  await sql`
    with made as (
      insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by)
      values (${key}, ${kind}, 'Bulk template', 'api-test') returning id)
    insert into public.iu_collection_template_registry (collection_id, is_template, marked_by) select id, true, 'api-test' from made`.execute(own.db)
}

beforeAll(async () => {
  await replay(own.db)
  // Many rows that are equal in every sort column but the last.
  for (let i = 0; i < 12; i++) await addTemplate(`tpl:bulk:${String.fromCharCode(109 - i)}`, i % 2 ? 'file' : 'workflow')
  for (let i = 0; i < 4; i++) await compose(own, { actor: `actor-${i % 2}`, note: 'more rows' })
})

type Row = Record<string, unknown>
type Page = { rows: Row[], total: number, next_cursor: string | null, previous_cursor: string | null }

async function page(path: string, cursor: string | null): Promise<Page> {
  const { status, body } = await get(own, cursor ? `${path}&cursor=${encodeURIComponent(cursor)}` : path)
  expect(status).toBe(200)
  return body
}

/** Goes from the first page to the last and back again. */
async function walk(path: string, between: () => Promise<unknown> = async () => {}) {
  const there: Row[] = []
  let current = await page(path, null)
  expect(current.previous_cursor).toBeNull()
  there.push(...current.rows)
  while (current.next_cursor) {
    if (there.length > MOST_ROWS) throw new Error(`${path} goes round in circles`)
    await between()
    current = await page(path, current.next_cursor)
    there.push(...current.rows)
  }
  const back = [...current.rows]
  while (current.previous_cursor) {
    if (back.length > MOST_ROWS) throw new Error(`${path} goes round in circles backwards`)
    current = await page(path, current.previous_cursor)
    back.unshift(...current.rows)
  }
  return { there, back, total: current.total }
}

const templateKeys: Record<TemplateSort, (row: TemplateRow) => (string | number)[]> = {
  family: row => [row.template_family ?? row.collection_key, -(row.version_seq ?? 0)],
  key: row => [row.collection_key],
  status: row => [row.version_status ?? ''],
  pieces: row => [row.active_piece_count],
  instances: row => [row.instance_count],
  diverged: row => [row.digest_diverged_instances],
  last_instance: row => [row.last_instance_at ?? ''],
}
type TemplateSort = (typeof TemplateSort.options)[number]

/** The order that a sort promises, worked out here: by its key, then by id. */
function ordered<T>(rows: T[], key: (row: T) => (string | number)[], dir: 'asc' | 'desc') {
  const compare = (a: (string | number)[], b: (string | number)[]) => {
    const at = a.findIndex((value, i) => value !== b[i])
    return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1
  }
  const sorted = [...rows].sort((a, b) => compare(key(a), key(b)))
  return dir === 'asc' ? sorted : sorted.reverse()
}

describe('templates', () => {
  const sorts = TemplateSort.options.flatMap(sort => DIRECTIONS.map(dir => ({ sort, dir })))
  const all = async () => (await get(own, '/api/templates?limit=200')).body.rows as TemplateRow[]
  const ids = (rows: Row[]) => rows.map(row => row.collection_id)

  test.each(sorts)('by $sort $dir: each once, in order, forwards and backwards, whatever the limit', async ({ sort, dir }) => {
    const expected = ids(ordered(await all(), row => [...templateKeys[sort](row), row.collection_id], dir))
    expect(expected.length).toBe(16)
    for (const limit of LIMITS) {
      const { there, back, total } = await walk(`/api/templates?sort=${sort}&dir=${dir}&limit=${limit}`)
      expect(ids(there)).toEqual(expected)
      expect(ids(back)).toEqual(expected)
      expect(total).toBe(expected.length)
    }
  })

  test.each([
    ...VersionStatus.options.map(status => [`status=${status}`, (row: TemplateRow) => row.version_status === status] as const),
    ['kind=file', (row: TemplateRow) => row.collection_kind === 'file'] as const,
    ['kind=no-such-kind', () => false] as const,
    ['q=ONBOARDING', (row: TemplateRow) => row.collection_key.includes('onboarding')] as const,
    ['q=weekly%20status', (row: TemplateRow) => row.title === 'Weekly status report'] as const,
    ['q=%25', () => false] as const,
    ['q=_', () => false] as const,
    ['q=%5C', () => false] as const,
    [`flag=${TemplateFlag.enum.without_version}`, (row: TemplateRow) => row.template_without_version] as const,
    [`flag=${TemplateFlag.enum.diverged}`, (row: TemplateRow) => row.digest_diverged_instances > 0] as const,
    [`flag=${TemplateFlag.enum.without_marker}`, (row: TemplateRow) => row.version_without_template_marker] as const,
    ['status=current&kind=file&q=report', (row: TemplateRow) => row.collection_key === 'tpl:file:status-report/v2'] as const,
  ])('%s: rows, totals and exports keep to the filter', async (filter, matches) => {
    const expected = (await all()).filter(matches)
    const { body } = await get(own, `/api/templates?${filter}&limit=2`)
    const sum = (of: (row: TemplateRow) => number) => expected.reduce((n, row) => n + of(row), 0)
    expect(body.total).toBe(expected.length)
    expect(body.totals).toEqual({
      templates: expected.length,
      families: new Set(expected.flatMap(row => row.template_family ?? [])).size,
      instances: sum(row => row.instance_count),
      matching: sum(row => row.digest_matching_instances),
      diverged: sum(row => row.digest_diverged_instances),
      without_version: sum(row => Number(row.template_without_version)),
      without_marker: sum(row => Number(row.version_without_template_marker)),
    })
    const { there } = await walk(`/api/templates?${filter}&limit=2`)
    expect(there).toEqual(expected.map(row => expect.objectContaining(row)))
    expect((await get(own, `/api/templates/export?format=json&${filter}`)).body).toEqual(expected)
  })

  test('a template that has moved shows as diverged, and as lost when its marker is taken off', async () => {
    const v1 = await sql<{ id: string }>`
      update public.iu_collection_template_registry set is_template = false
      where collection_id = (select id from public.iu_piece_collection where collection_key = 'tpl:wf:onboarding/v1')
      returning collection_id as id`.execute(own.db)
    try {
      expect(ids((await get(own, '/api/templates?flag=without_marker')).body.rows)).toEqual(v1.rows.map(row => row.id))
    }
    finally {
      await sql`update public.iu_collection_template_registry set is_template = true where collection_id = ${v1.rows[0]!.id}`.execute(own.db)
    }
  })
})

describe('events', () => {
  const all = async () => (await get(own, '/api/events?limit=200')).body.rows as EventLogRow[]
  const ids = (rows: Row[]) => rows.map(row => row.instance_collection_id)

  test.each(DIRECTIONS)('%s: each once, in order, forwards and backwards, though many have the same time', async (dir) => {
    const rows = await all()
    expect(rows.length).toBe(17)
    expect(new Set(rows.map(row => row.created_at)).size).toBeLessThan(rows.length)
    const expected = ids(ordered(rows, row => [row.created_at, row.instance_collection_id], dir))
    for (const limit of LIMITS) {
      const { there, back } = await walk(`/api/events?dir=${dir}&limit=${limit}`)
      expect(ids(there)).toEqual(expected)
      expect(ids(back)).toEqual(expected)
    }
  })

  test('every filter, alone and with another', async () => {
    const rows = await all()
    const one = rows.at(-1)!
    const cases: [string, (row: EventLogRow) => boolean][] = [
      ['mode=live', row => row.emit_mode === 'live'],
      ['mode=dry_run', row => row.emit_mode === 'dry_run'],
      ['actor=actor-1', row => row.triggered_by === 'actor-1'],
      ['actor=actor', () => false],
      [`template=${one.template_collection_id}`, row => row.template_collection_id === one.template_collection_id],
      [`event=${one.event_id.toUpperCase()}`, row => row.event_id === one.event_id],
      ['match=matching', row => row.digest_matches_template],
      ['match=diverged', row => !row.digest_matches_template],
      ['q=BULK-FILE', row => row.instance_key.includes('bulk-file')],
      [`q=${one.event_id.slice(0, 13)}`, row => row.event_id.startsWith(one.event_id.slice(0, 13))],
      ['mode=dry_run&actor=actor-0', row => row.triggered_by === 'actor-0'],
    ]
    for (const [filter, matches] of cases) {
      const expected = rows.filter(matches)
      const { body } = await get(own, `/api/events?${filter}&limit=200`)
      expect([filter, body.rows, body.total]).toEqual([filter, expected.map(row => expect.objectContaining(row)), expected.length])
      expect((await get(own, `/api/events/export?format=json&${filter}`)).body).toEqual(expected)
    }
  })

  test.each(DIRECTIONS)('%s: rows that are added while somebody reads move none of the others', async (dir) => {
    const before = ids(await all())
    const { there } = await walk(`/api/events?dir=${dir}&limit=4`, () => compose(own, { actor: 'meanwhile' }))
    const seen = ids(there)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter(id => before.includes(id as string))).toEqual(dir === 'desc' ? before : before.toReversed())
  })

  test('the newer count counts what came since, with the filters', async () => {
    const { body: { newest } } = await get(own, '/api/events?limit=1&dir=asc')
    const newer = async (filter = '') => (await get(own, `/api/events/newer?since=${encodeURIComponent(newest)}${filter}`)).body
    expect(await newer()).toEqual({ newer: 0 })
    await compose(own, { actor: 'late-one' })
    await compose(own, { actor: 'late-two' })
    expect(await newer()).toEqual({ newer: 2 })
    expect(await newer('&actor=late-two')).toEqual({ newer: 1 })
    expect(await newer('&mode=live')).toEqual({ newer: 0 })
  })
})

describe('pieces', () => {
  test('175 by address, each once, whatever the limit', async () => {
    const { rows } = await sql<{ id: string }>`select id from public.information_unit order by canonical_address collate "C"`.execute(own.db)
    for (const limit of [13, 50, 200]) {
      const { there, back, total } = await walk(`/api/pieces?limit=${limit}`)
      expect(there.map(row => row.id)).toEqual(rows.map(row => row.id))
      expect(back).toEqual(there)
      expect(total).toBe(175)
    }
  })

  test('an address longer than anybody would write still has a page behind it', async () => {
    const address = `zz/${'ü'.repeat(900)}`
    await sql`insert into public.information_unit (canonical_address, title, body, created_by)
      values (${`${address}1`}, 'Long', 'Long', 'api-test'), (${`${address}2`}, 'Long', 'Long', 'api-test')`.execute(own.db)
    const { there } = await walk('/api/pieces?q=zz/&limit=1')
    expect(there.map(row => row.canonical_address)).toEqual([`${address}1`, `${address}2`])
  })

  test('a piece added while somebody reads moves none of the others', async () => {
    const before = (await get(own, '/api/pieces?limit=200')).body.rows.map((row: Row) => row.id)
    const { there } = await walk('/api/pieces?limit=40', () => sql`
      insert into public.information_unit (canonical_address, title, body, created_by)
      values (${`aaa/${randomUUID()}`}, 'Added', 'Added', 'api-test'), (${`zzz/${randomUUID()}`}, 'Added', 'Added', 'api-test')`.execute(own.db))
    expect(there.map(row => row.id).filter(id => before.includes(id))).toEqual(before)
  })
})

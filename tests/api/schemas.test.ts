import { beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { replay } from '../../server/cli/demo'
import { useConsole } from '../helpers/api'
import { collection, compose, get, orchestration, post, strictly } from './support'
import { Catalog, CommandDetail, RunChoices, RunPage } from '#shared/schemas/command'
import { ActorList, EventPage, EventSummary, NewerCount, OutboxPick } from '#shared/schemas/event'
import { FamilyDetail, FamilyList } from '#shared/schemas/family'
import { GateList } from '#shared/schemas/gate'
import { InstanceDetail } from '#shared/schemas/instance'
import { PieceDetail, PiecePage } from '#shared/schemas/piece'
import { CommandRun, Preview } from '#shared/schemas/run'
import { Overview, SearchResult, Shell } from '#shared/schemas/shell'
import { TemplateDetail, TemplatePage } from '#shared/schemas/template'

const own = useConsole()

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/
const SHA256 = /^[0-9a-f]{64}$/

/** Times that are no ISO strings in UTC and digests that are no SHA-256, by their path in the answer. */
function malformed(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = `${path}.${key}`
    const wrong = typeof inner === 'string'
      && ((/_at$|^as_of$/.test(key) && !ISO.test(inner)) || (/_?digest$/.test(key) && !SHA256.test(inner)))
    return wrong ? [`${here}: ${inner}`] : malformed(inner, here)
  })
}

async function answers(path: string, schema: z.ZodType) {
  const { status, body, headers } = await get(own, path)
  expect(status, path).toBe(200)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(strictly(schema).safeParse(body).error?.issues ?? [], path).toEqual([])
  expect(malformed(body), path).toEqual([])
  return body
}

/** Every list, and every row of every list on its own. */
async function readEverything() {
  const templates = await answers('/api/templates', TemplatePage)
  for (const { collection_id: id } of templates.rows) {
    const { instances, pieces } = await answers(`/api/templates/${id}`, TemplateDetail)
    for (const instance of instances) await answers(`/api/instances/${instance.instance_collection_id}`, InstanceDetail)
    for (const piece of pieces) await answers(`/api/pieces/${piece.iu_id}`, PieceDetail)
  }
  const families = await answers('/api/families', FamilyList)
  for (const family of families.rows) {
    await answers(`/api/families/${encodeURIComponent(family.template_family)}`, FamilyDetail)
  }
  const events = await answers('/api/events', EventPage)
  if (events.newest) await answers(`/api/events/newer?since=${events.newest}`, NewerCount)
  await answers('/api/events/summary', EventSummary)
  await answers('/api/pieces', PiecePage)
  await answers('/api/actors', ActorList)
  await answers('/api/outbox', OutboxPick)
  await answers('/api/search?q=o', SearchResult)
  await answers('/api/gates', GateList)
  await answers('/api/overview', Overview)
  await answers('/api/shell', Shell)
  const { rows: commands } = await answers('/api/commands', Catalog)
  for (const { command_name: name } of commands) await answers(`/api/commands/${name}`, CommandDetail)
  await answers('/api/runs', RunPage)
  await answers('/api/runs/choices', RunChoices)
  return { templates, families, events }
}

describe('the demo dataset', () => {
  test('is read through every route, each answer exactly as its schema says', async () => {
    const { templates, families, events } = await readEverything()
    expect(templates.total).toBe(3)
    expect(families.rows).toHaveLength(1)
    expect(events).toMatchObject({ rows: [], total: 0, newest: null, next_cursor: null, previous_cursor: null })
  })
})

describe('after the replayed operation, a hand edit and a run of each kind', () => {
  beforeAll(async () => {
    await replay(own.db)
    await compose(own, { note: 'composed for the record' })
    const edited = await collection(own.db, 'tpl-inst:auto:25000x-bulk-wf-001')
    await own.db.updateTable('iu_piece_membership').set({ membership_status: 'removed' })
      .where('collection_id', '=', edited).where('piece_order', '=', eb => eb.selectFrom('iu_piece_membership')
        .select(inner => inner.fn.max('piece_order').as('last')).where('collection_id', '=', edited)).execute()
  })

  test('every route still answers as its schema says, with the figures of the operation', async () => {
    const { templates, families, events } = await readEverything()
    expect(templates.totals).toEqual({
      templates: 4, families: 2, instances: 18, matching: 17, diverged: 1, without_version: 0, without_marker: 0,
    })
    expect(families.rows.map((row: { versions: number }) => row.versions)).toEqual([2, 2])
    expect(events.total).toBe(14)
  })

  test('previews, runs and their records', async () => {
    const preview = await post(own, '/api/orchestrations/preview', await orchestration(own.db))
    expect(strictly(Preview).safeParse(preview.body).error?.issues ?? []).toEqual([])
    const run = await post(own, '/api/orchestrations', { preview_id: preview.body.id })
    expect(strictly(CommandRun).safeParse(run.body).error?.issues ?? []).toEqual([])
    const rollback = await post(own, '/api/rollbacks/preview', { actor: 'iu-core-25000x-bulk', dry_run: false })
    expect(strictly(Preview).safeParse(rollback.body).error?.issues ?? []).toEqual([])
    expect(malformed([preview.body, run.body, rollback.body])).toEqual([])
    const { expires_at: _, ...record } = preview.body
    expect(await answers(`/api/runs/${preview.body.id}`, CommandRun)).toEqual(record)
    expect(await answers(`/api/runs/${run.body.id}`, CommandRun)).toEqual(run.body)
    await answers(`/api/runs/${rollback.body.id}`, CommandRun)
  })
})

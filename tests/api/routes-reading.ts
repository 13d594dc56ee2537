import { choice, day, pageMark, pageSize, pathId, pathName, search, sentId, sentJson, sentLine } from './kinds'
import type { ReadingRoute } from './routes'
import { z } from 'zod'
import type { Db } from '../../server/db/client'
import { Account, PersonList, SignInWays, SignedIn } from '#shared/schemas/account'
import { AuditChoices, AuditPage, AuditQuery } from '#shared/schemas/audit'
import { Catalog, CommandDetail, RunChoices, RunPage, RunQuery } from '#shared/schemas/command'
import { ExportQuery } from '#shared/schemas/common'
import { ConformanceReport } from '#shared/schemas/conformance'
import { ActorList, EventPage, EventQuery, EventSummary, NewerCount, NewerQuery, OutboxPick } from '#shared/schemas/event'
import { FamilyDetail, FamilyList } from '#shared/schemas/family'
import { GateList } from '#shared/schemas/gate'
import { HealthReport } from '#shared/schemas/health'
import { InstanceDetail } from '#shared/schemas/instance'
import { CompareQuery, InvariantComparison, InvariantSnapshotList } from '#shared/schemas/invariant'
import { DeliveryOverview, OutboxEventDetail, OutboxPage, OutboxQuery, OutboxSummary } from '#shared/schemas/outbox'
import { PieceDetail, PiecePage, PieceQuery } from '#shared/schemas/piece'
import { RetentionOverview } from '#shared/schemas/retention'
import { CommandRun } from '#shared/schemas/run'
import { ScaleoutProgress } from '#shared/schemas/scaleout'
import { SharedPieces, SharedPiecesQuery, SharingMatrix, SharingQuery } from '#shared/schemas/sharing'
import { Overview, SearchQuery, SearchResult, Shell } from '#shared/schemas/shell'
import { TemplateDetail, TemplatePage, TemplateQuery } from '#shared/schemas/template'

const ANY_ID = '00000000-0000-4000-8000-000000000000'

type Asked = NonNullable<ReadingRoute['asked']>

/** The row of a route. */
const reads = (file: string, answer: ReadingRoute['answer'], more: Partial<ReadingRoute> = {}): ReadingRoute => ({ file, answer, ...more })
/** Every row of a view or table, one address each. */
const each = (view: Parameters<Db['selectFrom']>[0] & string, column: string, name = 'id'): Asked => async (db) => {
  const rows = await db.selectFrom(view as 'v_iu_piece').select(column as 'id').limit(60).execute()
  return rows.map(row => ({ params: { [name]: (row as Record<string, string>)[column]! } }))
}
const byId = { path: { id: pathId } }
const one = (query: string): Asked => async () => [{ query }]

const paged = { cursor: pageMark, limit: pageSize }
const events = { q: search, mode: choice, actor: search, template: sentId, event: sentId, match: choice }
const outbox = { ...paged, q: search, domain: search, type: search, actor: search, state: choice, dir: choice }
const runs = { ...paged, q: search, command: search, operator: search, actor: search, phase: choice, outcome: choice, within: choice, on: day }
const audit = { ...paged, q: search, kind: search, who: search, outcome: choice, within: choice }
const templates = { ...paged, q: search, status: choice, kind: search, flag: choice, sort: choice, dir: choice }
const pieces = { ...paged, q: search, status: choice, held: choice }
const searching = { query: { schema: SearchQuery, fields: { q: search } } }
/** A list's filters on its file too; it has no pages, so a page mark is ignored. */
const exported = (schema: z.ZodObject, fields: NonNullable<ReadingRoute['query']>['fields']) =>
  ({ query: { schema: schema.extend(ExportQuery.shape), fields: { ...fields, cursor: { wrong: ['x'.repeat(4001)] }, format: choice } }, asked: async () => [{ query: 'format=csv' }, { query: 'format=json' }] })

export const READING: ReadingRoute[] = [
  reads('account/index.get', Account),
  reads('audit/index.get', AuditPage, { query: { schema: AuditQuery, fields: audit } }),
  reads('audit/choices.get', AuditChoices),
  reads('audit/export.get', 'file', exported(AuditQuery, audit)),
  reads('people/index.get', PersonList),
  reads('session/index.get', SignedIn),
  reads('session/ways.get', SignInWays),
  reads('actors.get', ActorList, searching),
  reads('commands/index.get', Catalog),
  reads('commands/[name].get', CommandDetail, { path: { name: pathName(200) }, asked: each('dot_iu_command_catalog', 'command_name', 'name') }),
  reads('conformance.get', ConformanceReport),
  reads('events/index.get', EventPage, { query: { schema: EventQuery, fields: { ...paged, ...events, dir: choice } } }),
  reads('events/export.get', 'file', exported(EventQuery, { ...paged, ...events, dir: choice })),
  reads('events/newer.get', NewerCount, {
    query: { schema: NewerQuery, fields: { ...events, since: pageMark }, needed: { since: 'x' } },
    asked: async () => [],
  }),
  reads('events/summary.get', EventSummary),
  reads('families/index.get', FamilyList),
  reads('families/[family].get', FamilyDetail, { path: { family: pathName(200) }, asked: each('v_iu_template_family', 'template_family', 'family') }),
  reads('gates/index.get', GateList),
  reads('health/live.get', z.object({ status: z.literal('ok') })),
  reads('health/ready.get', z.object({ status: z.literal('ok') })),
  reads('health/report.get', HealthReport),
  reads('instances/[id].get', InstanceDetail, { ...byId, asked: each('v_iu_template_instance', 'instance_collection_id') }),
  reads('invariants/index.get', InvariantSnapshotList),
  reads('invariants/compare.get', InvariantComparison, {
    query: { schema: CompareQuery, fields: { from: sentLine(128), to: sentLine(128), expected: sentJson }, needed: { from: 'no-such-snapshot' } },
    asked: async db => (await db.selectFrom('v_iu_invariant_snapshot').select('name').execute())
      .map(({ name }) => ({ query: `from=${encodeURIComponent(name!)}&expected=${encodeURIComponent('{"information_unit":1}')}` })),
  }),
  reads('outbox.get', OutboxPick, searching),
  reads('outbox/delivery.get', DeliveryOverview),
  reads('outbox/events/index.get', OutboxPage, { query: { schema: OutboxQuery, fields: outbox } }),
  reads('outbox/events/[id].get', OutboxEventDetail, { ...byId, asked: each('v_iu_outbox', 'id') }),
  reads('outbox/events/export.get', 'file', exported(OutboxQuery, outbox)),
  reads('outbox/summary.get', OutboxSummary),
  reads('overview.get', Overview),
  reads('pieces/index.get', PiecePage, { query: { schema: PieceQuery, fields: pieces } }),
  reads('pieces/export.get', 'file', exported(PieceQuery, pieces)),
  reads('pieces/[id].get', PieceDetail, { ...byId, asked: each('v_iu_piece', 'id') }),
  reads('retention/index.get', RetentionOverview),
  reads('runs/index.get', RunPage, { query: { schema: RunQuery, fields: runs } }),
  reads('runs/[id].get', CommandRun, { ...byId, asked: each('dot_iu_command_run', 'id') }),
  reads('runs/choices.get', RunChoices),
  reads('runs/export.get', 'file', exported(RunQuery, runs)),
  reads('scaleouts/[id].get', ScaleoutProgress, { ...byId, asked: async () => [{ params: { id: ANY_ID } }] }),
  reads('search.get', SearchResult, { ...searching, asked: one('q=o') }),
  reads('sharing/index.get', SharingMatrix, { query: { schema: SharingQuery, fields: { q: search } } }),
  reads('sharing/pieces.get', SharedPieces, {
    query: { schema: SharedPiecesQuery, fields: { one: sentId, other: sentId }, needed: { one: ANY_ID, other: ANY_ID } },
    asked: async (db) => {
      const ids = (await db.selectFrom('v_iu_template_observability').select('collection_id').execute()).map(row => row.collection_id)
      return ids.slice(1).map(other => ({ query: `one=${ids[0]}&other=${other}` }))
    },
  }),
  reads('shell.get', Shell),
  reads('templates/index.get', TemplatePage, { query: { schema: TemplateQuery, fields: templates } }),
  reads('templates/[id].get', TemplateDetail, { ...byId, asked: each('v_iu_template_observability', 'collection_id') }),
  reads('templates/export.get', 'file', exported(TemplateQuery, templates)),
  reads('text-as-code/[id].get', 'file', { ...byId, asked: each('iu_piece_collection', 'id') }),
]

/** A list issues as many statements for 300 instances as for 3: none of them asks once for each row. */
import { type KyselyPlugin, sql } from 'kysely'
import { expect, test } from 'vitest'
import { listCommands } from '../../server/db/command-catalog'
import type { Db } from '../../server/db/client'
import { exportEvents, listActors, listEvents, pickOutboxEvents, summariseEvents } from '../../server/db/events'
import { getFamily, listFamilies } from '../../server/db/families'
import { listGates } from '../../server/db/gates'
import { reportHealth } from '../../server/db/health'
import { getInstance } from '../../server/db/instances'
import { listSnapshots } from '../../server/db/invariants'
import { deliveryOverview, exportOutbox, listOutbox, summariseOutbox } from '../../server/db/outbox'
import { getPiece, listPieces } from '../../server/db/pieces'
import { retentionOverview } from '../../server/db/retention'
import { listRuns, runChoices } from '../../server/db/run-list'
import { sharingMatrix } from '../../server/db/sharing'
import { getOverview, getShell, search } from '../../server/db/shell'
import { exportTemplates, getTemplate, listTemplates } from '../../server/db/templates'
import { ACTOR, COMPOSER_GATE, LIVE_GATE, call } from './fixtures'
import { withTransaction } from '../helpers/db'
import { RunQuery } from '#shared/schemas/command'
import { EventQuery } from '#shared/schemas/event'
import { OutboxQuery } from '#shared/schemas/outbox'
import { PieceQuery } from '#shared/schemas/piece'
import { TemplateQuery } from '#shared/schemas/template'

const LIMIT = { limit: '200' }

/** What the routes read, each as its route calls it. */
const READS: [string, (db: Db, ids: { template: string, instance: string, piece: string }) => Promise<unknown>][] = [
  ['actors', db => listActors(db, '')],
  ['commands', db => listCommands(db)],
  ['events', db => listEvents(db, EventQuery.parse(LIMIT))],
  ['events, export', db => exportEvents(db, {})],
  ['events, summary', db => summariseEvents(db)],
  ['families', db => listFamilies(db)],
  ['one family', db => getFamily(db, 'statements')],
  ['gates', db => listGates(db)],
  ['health', db => reportHealth(db)],
  ['one instance', (db, { instance }) => getInstance(db, instance)],
  ['invariants', db => listSnapshots(db)],
  ['outbox', db => listOutbox(db, OutboxQuery.parse(LIMIT))],
  ['outbox, export', db => exportOutbox(db, {})],
  ['outbox, pick', db => pickOutboxEvents(db, 'iu')],
  ['outbox, summary', db => summariseOutbox(db)],
  ['delivery', db => deliveryOverview(db)],
  ['overview', db => getOverview(db)],
  ['pieces', db => listPieces(db, PieceQuery.parse(LIMIT))],
  ['one piece', (db, { piece }) => getPiece(db, piece)],
  ['retention', db => retentionOverview(db)],
  ['runs', db => listRuns(db, RunQuery.parse(LIMIT))],
  ['runs, choices', db => runChoices(db)],
  ['search', db => search(db, 'statements')],
  ['sharing', db => sharingMatrix(db, undefined)],
  ['shell', db => getShell(db)],
  ['templates', db => listTemplates(db, TemplateQuery.parse(LIMIT))],
  ['templates, export', db => exportTemplates(db, TemplateQuery.parse(LIMIT))],
  ['one template', (db, { template }) => getTemplate(db, template)],
]

/** Runs a read and counts what it sends to the database. */
async function statements(db: Db, read: (db: Db) => Promise<unknown>): Promise<number> {
  let sent = 0
  const counting: KyselyPlugin = {
    transformQuery: ({ node }) => {
      sent += 1
      return node
    },
    transformResult: async ({ result }) => result,
  }
  await read(db.withPlugin(counting))
  return sent
}

/** Instances of one template, more templates and runs on record, and drift in every instance. */
async function grow(db: Db, template: string, count: number, name: string) {
  await call(db, 'fn_iu_auto_instantiate_scaleout', {
    p_plan: JSON.stringify([{ template_collection_id: template, count, suffix_prefix: `statements-${name}-` }]),
    p_emit_mode: 'live', p_actor: `${ACTOR}-${name}`, p_note: null,
  })
  await sql`
    update public.iu_piece_membership m set role = 'note' from public.iu_piece_collection c
    where c.id = m.collection_id and starts_with(c.collection_key, 'tpl-inst:auto:')`.execute(db)
  await sql`
    insert into public.information_unit (canonical_address, title, body, created_by)
    select ${`statements/${name}/`} || n, 'Piece', 'Text', ${ACTOR} from generate_series(1, ${count}::integer) n`.execute(db)
  await sql`
    with made as (
      insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by)
      select ${`tpl:statements:${name}-`} || n, 'file', 'Template', ${ACTOR} from generate_series(1, ${count}::integer) n returning id
    )
    insert into public.iu_collection_template_registry (collection_id, is_template, marked_by) select id, true, ${ACTOR} from made`.execute(db)
}

test('every read issues the same number of statements for many rows as for few', () => withTransaction(async (db) => {
  await call(db, 'fn_iu_gate_set', { p_key: COMPOSER_GATE, p_open: true, p_actor: ACTOR })
  await call(db, 'fn_iu_gate_set', { p_key: LIVE_GATE, p_open: true, p_actor: ACTOR })
  const { rows: [piece] } = await sql<{ id: string }>`
    insert into public.information_unit (canonical_address, title, body, created_by)
    values ('statements/one', 'Piece', 'Text', ${ACTOR}) returning id`.execute(db)
  const { collection_id } = await call(db, 'fn_iu_compose', {
    p_collection_key: 'tpl:statements', p_collection_kind: 'file', p_title: 'Template', p_description: null,
    p_pieces: JSON.stringify([{ iu_id: piece!.id }]), p_actor: ACTOR,
  })
  const template = String(collection_id)
  await call(db, 'fn_iu_collection_mark_template', { p_collection_id: template, p_actor: ACTOR })
  await call(db, 'fn_iu_collection_register_template_version', {
    p_collection_id: template, p_template_family: 'statements', p_version_label: 'v1', p_version_seq: 1, p_previous_collection_id: null, p_actor: ACTOR,
  })
  await grow(db, template, 3, 'few')
  const { rows: [instance] } = await sql<{ id: string }>`
    select instance_collection_id as id from public.v_iu_auto_instantiate_event_log limit 1`.execute(db)
  const ids = { template, instance: instance!.id, piece: piece!.id }
  const all = async () => {
    const counted: [string, number][] = []
    for (const [name, read] of READS) counted.push([name, await statements(db, own => read(own, ids))])
    return counted
  }

  const few = await all()
  expect(few.filter(([, sent]) => sent === 0)).toEqual([])
  await grow(db, template, 300, 'many')
  expect(await all()).toEqual(few)
}))

import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { ACCOUNTS } from './routes-accounts'
import { digest, flag, id, line, list, oneOf, optional, orEmpty, orNull, pathId, pathName, text, typedAgain, whole } from './kinds'
import type { Field } from './kinds'
import type { WritingRoute } from './routes'
import { collection, compose, orchestration, post } from './support'
import type { Own } from './support'
import type { Db } from '../../server/db/client'
import { RegisterVersionRequest, RetireVersionRequest, VersionOutcome } from '#shared/schemas/family'
import { SetGateOutcome, SetGateRequest } from '#shared/schemas/gate'
import { TakeSnapshotOutcome, TakeSnapshotRequest } from '#shared/schemas/invariant'
import {
  DeliveryRequest, DeliveryRunRequest, InternalOnlyRequest, LiveRoutesRequest, OutboxOutcome, RegisterRouteRequest, RemoveRouteRequest,
  RequeueRequest, SwitchRouteRequest,
} from '#shared/schemas/outbox'
import { UpdatePieceRequest } from '#shared/schemas/piece-change'
import { RetentionRequest, RetentionRunRequest, SetRetentionPolicyOutcome, SetRetentionPolicyRequest } from '#shared/schemas/retention'
import { CommandRun, OrchestrationRequest, OrchestrationRunRequest, Preview, RollbackRequest, RollbackRunRequest } from '#shared/schemas/run'
import { LineageErasureRequest, LineageErasureRunRequest, PreviewedRunRequest, RetirementRequest, ScaleoutRequest } from '#shared/schemas/scaleout'

const ANY_ID = '00000000-0000-4000-8000-000000000000'
const ACTOR = 'iu-core-api-test'
const TYPE = 'iu.collection.composed'

/** The name of a snapshot that is taken already, where a test writes one first. */
export const TAKEN_NAME = 'before the run'

const actor = line(128)
const reason = text(2000)
const signed = { actor: ACTOR, reason: 'because' }
const judged: Record<string, Field> = { actor, reason }

/** A preview of the same subject with a body that succeeds, for the run that follows it. */
const previewOf = (path: string, request: (own: Own) => Promise<Record<string, unknown>>, confirmed = {}) => async (own: Own) => {
  const { status, body } = await post(own, `/api/${path}/preview`, await request(own))
  if (status !== 200) throw new Error(`not previewed: ${JSON.stringify(body)}`)
  return { body: { preview_id: body.id, ...confirmed } }
}
/** The two rows of a subject that is previewed before it runs. */
function previewed(path: string, preview: Pick<WritingRoute, 'request' | 'fields' | 'close'> & { good: (own: Own) => Promise<Record<string, unknown>> },
  run: Pick<WritingRoute, 'request'> & { confirmed?: boolean }): WritingRoute[] {
  const confirmation = run.confirmed ? { confirm_actor: ACTOR, reason: 'because' } : {}
  const { good, ...previewing } = preview
  return [
    { file: `${path}/preview.post`, answer: Preview, ...previewing, succeeds: async own => ({ body: await good(own) }) },
    {
      file: `${path}/index.post`, answer: CommandRun, request: run.request,
      fields: { preview_id: id, ...(run.confirmed ? { confirm_actor: typedAgain(128), reason: optional(reason) } : {}) },
      close: async () => ({ preview_id: randomUUID(), ...confirmation }),
      succeeds: previewOf(path, good, confirmation),
    },
  ]
}
const ofActor = { actor, dry_run: optional(flag) }
/** One that composed something of its own, to be taken back. */
const composed = async (own: Own, more = {}) => {
  await compose(own, { actor: ACTOR })
  return { actor: ACTOR, dry_run: false, ...more }
}
/** A route that is there. */
async function aRoute(own: Own, target = 'log') {
  const key = `route-${randomUUID()}`
  const { status, body } = await post(own, '/api/outbox/routes', { route_key: key, event_type: TYPE, target, actor: ACTOR })
  if (status !== 200) throw new Error(`no route: ${JSON.stringify(body)}`)
  return key
}

/** An edit of a piece that is there. */
async function pieceUpdate(db: Db) {
  const { id: iu_id } = await db.selectFrom('information_unit').select('id').where('canonical_address', '=', 'wf/onboarding/welcome').executeTakeFirstOrThrow()
  return { change: 'update', iu_id, title: 'Welcome', body: 'Welcome to the team.', actor: ACTOR }
}

export const WRITING: WritingRoute[] = [
  ...ACCOUNTS,
  ...previewed('orchestrations', {
    request: OrchestrationRequest,
    fields: {
      event_id: id, event_type: line(200), template_collection_id: id, instance_key_suffix: line(200), emit_mode: oneOf, actor,
      note: optional(orNull(text(2000))), open_gates: optional(flag),
    },
    close: db => orchestration(db, { note: 'a note' }),
    good: own => orchestration(own.db),
  }, { request: OrchestrationRunRequest }),
  ...previewed('rollbacks', {
    request: RollbackRequest, fields: ofActor, close: async () => ({ actor: 'iu-core-18000x', dry_run: false }), good: composed,
  }, { request: RollbackRunRequest, confirmed: true }),
  ...previewed('retirements', {
    request: RetirementRequest, fields: { ...ofActor, reason: optional(orNull(reason)) },
    close: async () => ({ actor: 'iu-core-18000x', dry_run: true, reason: 'because' }), good: own => composed(own, { reason: 'because' }),
  }, { request: PreviewedRunRequest }),
  ...previewed('lineage-erasures', {
    request: LineageErasureRequest, fields: ofActor, close: async () => ({ actor: 'iu-core-18000x', dry_run: false }), good: composed,
  }, { request: LineageErasureRunRequest, confirmed: true }),
  ...previewed('pieces/changes', {
    request: UpdatePieceRequest.extend({ change: z.literal('update') }),
    fields: {
      change: oneOf, iu_id: id, title: line(400), body: text(900_000), expected_digest: optional(orNull(digest)), actor, open_gates: optional(flag),
    },
    // The gate is closed.
    close: async db => ({ ...await pieceUpdate(db), expected_digest: 'a'.repeat(64), open_gates: false }),
    good: async own => ({ ...await pieceUpdate(own.db), body: `Another text, ${randomUUID()}.`, open_gates: true }),
  }, { request: PreviewedRunRequest }),
  ...previewed('scaleouts', {
    request: ScaleoutRequest,
    fields: { plan: list, emit_mode: oneOf, actor, note: optional(orNull(text(2000))), open_gates: optional(flag) },
    close: async db => ({
      plan: [{ template_collection_id: await collection(db, 'tpl:wf:onboarding/v2'), count: 2, suffix_prefix: 'batch-' }],
      emit_mode: 'dry_run', actor: ACTOR, note: 'a note', open_gates: true,
    }),
    good: async own => ({
      plan: [{ template_collection_id: await collection(own.db, 'tpl:wf:onboarding/v2'), count: 2, suffix_prefix: `${randomUUID()}-` }],
      emit_mode: 'live', actor: ACTOR, open_gates: true,
    }),
  }, { request: PreviewedRunRequest }),
  ...previewed('outbox/deliveries', {
    request: DeliveryRequest,
    fields: { limit: optional(whole(1, 1000)), worker: optional(actor), dry_run: optional(flag), open_gates: optional(flag) },
    close: async () => ({ limit: 10, worker: ACTOR, dry_run: false, open_gates: true }),
    good: async () => ({ dry_run: false, open_gates: true }),
  }, { request: DeliveryRunRequest }),
  ...previewed('retention/cleanups', {
    request: RetentionRequest,
    fields: {
      table_name: orNull(line(63)), dry_run: optional(flag), actor, prune_actor: optional(orNull(actor)), batch: optional(whole(1, 10_000)), open_gates: optional(flag),
    },
    close: async () => ({ table_name: 'event_outbox', dry_run: false, actor: ACTOR, prune_actor: 'nobody', batch: 10, open_gates: true }),
    good: async () => ({ table_name: 'event_outbox', dry_run: false, actor: ACTOR, open_gates: true }),
  }, { request: RetentionRunRequest, confirmed: true }),

  {
    file: 'gates/[key].put', answer: SetGateOutcome, path: { key: pathName(200) }, params: { key: 'no.such.gate' },
    request: SetGateRequest, fields: { open: flag, ...judged },
    close: async () => ({ open: true, ...signed }),
    succeeds: async () => ({ params: { key: 'iu_core.auto_instantiate_enabled' }, body: { open: false, ...signed } }),
  },
  {
    file: 'invariants/index.post', answer: TakeSnapshotOutcome, request: TakeSnapshotRequest, fields: { name: line(128), actor },
    close: async () => ({ name: TAKEN_NAME, actor: ACTOR }), mayWrite: ['iu_invariant_snapshot'],
    succeeds: async () => ({ body: { name: randomUUID(), actor: ACTOR } }),
  },
  {
    file: 'versions/index.post', answer: VersionOutcome, request: RegisterVersionRequest,
    fields: {
      collection_id: id, template_family: line(200), version_label: line(64), version_seq: { wrong: [...whole(1, 2 ** 31 - 1).wrong, ['a text', '1'], ['none', null]] },
      previous_collection_id: orNull(id), actor,
    },
    close: async db => ({
      collection_id: await collection(db, 'wf:incident-review'), template_family: 'f', version_label: 'v', version_seq: 1, previous_collection_id: null, actor: ACTOR,
    }),
    succeeds: async own => ({
      body: {
        collection_id: await collection(own.db, 'tpl:wf:onboarding/v1'), template_family: 'tpl:wf:onboarding', version_label: 'v1', version_seq: 1,
        previous_collection_id: null, actor: ACTOR,
      },
    }),
  },
  {
    file: 'versions/[id]/retire.post', answer: VersionOutcome, path: { id: pathId }, params: { id: ANY_ID },
    request: RetireVersionRequest, fields: judged, close: async () => signed,
    succeeds: async own => ({ params: { id: await collection(own.db, 'tpl:wf:onboarding/v1') }, body: signed }),
  },

  {
    file: 'outbox/live-routes.post', answer: OutboxOutcome, request: LiveRoutesRequest, fields: { routes: list, ...judged },
    close: async () => ({ routes: ['no-such-route'], ...signed }),
    succeeds: async own => ({ body: { routes: [await aRoute(own)], ...signed } }),
  },
  {
    file: 'outbox/requeue.post', answer: OutboxOutcome, request: RequeueRequest,
    fields: { event_id: id, route_key: { wrong: line(400).wrong.filter(([what]) => !['blank', 'a control character', 'a line break'].includes(what)) }, actor },
    close: async () => ({ event_id: ANY_ID, route_key: 'no-such-route', actor: ACTOR }),
    succeeds: async (own) => {
      const route_key = await aRoute(own)
      const { id: event_id } = await own.db.selectFrom('event_outbox').select('id').where('event_type', '=', TYPE).executeTakeFirstOrThrow()
      await own.db.insertInto('event_outbox_delivery').values({ event_id, route_key, status: 'dead', attempts: 10, next_attempt_at: new Date().toISOString() }).execute()
      return { body: { event_id, route_key, actor: ACTOR } }
    },
  },
  {
    file: 'outbox/routes/index.post', answer: OutboxOutcome, request: RegisterRouteRequest,
    fields: { route_key: line(128), event_type: line(200), target: line(400), actor },
    close: async () => ({ route_key: 'a-route', event_type: 'no.such.type', target: 'log', actor: ACTOR }),
    succeeds: async () => ({ body: { route_key: `route-${randomUUID()}`, event_type: TYPE, target: 'log', actor: ACTOR } }),
  },
  {
    file: 'outbox/routes/[key]/active.post', answer: OutboxOutcome, path: { key: pathName(400) }, params: { key: 'no-such-route' },
    request: SwitchRouteRequest, fields: { active: flag, ...judged }, close: async () => ({ active: false, ...signed }),
    succeeds: async own => ({ params: { key: await aRoute(own) }, body: { active: false, ...signed } }),
  },
  {
    file: 'outbox/routes/[key]/remove.post', answer: OutboxOutcome, path: { key: pathName(400) }, params: { key: 'no-such-route' },
    request: RemoveRouteRequest, fields: judged, close: async () => signed,
    succeeds: async own => ({ params: { key: await aRoute(own) }, body: signed }),
  },
  {
    file: 'outbox/types/[type]/boundary.post', answer: OutboxOutcome, path: { type: pathName(200) }, params: { type: 'no.such.type' },
    request: InternalOnlyRequest, fields: { internal_only: flag, ...judged }, close: async () => ({ internal_only: true, ...signed }),
    succeeds: async () => ({ params: { type: 'iu.piece.revised' }, body: { internal_only: true, ...signed } }),
  },
  {
    file: 'retention/policies/[table].put', answer: SetRetentionPolicyOutcome, path: { table: pathName(200) }, params: { table: 'no_such_table' },
    request: SetRetentionPolicyRequest,
    fields: { age_column: line(63), keep_days: { wrong: [...whole(1, 36_500).wrong, ['none', null]] }, actor_column: orNull(line(63)), active: flag, note: orEmpty(text(2000)), ...judged },
    close: async () => ({ age_column: 'created_at', keep_days: 30, actor_column: null, active: false, note: '', ...signed }),
    succeeds: async () => ({ params: { table: 'event_outbox' }, body: { age_column: 'created_at', keep_days: 400, actor_column: 'actor', active: true, note: 'kept', ...signed } }),
  },
]

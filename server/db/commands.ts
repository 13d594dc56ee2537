import type { z } from 'zod'
import { composition, instanceRecording, templateMarking } from './composition'
import {
  delivery, internalOnlySetting, liveRoutesSetting, requeueing, routeRegistration, routeRemoval, routeSwitch,
} from './delivery'
import { envelopeRefresh } from './envelope'
import { gateSetting } from './gate-setting'
import { healthcheck } from './health'
import { snapshotTaking } from './invariants'
import { orchestration } from './orchestrations'
import { pieceCreation, pieceEvent, pieceMerge, pieceRetirement, pieceSplit, pieceSupersession, pieceUpdate } from './piece-changes'
import { retentionCheck, retentionCleanup, retentionPolicySetting } from './retention'
import { lineageErasure, retirement } from './retirements'
import { rollback } from './rollbacks'
import type { Command } from './runs'
import { scaleout } from './scaleouts'
import { registerVersion, retireVersion } from './versions'
import { ActorRequest, ComposeRequest, MarkTemplateRequest, RecordInstanceRequest } from '#shared/schemas/command'
import { Id } from '#shared/schemas/common'
import { RegisterVersionRequest, RetireVersionRequest } from '#shared/schemas/family'
import { GateParam, SetGateRequest } from '#shared/schemas/gate'
import { TakeSnapshotRequest } from '#shared/schemas/invariant'
import {
  DeliveryRequest, InternalOnlyRequest, LiveRoutesRequest, RegisterRouteRequest, RemoveRouteRequest, RequeueRequest, RouteParam, SwitchRouteRequest, TypeParam,
} from '#shared/schemas/outbox'
import { RetentionCheckRequest, RetentionCleanupRequest, RetentionTableParam, SetRetentionPolicyRequest } from '#shared/schemas/retention'
import { PIECE_CHANGE_REQUESTS } from '#shared/schemas/piece-change'
import { OrchestrationRequest, RollbackRequest } from '#shared/schemas/run'
import { LineageErasureRequest, RetirementRequest, ScaleoutRequest } from '#shared/schemas/scaleout'

/**
 * What an operator may write instead of an id: a collection's key, a piece's address, the keys of the templates in a plan;
 * instead of a list of members or of ids the addresses of pieces, comma between them.
 */
export type NamedBy = 'collection' | 'piece' | 'pieces' | 'piece_ids' | 'plan'

/** A command that this console can run: one line in the registry below. */
export interface Governed<P = Record<string, unknown>> {
  command: Command<P>
  /** Checks the parameters, wherever they come from. */
  parameters: z.ZodObject
  mutating: boolean
  /** Whether it can be tried in a transaction that is rolled back. */
  previewable: boolean
  /** Whether these parameters delete: then it takes a reason, and the actor's name typed once more. */
  deletes?: (parameters: P) => boolean
  /** Parameters that may be named instead of given by id. */
  named?: Record<string, NamedBy>
  /** The page that runs it; null: the command line alone. */
  page: string | null
  /** As typed on the command line; it works on the demo data. */
  example: Record<string, string>
}

type Entry<S extends z.ZodObject> = Omit<Governed<z.infer<S>>, 'parameters' | 'mutating' | 'previewable'>
  & Partial<Pick<Governed<z.infer<S>>, 'mutating' | 'previewable'>> & { parameters: S }

/** Most commands write and can be previewed. */
const governed = <S extends z.ZodObject>(entry: Entry<S>) => ({ mutating: true, previewable: true, ...entry }) as unknown as Governed

const ALL = [
  governed({ command: orchestration, parameters: OrchestrationRequest, page: '/orchestrate', named: { template_collection_id: 'collection' },
    example: { event_id: '25000d25-0000-4000-8000-000000000001', event_type: 'template.instance_auto_composed', template_collection_id: 'tpl:wf:onboarding/v2', instance_key_suffix: 'demo-001', emit_mode: 'dry_run', actor: 'operator', note: 'trial run' } }),
  governed({ command: rollback, parameters: RollbackRequest, page: '/rollback', deletes: ({ dry_run }) => !dry_run,
    example: { actor: 'operator', dry_run: 'true' } }),
  governed({ command: registerVersion, parameters: RegisterVersionRequest, page: '/families', named: { collection_id: 'collection', previous_collection_id: 'collection' },
    example: { collection_id: 'tpl:file:status-report/v1', template_family: 'tpl:file:status-report', version_label: 'v1', version_seq: '1', previous_collection_id: 'null', actor: 'operator' } }),
  governed({ command: retireVersion, parameters: RetireVersionRequest.extend({ collection_id: Id }), page: '/families', named: { collection_id: 'collection' },
    example: { collection_id: 'tpl:wf:onboarding/v1', actor: 'operator', reason: 'replaced by v2' } }),
  governed({ command: gateSetting, parameters: SetGateRequest.extend(GateParam.shape), page: '/gates',
    example: { key: 'iu_core.composer_enabled', open: 'false', actor: 'operator', reason: 'maintenance is over' } }),
  governed({ command: composition, parameters: ComposeRequest, page: null, named: { pieces: 'pieces' },
    example: { collection_key: 'wf:welcome-only', collection_kind: 'workflow', title: 'Welcome only', pieces: 'wf/onboarding/welcome', actor: 'operator' } }),
  governed({ command: templateMarking, parameters: MarkTemplateRequest, page: null, named: { collection_id: 'collection' },
    example: { collection_id: 'tpl:wf:onboarding/v2', actor: 'operator' } }),
  governed({ command: instanceRecording, parameters: RecordInstanceRequest, page: null, named: { instance_collection_id: 'collection', template_collection_id: 'collection' },
    example: { instance_collection_id: 'tpl-inst:wf:onboarding/v1-pilot', template_collection_id: 'tpl:wf:onboarding/v1', actor: 'operator' } }),
  governed({ command: scaleout, parameters: ScaleoutRequest, page: '/scaleout', named: { plan: 'plan' },
    example: { plan: '[{"template_collection_id":"tpl:wf:onboarding/v2","count":2,"suffix_prefix":"batch"}]', emit_mode: 'dry_run', actor: 'operator', note: 'trial batch' } }),
  governed({ command: retirement, parameters: RetirementRequest, page: '/retire',
    example: { actor: 'operator', dry_run: 'true' } }),
  governed({ command: lineageErasure, parameters: LineageErasureRequest, page: '/erase-lineage', deletes: ({ dry_run }) => !dry_run,
    example: { actor: 'operator', dry_run: 'true' } }),
  governed({ command: delivery, parameters: DeliveryRequest, page: '/outbox/delivery',
    example: { limit: '100', worker: 'operator', dry_run: 'true' } }),
  governed({ command: requeueing, parameters: RequeueRequest, page: '/outbox',
    example: { event_id: '25000d25-0000-4000-8000-000000000001', route_key: 'composed-log', actor: 'operator' } }),
  governed({ command: routeRegistration, parameters: RegisterRouteRequest, page: '/outbox/delivery',
    example: { route_key: 'composed-log', event_type: 'iu.collection.composed', target: 'log', actor: 'operator' } }),
  governed({ command: routeSwitch, parameters: SwitchRouteRequest.extend({ route_key: RouteParam.shape.key }), page: '/outbox/delivery',
    example: { route_key: 'composed-log', active: 'false', actor: 'operator', reason: 'maintenance begins' } }),
  governed({ command: liveRoutesSetting, parameters: LiveRoutesRequest, page: '/outbox/delivery',
    example: { routes: '[]', actor: 'operator', reason: 'nothing is delivered for now' } }),
  governed({ command: routeRemoval, parameters: RemoveRouteRequest.extend({ route_key: RouteParam.shape.key }), page: '/outbox/delivery',
    example: { route_key: 'composed-log', actor: 'operator', reason: 'registered by accident' } }),
  governed({ command: internalOnlySetting, parameters: InternalOnlyRequest.extend({ event_type: TypeParam.shape.type }), page: '/outbox/delivery',
    example: { event_type: 'iu.piece.revised', internal_only: 'true', actor: 'operator', reason: 'nobody outside reads it' } }),
  governed({ command: retentionCheck, parameters: RetentionCheckRequest, page: '/retention', mutating: false,
    example: { table_name: 'event_outbox', actor: 'operator' } }),
  governed({ command: retentionCleanup, parameters: RetentionCleanupRequest, page: '/retention', deletes: () => true,
    example: { table_name: 'event_outbox', actor: 'operator', open_gates: 'true' } }),
  governed({ command: retentionPolicySetting, parameters: SetRetentionPolicyRequest.extend({ table_name: RetentionTableParam.shape.table }), page: '/retention',
    example: { table_name: 'event_outbox', age_column: 'created_at', keep_days: '365', actor_column: 'actor', active: 'true', note: 'A year of events.', actor: 'operator', reason: 'as agreed' } }),
  governed({ command: envelopeRefresh, parameters: ActorRequest, page: null,
    example: { actor: 'operator' } }),
  governed({ command: snapshotTaking, parameters: TakeSnapshotRequest, page: '/invariants',
    example: { name: 'before-the-change', actor: 'operator' } }),
  governed({ command: healthcheck, parameters: ActorRequest, page: '/health', mutating: false, previewable: false,
    example: { actor: 'operator' } }),
  governed({ command: pieceCreation, parameters: PIECE_CHANGE_REQUESTS.create, page: '/pieces/new',
    example: { canonical_address: 'wf/onboarding/parking', title: 'Parking', body: 'Ask the front desk for a badge.', actor: 'operator', open_gates: 'true' } }),
  governed({ command: pieceUpdate, parameters: PIECE_CHANGE_REQUESTS.update, page: '/pieces', named: { iu_id: 'piece' },
    example: { iu_id: 'wf/onboarding/welcome', title: 'Welcome', body: 'Welcome to the team.', actor: 'operator', open_gates: 'true' } }),
  governed({ command: pieceSplit, parameters: PIECE_CHANGE_REQUESTS.split, page: '/pieces', named: { iu_id: 'piece' },
    example: { iu_id: 'wf/onboarding/accounts', parts: '[{"canonical_address":"wf/onboarding/logins","title":"Accounts","body":"Ask for your accounts."},{"canonical_address":"wf/onboarding/equipment","title":"Equipment","body":"Fetch your laptop."}]', actor: 'operator', reason: 'two topics', open_gates: 'true' } }),
  governed({ command: pieceMerge, parameters: PIECE_CHANGE_REQUESTS.merge, page: '/pieces', named: { iu_ids: 'piece_ids' },
    example: { iu_ids: 'wf/incident-review/impact,wf/incident-review/causes', canonical_address: 'wf/incident-review/impact-and-causes', title: 'Impact and causes', body: 'What it did, and why.', actor: 'operator', open_gates: 'true' } }),
  governed({ command: pieceSupersession, parameters: PIECE_CHANGE_REQUESTS.supersede, page: '/pieces', named: { iu_id: 'piece', by_iu_id: 'piece' },
    example: { iu_id: 'wf/onboarding/paper-checklist', by_iu_id: 'wf/onboarding/thirty-day-review', actor: 'operator', reason: 'the review covers it', open_gates: 'true' } }),
  governed({ command: pieceRetirement, parameters: PIECE_CHANGE_REQUESTS.retire, page: '/pieces', named: { iu_id: 'piece' },
    example: { iu_id: 'wf/onboarding/paper-checklist', actor: 'operator', reason: 'nobody uses paper any more', open_gates: 'true' } }),
  governed({ command: pieceEvent, parameters: PIECE_CHANGE_REQUESTS.emit_event, page: '/pieces', named: { iu_id: 'piece' },
    example: { event_type: 'updated', iu_id: 'wf/onboarding/welcome', payload: '{"note":"trial"}', actor: 'operator', open_gates: 'true' } }),
]

/** Every command that this console can run, by its name: what routes, pages and command line go by. */
export const COMMANDS: ReadonlyMap<string, Governed> = new Map(ALL.map(entry => [entry.command.name, entry]))

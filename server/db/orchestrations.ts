import { sql } from 'kysely'
import { z } from 'zod'
import { type Trx, callFunction } from './client'
import { type Command, Outcome } from './runs'
import { ComposedInstance, type OrchestrationRequest } from '#shared/schemas/run'

const Composed = z.looseObject({ status: z.enum(['ok', 'idempotent_replay']), instance_collection_id: z.guid() })

/** The orchestrator: compose an instance of a template for an event. */
export const orchestration: Command<OrchestrationRequest> = {
  name: 'dot_iu_auto_instantiate_from_event',
  actor: request => request.actor,
  dryRun: request => request.emit_mode === 'dry_run',
  async call(trx, request) {
    const outcome = await autoInstantiateFromEvent(trx, request)
    const composed = Composed.safeParse(outcome)
    return { outcome, instance: composed.success ? await composedInstance(trx, composed.data.instance_collection_id) : null }
  },
}

/** Calls `fn_iu_auto_instantiate_from_event`. */
const autoInstantiateFromEvent = (trx: Trx, request: OrchestrationRequest) =>
  callFunction(trx, Outcome, sql`public.fn_iu_auto_instantiate_from_event(
    ${request.event_id}::uuid, ${request.event_type}, ${request.template_collection_id}::uuid,
    ${request.instance_key_suffix}, ${request.emit_mode}, ${request.actor}, ${request.note ?? null})`)

async function composedInstance(trx: Trx, id: string) {
  const instance = await trx.selectFrom('v_iu_template_instance').selectAll()
    .where('instance_collection_id', '=', id).executeTakeFirstOrThrow()
  const pieces = await trx.selectFrom('v_iu_collection_piece').selectAll()
    .where('collection_id', '=', id).orderBy('position').execute()
  return ComposedInstance.parse({ ...instance, kind: 'instance', manifest_digest: instance.instance_digest, pieces })
}

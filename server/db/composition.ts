import { sql } from 'kysely'
import { callFunction } from './client'
import { type Command, Outcome } from './runs'
import type { ComposeRequest, MarkTemplateRequest, RecordInstanceRequest } from '#shared/schemas/command'

/** Compose a collection from pieces that exist. */
export const composition: Command<ComposeRequest> = {
  name: 'dot_iu_compose',
  actor: request => request.actor,
  call: async (trx, request) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_compose(
      ${request.collection_key}, ${request.collection_kind}, ${request.title}, ${request.description ?? null},
      ${JSON.stringify(request.pieces)}::jsonb, ${request.actor})`),
  }),
}

/** Mark a collection as a template that instances can be made from. */
export const templateMarking: Command<MarkTemplateRequest> = {
  name: 'dot_iu_collection_mark_template',
  actor: request => request.actor,
  call: async (trx, { collection_id, actor, note }) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_collection_mark_template(${collection_id}::uuid, ${actor}, ${note ?? null})`),
  }),
}

/** Record that a collection descends from a template. */
export const instanceRecording: Command<RecordInstanceRequest> = {
  name: 'dot_iu_record_template_instance',
  actor: request => request.actor,
  call: async (trx, request) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_collection_record_template_instance(
      ${request.instance_collection_id}::uuid, ${request.template_collection_id}::uuid, ${request.actor}, ${request.note ?? null})`),
  }),
}

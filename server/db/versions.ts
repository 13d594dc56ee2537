import { sql } from 'kysely'
import { callFunction } from './client'
import { type Command, Outcome } from './runs'
import type { RegisterVersionRequest, RetireVersionRequest } from '#shared/schemas/family'

/** Register a template as a version of its family; its predecessor is superseded. */
export const registerVersion: Command<RegisterVersionRequest> = {
  name: 'dot_iu_register_template_version',
  actor: request => request.actor,
  call: async (trx, request) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_collection_register_template_version(
      ${request.collection_id}::uuid, ${request.template_family}, ${request.version_label},
      ${request.version_seq}::integer, ${request.previous_collection_id}::uuid, ${request.actor})`),
  }),
}

/** Retire a version; its row stays. */
export const retireVersion: Command<RetireVersionRequest & { collection_id: string }> = {
  name: 'dot_iu_retire_template_version',
  actor: request => request.actor,
  call: async (trx, request) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_collection_retire_template_version(
      ${request.collection_id}::uuid, ${request.actor}, ${request.reason})`),
  }),
}

import { sql } from 'kysely'
import { callFunction } from './client'
import { type Command, Outcome } from './runs'
import type { SetGateRequest } from '#shared/schemas/gate'

/** Open or close a gate for good. */
export const gateSetting: Command<SetGateRequest & { key: string }> = {
  name: 'dot_iu_gate_set',
  actor: request => request.actor,
  call: async (trx, { key, open, actor, reason }) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_gate_set(${key}, ${open}, ${actor}, ${reason})`),
  }),
}

import { sql } from 'kysely'
import { callFunction } from './client'
import { type Command, Outcome } from './runs'
import type { ActorRequest } from '#shared/schemas/command'

/** Compute the three-axis envelope anew where it is stale; the refresh log names who asked. */
export const envelopeRefresh: Command<ActorRequest> = {
  name: 'dot_iu_three_axis_envelope_refresh',
  actor: request => request.actor,
  call: async (trx, { actor }) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_three_axis_envelope_refresh_if_stale(${actor})`),
  }),
}

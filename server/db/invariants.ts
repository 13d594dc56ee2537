import { sql } from 'kysely'
import type { z } from 'zod'
import { type Db, callFunction } from './client'
import { type Command, Outcome, Refusal } from './runs'
import { type CompareQuery, InvariantComparison, InvariantSnapshotList, type TakeSnapshotRequest } from '#shared/schemas/invariant'

/** Snapshots, newest first. */
export async function listSnapshots(db: Db): Promise<InvariantSnapshotList> {
  const { rows } = await sql`select * from public.v_iu_invariant_snapshot order by taken_at desc, name`.execute(db)
  return InvariantSnapshotList.parse({ snapshots: rows })
}

/** Keep the row counts and gate states of now under a name. */
export const snapshotTaking: Command<TakeSnapshotRequest> = {
  name: 'dot_iu_invariant_snapshot',
  actor: request => request.actor,
  call: async (trx, { name, actor }) => ({
    outcome: await callFunction(trx, Outcome, sql`public.fn_iu_invariant_snapshot(${name}, ${actor})`),
  }),
}

/**
 * Compares a snapshot with another one, or with now.
 * @returns the regression matrix
 * @throws Refusal when a snapshot or a surface is not there
 */
export async function compareSnapshots(db: Db, { from, to, expected }: z.infer<typeof CompareQuery>): Promise<InvariantComparison> {
  const outcome = await callFunction(db, Outcome, sql`public.fn_iu_invariant_compare(${from}, ${to ?? null}, ${JSON.stringify(expected)}::jsonb)`)
  if (outcome.status !== 'ok') throw new Refusal(outcome)
  return InvariantComparison.parse(outcome)
}

import type { Db } from './client'

/**
 * The secret of a person's authenticator app.
 * @returns encrypted, as it is kept; null when the person has none
 */
export async function findSecret(db: Db, personId: string): Promise<string | null> {
  const row = await db.selectFrom('console.second_factor').select('secret').where('person_id', '=', personId).executeTakeFirst()
  return row?.secret ?? null
}

/**
 * Uses up a person's codes to a step of time, in one statement: of two requests with the same code one gets it.
 * @param step how many 30 seconds after 1970
 * @returns whether it had not been used yet, nor a later one
 */
export async function spendStep(db: Db, personId: string, step: number): Promise<boolean> {
  const { numUpdatedRows } = await db.updateTable('console.second_factor').set({ last_used_step: step })
    .where('person_id', '=', personId).where('last_used_step', '<', step).executeTakeFirst()
  return numUpdatedRows > 0n
}

import { sql } from 'kysely'
import { z } from 'zod'
import { callFunction, type Db } from './client'

const Admission = z.discriminatedUnion('status', [
  z.object({ status: z.literal('ok') }),
  z.object({ status: z.literal('too_many_attempts'), retry_after: z.number().int() }),
])

/** Counts one attempt to sign in: `console.fn_sign_in_admit`. */
export const admitSignIn = (db: Db, accountHash: string, address: string) =>
  callFunction(db, Admission, sql`console.fn_sign_in_admit(${accountHash}, ${address})`)

/** Takes back what was counted for a sign-in that was right. */
export async function signInSucceeded(db: Db, accountHash: string, address: string): Promise<void> {
  await sql`select console.fn_sign_in_succeeded(${accountHash}, ${address})`.execute(db)
}

import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { Db } from '../../../../server/db/client'
import { findSecret, spendStep } from '../../../../server/db/second-factors'
import { withDatabase, withTransaction } from '../../../helpers/db'
import { aPerson } from './people'

/** Somebody with a second factor. */
async function withSecret(db: Db) {
  const id = await aPerson(db)
  await sql`insert into console.second_factor (person_id, secret, backup_codes) values (${id}::uuid, 'a secret', '[]')`.execute(db)
  return id
}

test('a step is used up, and with it all that were before; of nobody else', () => withTransaction(async (db) => {
  const [one, other, without] = [await withSecret(db), await withSecret(db), await aPerson(db)]
  expect([await findSecret(db, one), await findSecret(db, without)]).toEqual(['a secret', null])
  const outcomes = []
  for (const step of [100, 100, 99, 101, 100]) outcomes.push(await spendStep(db, one, step))
  expect(outcomes).toEqual([true, false, false, true, false])
  expect([await spendStep(db, other, 100), await spendStep(db, without, 100)]).toEqual([true, false])
}))

test('twenty at once use one step up once', () => withDatabase(async ({ db }) => {
  const id = await withSecret(db)
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => spendStep(db, id, 100)))
  expect(outcomes.filter(Boolean)).toHaveLength(1)
}))

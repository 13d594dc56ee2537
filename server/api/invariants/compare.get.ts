import { getValidatedQuery } from 'h3'
import { compareSnapshots } from '../../db/invariants'
import { CompareQuery } from '#shared/schemas/invariant'

/** GET /api/invariants/compare: a snapshot against another one or against now, with the expected deltas. */
export default defineConsoleHandler('GET /api/invariants/compare', async (event, { db }) =>
  compareSnapshots(db, await getValidatedQuery(event, CompareQuery.strict().parse)))

import { getValidatedRouterParams } from 'h3'
import { getFamily } from '../../db/families'
import { NotFound } from '../../utils/errors'
import { FamilyParam } from '#shared/schemas/family'

/** GET /api/families/:family: the version chain, with the difference between neighbours. */
export default defineConsoleHandler('GET /api/families/:family', async (event, { db }) => {
  const { family } = await getValidatedRouterParams(event, FamilyParam.parse, { decode: true })
  const detail = await getFamily(db, family)
  if (!detail) throw new NotFound('There is no family of this name.')
  return detail
})

import { getValidatedRouterParams } from 'h3'
import { settled } from '../../../../db/runs'
import { revokeToken } from '../../../../db/tokens'
import { IdParam } from '#shared/schemas/common'

/** POST /api/account/tokens/:id/revoke: a token of the own ends at once. */
export default defineConsoleHandler('POST /api/account/tokens/:id/revoke', async (event, { db, user, address }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  return settled(await revokeToken(db, { personId: user.id, tokenId: id, by: user.name, address }))
})

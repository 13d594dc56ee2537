import { getValidatedRouterParams } from 'h3'
import { removeSecondFactor } from '../../../../db/people'
import { Refusal, settled } from '../../../../db/runs'
import { IdParam } from '#shared/schemas/common'

/** POST /api/people/:id/second-factor/remove: take a lost second factor off somebody else. */
export default defineConsoleHandler('POST /api/people/:id/second-factor/remove', async (event, { db, user, address }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  // The own one takes the password: a session that was left open must not be enough.
  if (id === user.id) throw new Refusal({ status: 'own_second_factor' })
  return settled(await removeSecondFactor(db, { personId: id, by: user.name, address }))
})

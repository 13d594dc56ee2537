import { getValidatedRouterParams, readValidatedBody } from 'h3'
import { setPerson } from '../../../db/people'
import { settled } from '../../../db/runs'
import { SetPersonRequest } from '#shared/schemas/account'
import { IdParam } from '#shared/schemas/common'

/** PUT /api/people/:id: set a person's role, and whether the person is disabled. */
export default defineConsoleHandler('PUT /api/people/:id', async (event, { db, user, address }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  const body = await readValidatedBody(event, SetPersonRequest.parse)
  return settled(await setPerson(db, { id, ...body, by: user.name, address }))
})

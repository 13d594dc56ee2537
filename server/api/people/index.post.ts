import { readValidatedBody } from 'h3'
import { invitationLink } from '../../auth/invitations'
import { addPerson } from '../../db/people'
import { settled } from '../../db/runs'
import { AddPersonRequest } from '#shared/schemas/account'

/** POST /api/people: add a person; the answer holds the one-time link to hand over. */
export default defineConsoleHandler('POST /api/people', async (event, { db, user, address }) => {
  const person = await readValidatedBody(event, AddPersonRequest.parse)
  const { person_id } = settled(await addPerson(db, { ...person, by: user.name, address }))
  return invitationLink(event, db, { personId: String(person_id), by: user.name, address })
})

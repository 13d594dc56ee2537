import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { pathId } from './kinds'
import type { ActingRoute } from './routes'
import { withSecondFactor } from './second-factor'
import { post, somebody } from './support'
import { InvitationLink } from '#shared/schemas/account'

const Done = z.object({ status: z.literal('ok') })
const SessionsEnded = z.object({ status: z.literal('ok'), sessions_ended: z.number().int() })
const byId = { path: { id: pathId } }

/** Routes that do something without a body. */
export const ACTING: ActingRoute[] = [
  { file: 'session/end.post', answer: Done, succeeds: async own => ({ as: await somebody(own) }) },
  { file: 'account/sessions/end.post', answer: SessionsEnded, succeeds: async own => ({ as: await somebody(own) }) },
  {
    file: 'account/sessions/[id]/end.post', answer: SessionsEnded, ...byId,
    succeeds: async (own) => {
      const as = await somebody(own)
      const { id } = await own.db.selectFrom('console.session').select('id').where('person_id', '=', as.id).executeTakeFirstOrThrow()
      return { params: { id }, as }
    },
  },
  {
    file: 'account/tokens/[id]/revoke.post', answer: Done, ...byId,
    succeeds: async (own) => {
      const as = await somebody(own)
      const { body } = await post(as, '/api/account/tokens', { name: randomUUID(), role: 'viewer' })
      return { params: { id: body.token_id }, as }
    },
  },
  { file: 'people/[id]/invitation.post', answer: InvitationLink, ...byId, succeeds: async own => ({ params: { id: (await somebody(own)).id } }) },
  {
    file: 'people/[id]/second-factor/remove.post', answer: Done, ...byId,
    succeeds: async own => ({ params: { id: (await withSecondFactor(own)).id } }),
  },
  { file: 'people/[id]/sessions/end.post', answer: SessionsEnded, ...byId, succeeds: async own => ({ params: { id: (await somebody(own)).id } }) },
]

/** Routes that lead to the identity provider and back; tests/api/oidc.test.ts is theirs. */
export const ANSWERED_BY_PROVIDER = ['session/oidc.get', 'session/callback/oidc.get']

import { findAccount, listSessions } from '../../db/people'
import { listTokens } from '../../db/tokens'

/** GET /api/account: the own account, its sessions and tokens. */
export default defineConsoleHandler('GET /api/account', async (_event, { db, user }) => {
  const [account, sessions, tokens] = await Promise.all([
    findAccount(db, user.id), listSessions(db, user.id, user.sessionId), listTokens(db, user.id),
  ])
  return { ...account, sessions, tokens }
})

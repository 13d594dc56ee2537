import { signOut } from '../../auth/sign-in'

/** POST /api/session/end: sign out. */
export default defineConsoleHandler('POST /api/session/end', async (event, { db, user }) => {
  await signOut(event, db, user.name)
  return { status: 'ok' }
})

import { say } from './progress.mjs'
import { isAlive, sleep } from './process.mjs'
import { consoleName, runningState } from './state.mjs'

/**
 * Says where the console of this database runs already; one that is still coming up is waited for.
 * @returns {Promise<boolean>} whether there is one
 */
export async function announceRunning() {
  const name = consoleName(process.env.DATABASE_URL)
  let state = runningState(name)
  if (!state) return false
  if (!state.address) say(`IU Console is being started by process ${state.launcher.pid}; waiting for it.`)
  const { launcher } = state
  while (!state?.address && isAlive(launcher)) {
    await sleep(300)
    state = runningState(name)
  }
  if (!state?.address) return false
  console.log(`IU Console is already running (process ${state.launcher.pid}): ${state.address}`)
  return true
}

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, refTo, sleep } from '../../bin/process.mjs'

/**
 * Stops the server that an earlier launcher left behind when it was killed.
 * @param dataDir the cluster's folder
 * @param log told when there is one
 */
export async function stopLeftover(dataDir: string, log: (line: string) => void): Promise<void> {
  const lockFile = join(dataDir, 'postmaster.pid')
  if (!existsSync(lockFile)) return
  const pid = Number(readFileSync(lockFile, 'utf8').split('\n')[0])
  if (pid > 1 && isPostmasterOf(pid, dataDir)) {
    log(`stopping the PostgreSQL that an earlier start left behind (process ${pid})`)
    await stopPostgres(pid)
  }
  else {
    // The pid may belong to somebody else by now, and PostgreSQL would refuse to start beside it.
    rmSync(lockFile, { force: true })
  }
}

/**
 * Stops a PostgreSQL server: sessions are ended, data is safe.
 * @param pid its postmaster
 */
export async function stopPostgres(pid: number): Promise<void> {
  const ref = refTo(pid)
  // A fast shutdown; then an immediate one, after which the next start recovers.
  for (const [signal, patience] of [['SIGINT', 20_000], ['SIGQUIT', 5_000], ['SIGKILL', 2_000]] as const) {
    if (!isAlive(ref)) return
    process.kill(pid, signal)
    for (const until = Date.now() + patience; Date.now() < until && isAlive(ref);) await sleep(50)
  }
}

function isPostmasterOf(pid: number, dataDir: string): boolean {
  try {
    const args = process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ')
      : execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
    return args.includes('postgres') && [dataDir, realpathSync(dataDir)].some(folder => args.includes(`-D ${folder}`))
  }
  catch {
    return false
  }
}

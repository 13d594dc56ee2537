import { fork, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const LINES_KEPT = 400

export interface GuardedCommand {
  command: string
  args: string[]
  /** uid, gid, cwd and env of the process. */
  options?: Pick<SpawnOptions, 'uid' | 'gid' | 'cwd' | 'env'>
  /** The signal that stops it in good order. */
  signal: NodeJS.Signals
  /** A directory that goes when the process is done with. */
  remove?: string
}

/** A server process that never outlives the test run. */
export type Guarded = ReturnType<typeof startGuarded>

/**
 * Starts a server process under guard.mjs.
 * @param guarded what to run
 * @returns its output so far (`logs`), why it ended (`exited`), and how to stop, restart and end it
 */
export function startGuarded(guarded: GuardedCommand) {
  const lines: string[] = []
  const state = { exited: undefined as string | undefined }
  const guard = fork(fileURLToPath(new URL('./guard.mjs', import.meta.url)), [JSON.stringify(guarded)], {
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  for (const stream of [guard.stdout, guard.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => lines.splice(0, lines.push(text) - LINES_KEPT))
  }
  guard.on('message', (message: { state: string, detail?: string }) => {
    if (message.state === 'exited') state.exited = message.detail
  })

  const ask = (request: 'start' | 'stop', answer: string) => new Promise<void>((resolve) => {
    const listen = (message: { state: string }) => {
      if (message.state !== answer) return
      guard.off('message', listen)
      resolve()
    }
    guard.on('message', listen)
    guard.send(request)
  })

  return {
    /** Everything the process wrote lately, both streams together. */
    get logs() {
      return lines.join('')
    },
    /** Set when the process ended by itself: how. */
    get exited() {
      return state.exited
    },
    /** Stops the process and keeps its files. */
    stop: () => ask('stop', 'stopped'),
    /** Starts it again after stop(). */
    start: () => ask('start', 'started'),
    /** Stops it for good and removes its files. */
    async end() {
      if (guard.exitCode !== null || guard.signalCode !== null) return
      const ended = once(guard, 'exit')
      if (guard.connected) guard.disconnect()
      await ended
    },
  }
}

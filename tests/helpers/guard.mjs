/**
 * Keeps one server process for a test run and ends it with the run, however the run ends: it stops the server and removes
 * its files as soon as the channel to its parent closes, which also happens when the parent is killed.
 *
 * Argument: JSON of { command, args, options, signal, remove }. Messages: 'stop' and 'start', answered with
 * { state: 'stopped' | 'started' }; { state: 'exited' } comes unasked when the server ends by itself.
 */
import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'

const { command, args, options, signal, remove } = JSON.parse(process.argv[2])
const PATIENCE_MS = 15_000
let server
let stopping = false

function tell(state, detail) {
  if (process.connected) process.send({ state, detail })
}

function start() {
  stopping = false
  server = spawn(command, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] })
  server.once('error', error => tell('exited', error.message))
  server.once('exit', (code, by) => {
    server = undefined
    tell(stopping ? 'stopped' : 'exited', `exit code ${code ?? by}`)
  })
  tell('started')
}

function stop() {
  if (!server) return Promise.resolve(tell('stopped'))
  stopping = true
  const ended = new Promise(resolve => server.once('close', resolve))
  const impatient = setTimeout(child => child.kill('SIGKILL'), PATIENCE_MS, server)
  server.kill(signal)
  return ended.finally(() => clearTimeout(impatient))
}

process.on('message', message => (message === 'start' ? start() : stop()))
process.once('disconnect', async () => {
  await stop()
  if (remove) await rm(remove, { recursive: true, force: true })
  process.exit()
})
// The run's own end decides, not a signal to the whole process group.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {})
start()

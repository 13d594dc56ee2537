#!/usr/bin/env node
/**
 * Runs every test suite on a machine where nothing needs to be prepared, and says in its last line how it went.
 *
 *   node bin/test.mjs                             everything
 *   node bin/test.mjs db-pg18 unit                these suites
 *   node bin/test.mjs db-pg18 functions/compose   a suite, and what else to hand to its runner
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ensureChromium, ensurePlpgsqlCheck, findPostgres15 } from '../tests/helpers/machine.mjs'
import { readPlaywrightReport, readVitestReport } from '../tests/helpers/reports.mjs'
import { prepare } from './bootstrap.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const PATIENCE_MS = 20_000

/** Everything the suites put into the temporary folder goes into one that is deleted with the run. */
const scratch = mkdtempSync(join(tmpdir(), 'iu-console-test-'))
// PostgreSQL runs as another user than root and has to reach its files in here.
chmodSync(scratch, 0o755)

const vitest = name => ({
  name,
  command: ['vitest', 'run', '--project', name, '--reporter=default', '--reporter=json', `--outputFile.json=${reportOf(name)}`],
  read: readVitestReport,
})

const suites = [
  { name: 'lint', command: ['eslint', '.', '--max-warnings=0'] },
  { name: 'sql', command: ['squawk', 'migrations/[0-9]*.sql'] },
  { name: 'typecheck', command: ['nuxt', 'typecheck'] },
  vitest('unit'),
  vitest('db-pg18'),
  { ...vitest('db-pg15'), needs: ['checker'], absent: () => !findPostgres15() && 'no PostgreSQL 15 is installed (Debian: postgresql-15, or set PG15_BIN)' },
  { ...vitest('cli'), needs: ['build'] },
  { ...vitest('api'), needs: ['build'] },
  { name: 'e2e', command: ['playwright', 'test', '--reporter=list,json'], read: readPlaywrightReport, needs: ['build', 'browser'] },
]

const preparations = {
  packages: () => prepare(),
  build: () => prepare({ build: true }),
  browser: ensureChromium,
  checker: ensurePlpgsqlCheck,
}

let child
let interrupted

function reportOf(name) {
  return join(scratch, `${name}.json`)
}

function headline(text) {
  console.log(`\n── ${text} ${'─'.repeat(Math.max(3, 76 - text.length))}`)
}

/** The environment of the suites: a database or address meant for the console must not reach the tests. */
function environment(reportFile) {
  const env = Object.entries(process.env).filter(([name]) => !['DATABASE_URL', 'HOST', 'PORT'].includes(name))
  return { ...Object.fromEntries(env), TMPDIR: scratch, PLAYWRIGHT_JSON_OUTPUT_FILE: reportFile }
}

/** Runs a command of node_modules/.bin in its own process group; resolves with its exit code. */
function run(name, [command, ...args]) {
  return new Promise((resolve) => {
    child = spawn(join(root, 'node_modules/.bin', command), args, {
      cwd: root,
      detached: true,
      env: environment(reportOf(name)),
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const settle = (code) => {
      child = undefined
      resolve(code)
    }
    child.once('error', (error) => {
      console.error(error.message)
      settle(1)
    })
    child.once('exit', code => settle(code ?? 1))
  })
}

function signalGroup(signal) {
  try {
    if (child) process.kill(-child.pid, signal)
  }
  catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function interrupt(signal) {
  if (interrupted) return
  interrupted = signal
  console.log(`\n${signal}: stopping`)
  signalGroup('SIGINT')
  setTimeout(signalGroup, PATIENCE_MS, 'SIGKILL').unref()
}

/** Each preparation is made once; a failed one fails every suite that needs it. */
const prepared = new Map()
function ensure(need) {
  if (!prepared.has(need)) {
    headline(need)
    prepared.set(need, (async () => preparations[need]())())
  }
  return prepared.get(need)
}

/** Runs one suite and counts; one that cannot run, crashes or has no test counts as one failure. */
async function runSuite(suite, extra) {
  const absent = suite.absent?.()
  if (absent) {
    console.log(`\nNot run: ${suite.name}, because ${absent}.`)
    return { passed: 0, failed: 0, skipped: 0 }
  }
  for (const need of suite.needs ?? []) {
    try {
      await ensure(need)
    }
    catch (error) {
      console.error(`Cannot run ${suite.name}: ${error.message}`)
      return { passed: 0, failed: 1, skipped: 0 }
    }
  }
  headline(suite.name)
  const exitCode = await run(suite.name, [...suite.command, ...extra])
  if (!suite.read) return exitCode === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
  const counts = existsSync(reportOf(suite.name))
    ? suite.read(JSON.parse(readFileSync(reportOf(suite.name), 'utf8')))
    : { passed: 0, failed: 0, skipped: 0 }
  const ranNothing = counts.passed + counts.failed === 0
  if (counts.failed === 0 && (exitCode !== 0 || ranNothing)) {
    console.error(`${suite.name}: ${exitCode === 0 ? 'ran no test' : `ended with exit code ${exitCode}`}, which counts as a failure.`)
    counts.failed = 1
  }
  return counts
}

/** Servers end with the process that started them; their files are gone when they are. */
async function serversGone() {
  const deadline = Date.now() + PATIENCE_MS
  while (Date.now() < deadline && readdirSync(scratch).some(name => name.startsWith('iu-postgres-'))) await pause(50)
}

async function main() {
  const args = process.argv.slice(2)
  const named = suites.filter(({ name }) => args.includes(name))
  const extra = args.filter(arg => !named.some(({ name }) => name === arg))
  if (extra.length > 0 && named.length === 0) {
    console.error(`Name a suite before its arguments: ${suites.map(({ name }) => name).join(', ')}.`)
    process.exitCode = 1
    return
  }
  const chosen = named.length > 0 ? named : suites
  const total = { passed: 0, failed: 0, skipped: 0 }
  const results = []
  try {
    await ensure('packages')
    if (!interrupted && chosen.some(({ needs }) => needs?.includes('build'))) {
      // Early, because it also writes what lint and types read. When it fails, the other suites still run.
      await ensure('build').catch(error => console.error(error.message))
    }
    if (!interrupted && !existsSync(join(root, '.nuxt/tsconfig.json'))) await run('prepare', ['nuxt', 'prepare'])
    for (const suite of chosen) {
      if (interrupted) break
      const started = Date.now()
      const counts = await runSuite(suite, extra)
      results.push({ name: suite.name, ...counts, seconds: ((Date.now() - started) / 1000).toFixed(1) })
      for (const key of Object.keys(total)) total[key] += counts[key]
    }
  }
  catch (error) {
    console.error(error.message)
    total.failed += chosen.length - results.length
  }
  await serversGone()
  headline('result')
  for (const { name, passed, failed, skipped, seconds } of results) {
    console.log(`${failed ? '✗' : '✓'} ${name.padEnd(10)} ${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed ${String(skipped).padStart(4)} skipped ${seconds.padStart(7)} s`)
  }
  if (interrupted) console.log('Interrupted: not every suite ran.')
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exitCode = total.failed > 0 || interrupted ? 1 : 0
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt)
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
await main()

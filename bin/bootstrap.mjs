import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lock } from './lock.mjs'
import { PlainError, say, step } from './progress.mjs'
import { root, runningConsoles } from './state.mjs'

const SOURCES = ['app', 'components', 'conformance', 'pages', 'server', 'migrations', 'nuxt.config.ts', 'tsconfig.json', 'package.json', 'package-lock.json']
// Written from the migrations, and read by nobody at run time.
const NOT_BUILT = ['migrations/schema.sql']
const installedStamp = join(root, 'node_modules/.iu-console-lock')
const builtStamp = join(root, '.output/.iu-console-sources')

/**
 * Brings a clone to where its code can run: the Node version, the packages and, when asked for, the build.
 * Only what is missing or stale is done, and never by two processes at once.
 * @param {{ build?: boolean }} [options]
 * @throws {PlainError} with the end of the failed command's output
 */
export async function prepare({ build = false } = {}) {
  checkNode()
  if (isInstalled() && (!build || isBuilt())) return
  // A clone belongs to one folder, wherever the data is kept: so does this lock.
  mkdirSync(join(root, '.data'), { recursive: true, mode: 0o711 })
  const release = await lock(join(root, '.data/setup.lock'), pid => say(`  … waiting for process ${pid}, which is preparing this folder`))
  try {
    if (!isInstalled()) {
      refuseBesideRunning('The packages no longer match package-lock.json')
      await step('installing packages (npm ci)', () => npm('ci', '--include=dev', '--no-audit', '--no-fund'))
      writeFileSync(installedStamp, lockfileHash())
    }
    if (build && !isBuilt()) {
      refuseBesideRunning('The sources have changed since the last build')
      const sources = sourcesHash()
      rmSync(builtStamp, { force: true })
      await step('building', () => node('node_modules/nuxt/bin/nuxt.mjs', 'build'))
      writeFileSync(builtStamp, sources)
    }
  }
  finally {
    release()
  }
}

/**
 * Loads a TypeScript module; `prepare` must have run.
 * @param {string} path from the clone's folder
 * @returns {Promise<any>} its exports
 */
export async function importTypeScript(path) {
  const { register } = await import('tsx/esm/api')
  // The clone's own tsconfig extends one that only a build writes; this one knows the one alias that is used here.
  register({ tsconfig: join(root, 'server/cli/tsconfig.json') })
  return import(new URL(`../${path}`, import.meta.url).href)
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22
  if (!fits) throw new PlainError(`IU Console needs Node.js 20.19 or later in the 20 line, or 22.12 and later; this is ${process.version}.`)
}

function refuseBesideRunning(reason) {
  const [running] = runningConsoles()
  if (running) {
    throw new PlainError(`${reason}, but a console runs from this folder${running.address ? ` (${running.address})` : ''}. Stop it first, then try again.`)
  }
}

const sha256 = () => createHash('sha256')
const lockfileHash = () => sha256().update(readFileSync(join(root, 'package-lock.json'))).digest('hex')
const readStamp = file => (existsSync(file) ? readFileSync(file, 'utf8') : null)

function isInstalled() {
  if (!existsSync(join(root, 'node_modules'))) return false
  const stamp = readStamp(installedStamp)
  return stamp === lockfileHash() || matchesLockfile()
}

/** Whether a plain `npm ci` or `npm install` has put in place what the lockfile asks for. */
function matchesLockfile() {
  const hidden = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(hidden)) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) =>
    path === '' || (present[path] ? present[path].version === entry.version : Boolean(entry.optional || entry.devOptional)))
}

function isBuilt() {
  return existsSync(join(root, '.output/server/index.mjs')) && readStamp(builtStamp) === sourcesHash()
}

function sourcesHash() {
  const hash = sha256()
  const files = SOURCES.flatMap(filesUnder).filter(file => !NOT_BUILT.includes(file))
  for (const file of files) hash.update(file).update('\0').update(readFileSync(join(root, file))).update('\0')
  return hash.digest('hex')
}

function filesUnder(source) {
  if (!existsSync(join(root, source))) return []
  if (/\.\w+$/.test(source)) return [source]
  return readdirSync(join(root, source), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath ?? entry.path, entry.name).slice(root.length))
    .sort()
}

function npm(...args) {
  // Started through npm, its own script is known; else it is the one on the path.
  const script = process.env.npm_execpath
  return script?.endsWith('.js') ? run(process.execPath, [script, ...args]) : run('npm', args)
}

const node = (...args) => run(process.execPath, args)

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NUXT_TELEMETRY_DISABLED: '1' },
      shell: process.platform === 'win32' && command === 'npm',
    })
    let output = ''
    const collect = chunk => (output = (output + chunk).slice(-20_000))
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    let interrupted = false
    const pass = (signal) => {
      interrupted = true
      child.kill(signal)
    }
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, pass)
    const settle = (reason) => {
      for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, pass)
      if (interrupted) return reject(new PlainError('Stopped.'))
      if (!reason) return resolve()
      reject(new PlainError(`${excerpt(output)}\n\n${[command === 'npm' ? 'npm' : '', ...args].join(' ').trim()} ${reason}. What it said is above.`))
    }
    child.on('error', error => settle(`could not be started: ${error.message}`))
    child.on('close', (code, signal) => settle(code === 0 ? null : signal ? `was stopped by ${signal}` : `failed with exit code ${code}`))
  })
}

/** The end of an output; npm says what is wrong first and explains itself after that. */
function excerpt(output) {
  const lines = output.trimEnd().split('\n')
  const error = lines.findIndex(line => line.startsWith('npm error'))
  return (error < 0 ? lines.slice(-25) : lines.slice(error, error + 25)).join('\n')
}

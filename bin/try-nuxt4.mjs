#!/usr/bin/env node
/**
 * Builds this very source on Nuxt 4 and looks whether it works there: in a temporary folder, with a database of its own,
 * all of which is gone afterwards. Takes some minutes and a package registry. Exits with 1 when something does not hold.
 *
 *   npm run try:nuxt4
 *
 * Nuxt 4.5.2 asks for Node 22.19; on an older one, that Node is installed into the temporary folder, too. @nuxt/ui 3.3.7 is
 * the version of the console itself: it runs on Nuxt 3 and 4, but names vue-router 4 as its peer, where Nuxt 4.5 brings 5.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PlainError, fail, say, step } from './progress.mjs'
import { root } from './state.mjs'

const NUXT = '4.5.2'
const VUE_ROUTER = '5.5.1'
const NODE = '22.23.3'
const SOURCES = ['app', 'bin', 'components', 'conformance', 'demo', 'migrations', 'pages', 'server', 'nuxt.config.ts', 'tsconfig.json']
const TO_BUILD = ['@nuxt/eslint', 'eslint']
const PATIENCE_MS = 15 * 60_000

/** Not the console's own: it would work on somebody's database, or be reached under another address. */
const NOT_INHERITED = /^(DATABASE_URL|HOST|PORT|NODE_ENV|IU_|npm_)/
const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name)))

/** Children that still run. */
const running = new Set()
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interrupted = true
    for (const child of running) child.kill('SIGTERM')
  })
}

/** Starts a program in the folder; `output` grows, `ended` settles with the exit code or the signal. */
function start(folder, command, args) {
  const child = spawn(command, args, { cwd: folder, env: inherited, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' && command === 'npm' })
  running.add(child)
  const program = { child, output: '' }
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (program.output += text))
  program.ended = new Promise((resolve) => {
    const settle = (how) => {
      running.delete(child)
      resolve(how)
    }
    child.once('error', error => settle(error.message))
    child.once('close', (code, signal) => settle(code ?? signal))
  })
  return program
}

const lastLines = output => output.trimEnd().split('\n').slice(-25).join('\n')

async function npm(folder, ...args) {
  const program = start(folder, 'npm', [...args, '--no-audit', '--no-fund'])
  const how = await program.ended
  if (how !== 0) throw new PlainError(`${lastLines(program.output)}\n\nnpm ${args.join(' ')} ended with ${how}.`)
}

function copySources(folder) {
  for (const source of SOURCES) cpSync(join(root, source), join(folder, source), { recursive: true })
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  manifest.dependencies.nuxt = NUXT
  manifest.devDependencies = Object.fromEntries(Object.entries(manifest.devDependencies).filter(([name]) => TO_BUILD.includes(name)))
  manifest.overrides['@nuxt/ui'] = { 'vue-router': VUE_ROUTER }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2))
}

/** The Node to build and run with: this one, where it is new enough. */
async function nodeFor(folder) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if ((major === 22 && minor >= 19) || (major === 24 && minor >= 11) || major >= 26) return process.execPath
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  // Beside the packages: among them it would be one that the lockfile does not know.
  await step(`installing Node ${NODE}, because this is ${process.version}`, () => npm(folder, 'install', '--prefix', '.node', `${name}@${NODE}`))
  return join(folder, '.node/node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

/** Builds and starts by the launcher; resolves with the printed link once the console is up. */
async function launch(program) {
  const deadline = Date.now() + PATIENCE_MS
  let how
  program.ended.then(end => (how = end))
  for (;;) {
    const link = /IU Console is up: (\S+)/.exec(program.output)?.[1]
    if (link) return new URL(link)
    if (how !== undefined) throw new PlainError(`${lastLines(program.output)}\n\nIt ended with ${how} before it was up.`)
    if (Date.now() > deadline) throw new PlainError(`${lastLines(program.output)}\n\nIt is not up after ${PATIENCE_MS / 60_000} minutes.`)
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

/** What has to hold, in this order: each a name and a question about an answer. */
async function smokeTest({ origin, hash }) {
  let failed = 0
  let cookie
  const check = async (name, path, holds, init = {}) => {
    try {
      const answer = await fetch(new URL(path, origin), {
        redirect: 'manual', signal: AbortSignal.timeout(30_000), ...init, headers: { ...(cookie ? { cookie } : {}), ...init.headers },
      })
      const text = await answer.text()
      if (!holds(answer, text)) throw new Error(`${answer.status} ${text.slice(0, 300)}`)
      say(`  ✓ ${name}`)
    }
    catch (error) {
      failed += 1
      say(`  ✗ ${name}: ${error.message}`)
    }
  }
  const posting = body => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const signsIn = (answer, text) => {
    cookie = answer.headers.getSetCookie().find(line => line.startsWith('__Host-iu-session='))?.split(';')[0]
    return answer.status === 200 && JSON.parse(text).status === 'signed_in' && cookie !== undefined
  }
  const email = 'administrator@example.org'
  const password = randomBytes(24).toString('base64url')

  await check('it is alive', '/api/health/live', answer => answer.status === 200)
  await check('the sign-in page is rendered, its scripts under a nonce', '/sign-in', (answer, text) =>
    answer.status === 200 && text.includes('E-mail address') && /script-src 'nonce-/.test(answer.headers.get('content-security-policy') ?? ''))
  await check('a page sends a stranger to the sign-in', '/templates', answer =>
    answer.status === 302 && answer.headers.get('location')?.startsWith('/sign-in?to='))
  await check('data is refused to a stranger', '/api/templates', (answer, text) => answer.status === 401 && !text.includes('tpl:'))
  await check('no island is rendered for a stranger', '/__nuxt_island/Anything_0.json', (answer, text) => answer.status !== 200 && !text.includes('tpl:'))
  await check('the printed link makes the first administrator', '/api/set-up', signsIn, posting({ token: hash.slice(1), email, name: 'Administrator', password }))
  cookie = undefined
  await check('who has an account signs in', '/api/session', signsIn, posting({ email, password }))
  await check('data is served', '/api/templates', (answer, text) => answer.status === 200 && text.includes('tpl:wf:onboarding/v2'))
  await check('the page is rendered with its data', '/templates', (answer, text) => answer.status === 200 && text.includes('tpl:wf:onboarding/v2'))
  return failed
}

const folder = mkdtempSync(join(tmpdir(), 'iu-console-nuxt4-'))
// PostgreSQL runs as another user than root and has to pass through.
chmodSync(folder, 0o711)
let program
try {
  copySources(folder)
  await step(`installing Nuxt ${NUXT}`, () => npm(folder, 'install'))
  const node = await nodeFor(folder)
  program = start(folder, node, ['bin/start.mjs'])
  const link = await step('building and starting', () => launch(program))
  const failed = await smokeTest(link)
  if (failed > 0) throw new PlainError(`${failed} of the checks failed on Nuxt ${NUXT}.`)
  say(`\nThe console works on Nuxt ${NUXT}.`)
}
catch (error) {
  fail(interrupted ? new PlainError('Stopped.') : error)
}
finally {
  program?.child.kill('SIGTERM')
  await program?.ended
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

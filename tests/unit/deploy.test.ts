/** The files an operator installs: units and container file say only what is there. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')
const units = readdirSync(`${ROOT}deploy`).filter(file => /\.(service|timer)$/.test(file))
const containerfile = read('deploy/Containerfile')

/** What is made by a build, and therefore not in a clone. */
const BUILT = ['.output/server/index.mjs', '.output', './.output']

describe('units', () => {
  test('are the console, its health check and the check\'s timer', () => {
    expect(units.sort()).toEqual(['iu-console.service', 'iu-health.service', 'iu-health.timer'])
  })

  test('are what systemd takes', () => {
    const { status, error, stderr } = spawnSync('systemd-analyze', ['verify', ...units.map(unit => `${ROOT}deploy/${unit}`)], { encoding: 'utf8' })
    // A machine without systemd has nothing to say about them; the other tests read them anyway.
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test.each(units.filter(unit => unit.endsWith('.service')))('%s starts a program that exists, takes its secrets from a file, and may do next to nothing', (unit) => {
    const text = read(`deploy/${unit}`)
    const [, program] = /^ExecStart=\/usr\/bin\/env node (\S+)/m.exec(text)!
    expect(BUILT.includes(program!) || existsSync(`${ROOT}${program}`)).toBe(true)
    expect(text).toMatch(/^EnvironmentFile=/m)
    expect(text).not.toMatch(/postgres:\/\/|^Environment=.*(SECRET|DATABASE_URL)/m)
    for (const line of ['NoNewPrivileges=yes', 'DynamicUser=yes', 'ProtectSystem=strict', 'PrivateTmp=yes']) expect(text.split('\n')).toContain(line)
  })

  test('the timer starts a service of its name', () => expect(units).toContain('iu-health.service'))
})

describe('the container file', () => {
  test('copies what is there, holds no secret and does not run as root', () => {
    const copied = [...containerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from]) => from!.split(' '))
    expect(copied.length).toBeGreaterThan(0)
    for (const from of copied) expect(existsSync(`${ROOT}${from}`)).toBe(true)
    expect(containerfile).not.toMatch(/^(ENV|ARG).*(DATABASE_URL|SECRET)/m)
    expect(containerfile.split('FROM').at(-1)).toMatch(/^USER node$/m)
  })

  test('is kept from whatever a build or a run leaves in the folder', () => {
    const ignored = read('.dockerignore').split('\n')
    for (const path of ['node_modules', '.data', '.output', '.git']) expect(ignored).toContain(path)
  })
})

/** Files whose environment variables an operator may set. */
function* sources(folder: string): Generator<string> {
  for (const file of readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })) {
    if (/\.(ts|mjs|vue)$/.test(file)) yield `${folder}/${file}`
  }
}

describe('the table of variables in the README', () => {
  /** Set by others: npm for its scripts. */
  const NOT_OURS = ['npm_execpath', 'NODE_ENV']
  const named = new Set([...read('README.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name!))

  test('names every variable that the code reads, and no other', () => {
    const files = ['bin', 'server', 'app'].flatMap(folder => [...sources(folder)])
    // Those of access are read by the names in their schema.
    const ofAccess = [...read('server/auth/settings.ts').matchAll(/^ {2}(IU_\w+): z\./gm)].map(([, name]) => name!)
    expect(ofAccess).toContain('IU_SECRET')
    const used = new Set([...ofAccess, ...files.flatMap(file => [...read(file).matchAll(/\bprocess\.env\.(\w+)/g)].map(([, name]) => name!))])
    for (const name of NOT_OURS) used.delete(name)
    expect([...named].sort()).toEqual([...used].sort())
  })
})

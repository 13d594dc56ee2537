/** Of everything that lies in the folders of the console, only what the build makes for browsers is handed out. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { raw } from './raw'
import { somebody } from './support'

const own = useConsole()
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PUBLIC = join(ROOT, '.output/public')
const served = readdirSync(PUBLIC, { recursive: true, encoding: 'utf8' }).filter(file => statSync(join(PUBLIC, file)).isFile())

let cookie: string
beforeAll(async () => {
  ({ cookie } = await somebody(own, 'administrator'))
})

/** Nobody is sent to sign in, and an administrator told that there is nothing. */
async function expectNothing(path: string) {
  const asNobody = await raw(own.url, { path, headers: { accept: 'text/html' } })
  expect([302, 401, 404], `${path}, as nobody`).toContain(asNobody.status)
  const answer = await raw(own.url, { path, headers: { accept: 'text/html', cookie } })
  expect([path, answer.status]).toEqual([path, 404])
  for (const { headers, body } of [asNobody, answer]) {
    expect(headers['content-type'], path).toMatch(/^(text\/html|application\/json)/)
    expect(body, path).not.toMatch(/Index of|"dependencies"|"mappings"|\[core\]|root:x:|defineNuxtConfig|<script setup/i)
  }
  return [asNobody.body, answer.body]
}

describe('a file of the source', () => {
  const SKIPPED = ['node_modules', '.output', '.nuxt', '.data', 'test-results']
  /** Each file at the root, and one of each folder there. */
  const files = readdirSync(ROOT, { withFileTypes: true }).filter(({ name }) => !SKIPPED.includes(name)).flatMap((entry) => {
    if (entry.isFile()) return [entry.name]
    const inside = readdirSync(join(ROOT, entry.name), { recursive: true, encoding: 'utf8' }).find(file => statSync(join(ROOT, entry.name, file)).isFile())
    return inside ? [`${entry.name}/${inside}`] : []
  })
  const MORE = ['server/auth/library.ts', 'pages/sign-in.vue', '.output/nitro.json', '.output/server/index.mjs', '.output/server/chunks/nitro/nitro.mjs.map', 'node_modules/nuxt/package.json', '.nuxt/tsconfig.json']
  const WAYS: ((file: string) => string)[] = [
    file => `/${encodeURI(file)}`, file => `/_nuxt/${encodeURI(file)}`, file => `/_nuxt/../../../${encodeURI(file)}`, file => `/_nuxt/..%2f..%2f..%2f${encodeURIComponent(file)}`,
    file => `/_nuxt/..%5c..%5c..%5c${encodeURI(file)}`, file => `/@fs${encodeURI(join(ROOT, file))}`, file => `/_nuxt/@fs${encodeURI(join(ROOT, file))}`, file => `/${encodeURI(file)}?raw`,
  ]

  test.each([...files, ...MORE.filter(file => existsSync(join(ROOT, file)))])('%s is not handed out', async (file) => {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n').map(line => line.trim()).filter(line => line.length > 30)
    for (const way of WAYS) {
      for (const body of await expectNothing(way(file))) expect(lines.filter(line => body.includes(line)), way(file)).toEqual([])
    }
  })
})

test.each([
  '/.env', '/.env.production', '/.git/config', '/.git/HEAD', '/.gitignore', '/.svn/entries', '/.DS_Store', '/.npmrc', '/.data/secret', '/.data/', '/Dockerfile', '/nitro.json', '/index.mjs',
  '/server-status', '/server-info', '/phpinfo.php', '/backup.sql', '/schema.sql', '/index.html', '/200.html', '/404.html', '/server/', '/pages/', '/node_modules/', '/migrations/',
  '/_nuxt', '/_nuxt/', '/_nuxt/builds', '/_nuxt/builds/', '/_nuxt/builds/meta', '/_nuxt/builds/meta/', '/_nuxt/manifest.json', '/_nuxt/.vite/manifest.json', '/_nuxt_icon', '/api/_nuxt_icon', '/api/_nuxt_icon/', '/api/_nuxt_icon/mdi.json?icons=home', '/api/_nuxt_icon/lucide.json?icons=house',
  '/@vite/client', '/_nuxt/@vite/client', '/@id/x', '/@fs/etc/passwd', '/_nuxt/@fs/etc/passwd', '/__vite_ping', '/__inspect/', '/__open-in-editor?file=x', '/__nuxt_devtools__/client/',
  '/_vfs.json', '/_vfs/', '/_nitro/tasks', '/_nitro/tasks/x', '/_tasks', '/__nuxt_error', '/__nuxt_error?statusCode=500&stack=x', '/__webpack_hmr', '/_openapi.json', '/_scalar', '/_swagger', '/_ipx/etc/passwd',
])('%s: there is nothing, no list of files either', async (path) => {
  const assets = served.map(file => file.split('/').at(-1)!).filter(file => file.endsWith('.js'))
  const page = (await raw(own.url, { path: '/no-such-page', headers: { accept: 'text/html', cookie } })).body
  for (const body of await expectNothing(path)) {
    // A page names the files that it needs itself.
    expect(assets.filter(file => body.includes(file) && !page.includes(file)), path).toEqual([])
  }
})

describe('what is handed out', () => {
  test('are scripts, styles, fonts, the icon and the number of the build: no source map', () => {
    expect(served.length).toBeGreaterThan(50)
    expect(served.filter(file => !/^(_nuxt\/[\w.-]+\.(js|css|woff2)|_nuxt\/builds\/(latest|meta\/[\w-]+)\.json|favicon\.svg)$/.test(file))).toEqual([])
    for (const file of served.filter(name => /\.(js|css)$/.test(name))) {
      expect(readFileSync(join(PUBLIC, file), 'utf8'), file).not.toContain('sourceMappingURL')
    }
  })

  test('has no map beside it', async () => {
    for (const file of served.filter(name => /\.(js|css)$/.test(name)).slice(0, 20)) await expectNothing(`/${file}.map`)
  })

  test('has nothing of the server in it: no statement, no name of a setting, no path of the machine that built it', () => {
    for (const file of served.filter(name => /\.(js|css|json|svg)$/.test(name))) {
      const text = readFileSync(join(PUBLIC, file), 'utf8')
      expect(text.match(/IU_SECRET|DATABASE_URL|IU_OIDC_CLIENT_SECRET|fn_sign_in_admit|fn_audit_record|better-auth|node_modules|\bselect .{1,80} from (public|console)\./g), file).toBeNull()
      expect(text.includes(ROOT), file).toBe(false)
    }
  })
})

test('the server runs without what only developing takes', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }
  // The build may note that a package exists; it has none of its code.
  const code = Object.keys(devDependencies).flatMap((name) => {
    const folder = join(ROOT, '.output/server/node_modules', name)
    return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => /\.([cm]?js|node|wasm)$/.test(file)).map(file => `${name}/${file}`) : []
  })
  expect(Object.keys(devDependencies).length).toBeGreaterThan(5)
  expect(code).toEqual([])
})

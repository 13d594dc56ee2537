/** docs/security.md says what is there; and the rules of decision 019 hold in the source. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ROUTES } from '#shared/access'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')
const page = read('docs/security.md')

describe('docs/security.md', () => {
  test('has the table of access: each route that is not a viewer\'s, with who may', () => {
    const told = [...page.matchAll(/^\| `([A-Z*]+ \/\S+)` \| (\w+) \|$/gm)].map(([, route, who]) => [route, who])
    const rows = Object.entries(ROUTES).filter(([, who]) => who !== 'viewer')
    expect(told.sort()).toEqual(rows.sort())
  })

  test('says rightly that viewers only read', () => {
    const viewers = Object.entries(ROUTES).filter(([, who]) => who === 'viewer').map(([route]) => route)
    expect(viewers.filter(route => !route.startsWith('GET '))).toEqual(['* /api/**'])
  })

  test('names tests and files that exist', () => {
    const named = [...page.matchAll(/`((?:tests|app|server)\/[\w./-]+)`/g)].map(([, file]) => file!)
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter(file => !existsSync(`${ROOT}${file}`))).toEqual([])
  })

  test('leads to pages that exist, and says of every item either what shows it or that nothing does', () => {
    for (const [, link] of page.matchAll(/\]\(([^)#]+)[^)]*\)/g)) expect([link, existsSync(`${ROOT}docs/${link}`)]).toEqual([link, true])
    const items = [...page.matchAll(/^\| (\d[\d., to]*) \| (.+) \| (.+) \|$/gm)]
    expect(items.length).toBeGreaterThan(60)
    const shown = /`[\w./-]+`|no test yet|does not hold|this page|the reverse proxy/
    expect(items.filter(([, , , by]) => !shown.test(by!)).map(([line]) => line)).toEqual([])
  })
})

describe('what keeps the advisories of Nuxt 3 away', () => {
  const sources = ['app', 'components', 'pages', 'server'].flatMap(folder =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' }).filter(file => /\.(ts|vue)$/.test(file)).map(file => `${folder}/${file}`))

  test('no route rules, no islands, no cached pages', () => {
    expect(read('nuxt.config.ts')).toMatch(/experimental: \{ componentIslands: false \}/)
    expect(read('nuxt.config.ts')).not.toMatch(/routeRules|prerender|swr|isr\b/)
    expect(sources.filter(file => /\.server\.vue$/.test(file))).toEqual([])
  })

  test.each([['routeRules', /\brouteRules\b|defineRouteRules/], ['a cached handler', /\bdefineCached(EventHandler|Function)\b|\bcached(EventHandler|Function)\b/],
    ['an island', /<NuxtIsland\b/], ['markup from a text', /\bv-html\b|\.innerHTML\b|<NoScript\b/], ['an event stream', /\bcreateEventStream\b/]])('nowhere %s', (_what, pattern) => {
    expect(sources.filter(file => pattern.test(read(file)))).toEqual([])
  })
})

describe('text does not become code', () => {
  const sources = ['app', 'components', 'pages', 'server', 'bin'].flatMap(folder =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' }).filter(file => /\.(ts|vue|mjs)$/.test(file)).map(file => `${folder}/${file}`))
  const without = (files: string[], pattern: RegExp) => expect(files.filter(file => pattern.test(read(file)))).toEqual([])

  test.each([
    ['eval', /\beval\s*\(/], ['a function made of text', /\bnew\s+Function\b|(?<![.\w])Function\s*\(|\bAsyncFunction\b/], ['a timer that takes text', /\bset(Timeout|Interval)\s*\(\s*['"`]/],
    ['another machine of JavaScript', /['"](node:)?vm['"]|\bisolated-vm\b/], ['a component made of text', /runtimeCompiler|\bcompileToFunction\b|['"]vue\/dist\/vue\.esm|@vue\/compiler/],
    ['a script out of an address', /\bjavascript:/],
  ])('nowhere %s', (_what, pattern) => {
    expect(sources.length).toBeGreaterThan(300)
    without(sources, pattern)
  })

  test('what answers requests starts no program', () => {
    const served = sources.filter(file => !/^(server\/cli|bin)\//.test(file))
    without(served, /child_process|\bworker_threads\b|['"](node:)?cluster['"]|\bexeca\b/)
    // Nor does it get at what does: of the command line it takes what only reads.
    const taken = served.flatMap(file => [...read(file).matchAll(/from '[^']*\/cli\/([\w/-]+)'/g)].map(([, name]) => `server/cli/${name}.ts`))
    without(taken, /child_process/)
  })

  test('the command line starts programs by name and list, never through a shell', () => {
    const starting = sources.filter(file => /child_process/.test(read(file)))
    expect(starting.length).toBeGreaterThan(5)
    without(starting, /(?<!\.)\bexec(Sync)?\s*\(|import \{[^}]*\bexec(Sync)?\b[^}]*\} from 'node:child_process'/)
    // npm is a script on Windows, and started with words that stand there.
    expect(starting.filter(file => /\bshell:/.test(read(file)))).toEqual(['bin/bootstrap.mjs', 'bin/try-nuxt4.mjs'])
  })
})

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

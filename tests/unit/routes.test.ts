import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ROUTES, type RouteName } from '#shared/access'

const API = fileURLToPath(new URL('../../server/api', import.meta.url))
const routes = readdirSync(API, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
const source = (file: string) => readFileSync(`${API}/${file}`, 'utf8')

/** Liveness, readiness and the way in alone answer somebody who is not known. */
const FOR_ANYONE = [
  'health/live.get.ts', 'health/ready.get.ts', 'session/callback/oidc.get.ts', 'session/index.post.ts', 'session/oidc.get.ts',
  'session/second-factor.post.ts', 'session/ways.get.ts', 'set-up/check.post.ts', 'set-up/index.post.ts',
]

/** What answers for addresses and methods that are no route. */
const NO_ROUTE = ['[...].ts', 'index.ts']

describe('the routes', () => {
  test('are found', () => expect(routes.length).toBeGreaterThan(25))

  test.each(routes)('%s goes through the one wrapper and names who may', (file) => {
    const names = [...source(file).matchAll(/^export default defineConsoleHandler\('([^']+)',/gm)].map(([, name]) => name as RouteName)
    expect(names).toHaveLength(1)
    const access = ROUTES[names[0]!]
    expect(access === 'anyone').toBe(FOR_ANYONE.includes(file))
    // Nobody writes who may only read; the own account apart.
    if (!/\.get\.ts$/.test(file) && !NO_ROUTE.includes(file)) expect(access).not.toBe('viewer')
    expect(source(file)).not.toMatch(/defineEventHandler|eventHandler\(|fromNodeMiddleware|sendError\(/)
  })

  test.each(routes.filter(file => !NO_ROUTE.includes(file)))('%s has its method in its name, and is validate, call, return', (file) => {
    expect(file).toMatch(/\.(get|post|put)\.ts$/)
    expect(source(file).trimEnd().split('\n').length).toBeLessThanOrEqual(40)
    expect(source(file)).not.toMatch(/\breadBody\(|\bgetQuery\(|\bgetRouterParam|\binsert into\b|\bupdate public\b|\bdelete from\b/)
  })
})

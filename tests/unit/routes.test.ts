import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const API = fileURLToPath(new URL('../../server/api', import.meta.url))
const routes = readdirSync(API, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
const source = (file: string) => readFileSync(`${API}/${file}`, 'utf8')

/** Liveness and readiness alone answer somebody who is not known. */
const FOR_ANYONE = ['health/live.get.ts', 'health/ready.get.ts']

describe('the routes', () => {
  test('are found', () => expect(routes.length).toBeGreaterThan(25))

  test.each(routes)('%s goes through the one wrapper and names who may', (file) => {
    const roles = [...source(file).matchAll(/^export default defineConsoleHandler\(\{ role: '(\w+)' \},/gm)].map(([, role]) => role)
    const reads = /\.get\.ts$/.test(file) || file === '[...path].ts'
    expect(roles).toHaveLength(1)
    expect(reads ? [FOR_ANYONE.includes(file) ? 'anyone' : 'viewer'] : ['operator', 'administrator']).toContain(roles[0])
    expect(source(file)).not.toMatch(/defineEventHandler|eventHandler\(|fromNodeMiddleware|sendError\(/)
  })

  test.each(routes.filter(file => file !== '[...path].ts'))('%s has its method in its name, and is validate, call, return', (file) => {
    expect(file).toMatch(/\.(get|post|put)\.ts$/)
    expect(source(file).trimEnd().split('\n').length).toBeLessThanOrEqual(40)
    expect(source(file)).not.toMatch(/\breadBody\(|\bgetQuery\(|\bgetRouterParam|\binsert into\b|\bupdate public\b|\bdelete from\b/)
  })
})

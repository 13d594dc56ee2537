import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ACTING, ANSWERED_BY_PROVIDER, READING, WRITING, nameOf } from './routes'
import { ROUTES } from '#shared/access'

const API = fileURLToPath(new URL('../../server/api', import.meta.url))
const all = [...READING, ...WRITING, ...ACTING]

test('the table has one row for each route, and no other', () => {
  const files = readdirSync(API, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts') && !['[...].ts', 'index.ts'].includes(file))
  expect([...all.map(({ file }) => file), ...ANSWERED_BY_PROVIDER].map(file => `${file}.ts`).sort()).toEqual(files.sort())
})

test('the table of access has one row for each route, and no other', () => {
  const names = [...all.map(({ file }) => file), ...ANSWERED_BY_PROVIDER].map(nameOf)
  expect(Object.keys(ROUTES).sort()).toEqual(['* /api/**', ...names].sort())
})

test('the built server answers under no other address: no package brings a route of its own', () => {
  const text = readFileSync(fileURLToPath(new URL('../../.output/server/chunks/nitro/nitro.mjs', import.meta.url)), 'utf8')
  const built = [...text.matchAll(/\{ route: '([^']*)', handler: \w+, lazy: \w+, middleware: (\w+), method: (?:"(\w+)"|undefined) \}/g)]
    .filter(([, , isMiddleware]) => isMiddleware === 'false').map(([, route, , method]) => `${method?.toUpperCase() ?? '*'} ${route}`)
  // Pages, the page of errors, and what answers for everything else below /api.
  expect(built.sort()).toEqual([...Object.keys(ROUTES), '* /**', '* /__nuxt_error', '* /api'].sort())
})

test.each(all)('$file: the row has the parts of the path that the route has, and the route names its row of access', ({ file, path = {} }) => {
  expect(Object.keys(ROUTES)).toContain(nameOf(file))
  expect(readFileSync(`${API}/${file}.ts`, 'utf8')).toContain(`defineConsoleHandler('${nameOf(file)}',`)
  expect(Object.keys(path)).toEqual([...file.matchAll(/\[(\w+)\]/g)].map(([, name]) => name))
})

describe('the row has every field of the schema', () => {
  test.each(WRITING)('$file', async ({ fields, request }) => {
    expect(Object.keys(fields).sort()).toEqual(Object.keys(request.shape).sort())
  })
  test.each(READING.filter(route => route.query))('$file', ({ query }) => {
    expect(Object.keys(query!.fields).sort()).toEqual(Object.keys(query!.schema.shape).sort())
  })
})

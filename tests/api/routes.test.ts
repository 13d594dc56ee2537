import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { READING, WRITING } from './routes'

const API = fileURLToPath(new URL('../../server/api', import.meta.url))
const all = [...READING, ...WRITING]

test('the table has one row for each route, and no other', () => {
  const files = readdirSync(API, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts') && file !== '[...path].ts')
  expect(all.map(route => `${route.file}.ts`).sort()).toEqual(files.sort())
})

test.each(all)('$file: the row has the role and the parts of the path that the route has', ({ file, role, path = {} }) => {
  const source = readFileSync(`${API}/${file}.ts`, 'utf8')
  expect(source).toContain(`defineConsoleHandler({ role: '${role}' }`)
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

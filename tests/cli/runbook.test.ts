/** docs/runbook.md, run from top to bottom as its reader would. */
import { readFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { replay } from '../../server/cli/demo'
import { createDb } from '../../server/db/client'
import { createDatabase } from '../helpers/databases'
import { addPerson, addSecondFactor } from '../helpers/people'
import { runLine } from './program'

const runbook = readFileSync(fileURLToPath(new URL('../../docs/runbook.md', import.meta.url)), 'utf8')

/** A recipe's block: what to do, and how it ends; it may only be done where a program is. */
interface Block { heading: string, kind: 'sh' | 'sql', exits: number, needs: string | null, text: string }

function blocksOf(text: string): Block[] {
  let heading = ''
  return [...text.matchAll(/^## (.+)$|^( *)```(sh|sql)(?: (exits|needs) (\S+))?\n([\s\S]*?)^\2```$/gm)].flatMap(([, title, indent, kind, word, value, body]) => {
    if (title) {
      heading = title
      return []
    }
    return [{
      heading, kind: kind as Block['kind'], exits: word === 'exits' ? Number(value) : 0, needs: word === 'needs' ? value! : null,
      text: body!.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trim(),
    }]
  })
}

const blocks = blocksOf(runbook)
/** pg_dump only understands servers up to its own age; the tests of the database take care of what it dumps. */
const here = blocks.filter(({ needs }) => needs === null)
const lines = here.flatMap((block): Block[] => block.kind === 'sql' ? [block] : block.text.split('\n').map(text => ({ ...block, text })))

let url: string
let drop: () => Promise<void>
let session: pg.Client
const folder = mkdtempSync(join(tmpdir(), 'iu-runbook-'))

beforeAll(async () => {
  ({ url, drop } = await createDatabase(inject('postgres'), 'demo'))
  const db = createDb(url)
  await replay(db)
  await addPerson(db, { email: 'operator@example.org', role: 'operator' })
  await addSecondFactor(db, 'operator@example.org')
  await db.destroy()
  session = new pg.Client({ connectionString: url })
  await session.connect()
})
afterAll(async () => {
  await session?.end()
  await drop?.()
  rmSync(folder, { recursive: true, force: true })
})

test('it has recipes of every kind', () => {
  expect(new Set(blocks.map(block => block.heading)).size).toBeGreaterThan(12)
  expect(runbook.match(/```(?:sh|sql)/g)).toHaveLength(blocks.length)
})

describe('recipe', () => {
  test.each(lines.map((line, at) => [at + 1, line.heading, line] as const))('%i, %s', async (_at, _heading, { kind, text, exits }) => {
    if (kind === 'sql') {
      const results = [await session.query(text)].flat()
      for (const { rows } of results) {
        for (const row of rows) {
          const { status } = (Object.values(row)[0] ?? {}) as { status?: string }
          if (status !== undefined) expect(['ok', 'green']).toContain(status)
        }
      }
      return
    }
    const program = runLine(text, folder, { DATABASE_URL: url })
    expect({ code: await program.ended, ...program.output }).toMatchObject({ code: exits })
  }, 60_000)
})

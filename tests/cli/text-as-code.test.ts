import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ArgsDef, type CommandDef, runCommand } from 'citty'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { seededDatabase } from '../helpers/db'
import type { Db } from '../../server/db/client'
import { Told, UsageError } from '../../server/cli/iu/usage'
import { textAsCode } from '../../server/cli/text-as-code'

const KEY = 'tpl:file:status-report/v1'
const FILE = '_collections/file/tpl_file_status-report__v1.md'
const WHO = ['--actor', 'iu-core-text', '--reason', 'Clearer wording']
let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'iu-tree-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(dir, { recursive: true })
})

/** Runs a command as `iu` does; what it wrote, and the exit code it asks for. */
async function iu(name: keyof typeof textAsCode, ...rawArgs: string[]) {
  const said: string[] = []
  vi.spyOn(console, 'log').mockImplementation((text: string) => said.push(text))
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    await runCommand(textAsCode[name] as CommandDef<ArgsDef>, { rawArgs })
    return { code: 0, out: said.join('\n') }
  }
  catch (error) {
    if (error instanceof Told) return { code: error.exitCode, out: said.join('\n') }
    return { code: error instanceof UsageError ? 2 : 1, out: (error as Error).message }
  }
  finally {
    vi.restoreAllMocks()
  }
}

const onDemo = (work: (db: Db) => Promise<unknown>) => seededDatabase(async ({ db, url }) => {
  vi.stubEnv('DATABASE_URL', url)
  await work(db)
})

test('export writes, verify proves, and a second export finds everything as it was', () => onDemo(async () => {
  expect(await iu('export', '--dir', dir)).toMatchObject({ code: 0, out: expect.stringMatching(/status-report__v1\.md\n[^]*10 collections: 10 files written, 0 as they were\./) })
  expect(await iu('verify', '--dir', dir)).toEqual({ code: 0, out: 'Proven: 10 files with 43 pieces, digests and texts equal.' })
  expect(await iu('export', '--dir', dir, '--collection', KEY)).toMatchObject({ out: '1 collection: 0 files written, 1 as they were.' })
  const json = JSON.parse((await iu('export', '--dir', dir, '--family', 'tpl:wf:onboarding', '--json')).out)
  expect(json.files.map((file: { collection_key: string }) => file.collection_key)).toEqual(['tpl:wf:onboarding/v1', 'tpl:wf:onboarding/v2'])
}))

test('verify names file, line and problem, and ends red', () => onDemo(async () => {
  await iu('export', '--dir', dir)
  await writeFile(join(dir, FILE), (await readFile(join(dir, FILE), 'utf8')).replace('role: "body"', 'role: "bodY"'))
  expect(await iu('verify', '--dir', dir)).toMatchObject({ code: 1, out: expect.stringMatching(/status-report__v1\.md:15: inconsistent\..*\n1 file not proven\./) })
  expect(JSON.parse((await iu('verify', '--dir', dir, '--json')).out).findings).toHaveLength(1)
}))

test('import previews, then applies, and is refused behind closed gates', () => onDemo(async (db) => {
  await iu('export', '--dir', dir)
  const path = join(dir, FILE)
  const text = async () => (await sql<{ body: string }>`
    select body from public.v_iu_collection_piece p join public.v_iu_collection c using (collection_id)
    where c.collection_key = ${KEY} and position = 1`.execute(db)).rows[0]!.body
  const before = await text()
  await writeFile(path, (await readFile(path, 'utf8')).replace(before, () => 'A clearer text'))

  expect(await iu('import', path, ...WHO)).toMatchObject({ code: 1, out: expect.stringContaining('piece_gate_closed') })
  expect(await iu('import', path, ...WHO, '--open-gates')).toMatchObject({ code: 0, out: expect.stringMatching(/~ text .*1 line in, \d+ out[^]*Preview, nothing of it was kept/) })
  expect(await text()).toBe(before)
  expect(await iu('import', path, ...WHO, '--open-gates', '--apply')).toMatchObject({ code: 0, out: expect.stringContaining('Done: dot_iu_collection_import') })
  expect(await text()).toBe('A clearer text')
  await iu('export', '--dir', dir)
  expect(await iu('import', path, ...WHO)).toEqual({ code: 0, out: `${KEY}: nothing to change.` })
}))

test('what cannot be meant is told in words', () => onDemo(async () => {
  const notes = join(dir, 'notes.md')
  await writeFile(notes, '# Notes\n')
  expect(await iu('import', notes, ...WHO)).toMatchObject({ code: 1, out: expect.stringMatching(/notes\.md, line 1: This is not a collection's file.*\nNothing was changed\./) })
  expect(await iu('import', join(dir, 'none.md'), ...WHO)).toMatchObject({ code: 1, out: expect.stringContaining('none.md') })
  expect(await iu('export', '--dir', dir, '--collection', 'nope')).toEqual({ code: 2, out: 'There is no collection with the key "nope".' })
  expect(await iu('verify', '--dir', dir, '--collection', 'a', '--family', 'b')).toEqual({ code: 2, out: 'Name a collection or a family, not both.' })
}))

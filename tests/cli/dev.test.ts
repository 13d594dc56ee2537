import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { isAlive } from '../../bin/process.mjs'
import { type ConsoleState, consoleName } from '../../bin/state.mjs'
import { freePort } from '../../server/cli/ports'
import { createDb } from '../../server/db/client'
import { createDatabase } from '../helpers/databases'
import { addPerson, emailOf, signIn } from '../helpers/people'
import { type Program, runProgram } from './program'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** What is made anew, or too large to copy. */
const LEFT_OUT = new Set(['node_modules', '.git', '.nuxt', '.output', '.data', 'test-results'])

let home: string
let program: Program | undefined

// A copy: the development server writes into its folder, and a build may be under way in this one.
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'iu-dev-'))
  cpSync(ROOT, join(home, 'copy'), { recursive: true, filter: source => source === ROOT || !LEFT_OUT.has(basename(source)) })
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'copy/node_modules'))
})

afterAll(async () => {
  program?.child.kill('SIGTERM')
  await program?.ended
  rmSync(home, { recursive: true, force: true })
})

test('the development server comes up, answers with pages and rows, and stops cleanly', { timeout: 180_000 }, async () => {
  const database = await createDatabase(inject('postgres'), 'demo')
  const db = createDb(database.url)
  await addPerson(db, { email: emailOf('viewer'), role: 'viewer' })
  await db.destroy()
  const port = await freePort()
  const data = join(home, 'data')
  program = runProgram('start.mjs', ['--dev'], { IU_DATA_DIR: data, DATABASE_URL: database.url, PORT: String(port) }, join(home, 'copy'))
  await program.says('IU Console is up')
  const url = `http://127.0.0.1:${port}`
  expect(program.output.stdout).toContain(`IU Console is up: ${url}`)
  const state = readFileSync(join(data, `${consoleName(database.url)}.json`), 'utf8')
  const { server } = JSON.parse(state) as Required<ConsoleState>

  const signedIn = { headers: { cookie: await signIn(url, emailOf('viewer')) } }
  const rows = await fetch(`${url}/api/templates`, signedIn)
  expect([rows.status, (await rows.json()).total]).toEqual([200, 3])
  const page = await fetch(`${url}/families`, signedIn)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('tpl:wf:onboarding')
  expect((await fetch(`${url}/api/no-such-thing`, signedIn)).status).toBe(404)

  program.child.kill('SIGINT')
  expect(await program.ended).toBe(0)
  expect(isAlive(server)).toBe(false)
  await expect(fetch(`${url}/api/health/live`)).rejects.toThrow()
  await database.drop()
})

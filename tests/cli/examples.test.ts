/** Every example that a help shows is typed into a shell, on a database as after a first start. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { main } from '../../server/cli/iu'
import { type Db, createDb } from '../../server/db/client'
import { COMMANDS } from '../../server/db/commands'
import { contents } from '../db/fixtures'
import { createDatabase } from '../helpers/databases'
import { addPerson, addSecondFactor } from '../helpers/people'
import { runLine } from './program'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iu-examples-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** What `--help` writes, and the examples at its end. */
async function helpOf(...words: string[]) {
  const written = vi.spyOn(console, 'log').mockImplementation(() => {})
  await main([...words, '--help'])
  const [text, examples = ''] = written.mock.calls.join('\n').split('EXAMPLE\n')
  written.mockRestore()
  return { text: text!, examples: examples.split('\n').map(line => line.trim()).filter(line => line !== '') }
}

/** The commands that `npx iu --help` lists. */
const listed = [...(await helpOf()).text.matchAll(/^ +((?:access |db )?[a-z-]+) {2,}\S/gm)].map(([, name]) => name!)
const examples: [name: string, example: string][] = []
for (const name of listed) examples.push(...(await helpOf(...name.split(' '))).examples.map(line => [name, line] as [string, string]))
const explainHelp = new Map<string, Awaited<ReturnType<typeof helpOf>>>()
const runHelp: typeof explainHelp = new Map()
for (const name of COMMANDS.keys()) {
  explainHelp.set(name, await helpOf('explain', name))
  runHelp.set(name, await helpOf('run', name))
}

/** A demo database of its own, and somebody who types lines into shells that know no other. */
async function withTypist(work: (type: (line: string) => Promise<{ code: number | string, stdout: string, stderr: string }>, db: Db) => Promise<void>) {
  const { url, drop } = await createDatabase(inject('postgres'), 'demo')
  const db = createDb(url)
  try {
    await work(async (line) => {
      const program = runLine(line, folder, { DATABASE_URL: url })
      return { code: await program.ended, ...program.output }
    }, db)
  }
  finally {
    await db.destroy()
    await drop()
  }
}

/** What is there, but for the record of runs. */
const besidesRuns = ({ dot_iu_command_run: _runs, ...rest }: Awaited<ReturnType<typeof contents>>) => rest

describe('of a command of iu', () => {
  test('are found, one at least for each', () => {
    expect(listed).toEqual(expect.arrayContaining(['list', 'explain', 'run', 'health', 'verify', 'access invite', 'db adopt']))
    expect([...new Set(examples.map(([name]) => name))]).toEqual(listed)
    for (const [name, line] of examples) expect(line).toMatch(new RegExp(`^npx iu ${name}( |$)`))
  })

  /** What has to be typed before. */
  const first: Record<string, string[]> = {
    verify: ['npx iu export'],
    import: ['npx iu export', 'sed -i "s/an hour free/two hours free/" iu-tree/_collections/workflow/tpl_wf_onboarding__v2.md'],
  }
  /** Who has to be there before. */
  const someone = ['access invite', 'access people', 'access remove-second-factor']
  /** Those that do not just end with 0. */
  const otherwise: Record<string, { code: number, words: RegExp }> = {
    'db seed': { code: 1, words: /not empty/ },
    'db reset': { code: 1, words: /destroys every row[\s\S]*--yes/ },
  }
  const rewritten = [['dump', 'migrations/schema.sql'], ['types', 'server/db/types.ts'], ['inventory', 'conformance/inventory.json']] as const

  test.each(examples.filter(([name]) => !/^db (dump|types|inventory)$/.test(name)))('%s: %s', (name, example) => withTypist(async (type, db) => {
    if (someone.includes(name)) await addPerson(db, { email: 'operator@example.org', role: 'operator' })
    if (name === 'access remove-second-factor') await addSecondFactor(db, 'operator@example.org')
    for (const line of first[name] ?? []) expect((await type(line)).code).toBe(0)
    const { code, stdout, stderr } = await type(example)
    const { code: wanted, words } = otherwise[name] ?? { code: 0, words: /\S/ }
    expect([code, stdout + stderr]).toEqual([wanted, expect.stringMatching(words)])
  }))

  test.each(rewritten)('db %s writes what is committed as %s', async (name, committed) => {
    const file = fileURLToPath(new URL(`../../${committed}`, import.meta.url))
    const [text, { mtimeMs }] = [await readFile(file, 'utf8'), await stat(file)]
    try {
      await withTypist(async type => expect((await type(`npx iu db ${name}`)).code).toBe(0))
      expect((await stat(file)).mtimeMs).toBeGreaterThan(mtimeMs)
      expect(await readFile(file, 'utf8')).toBe(text)
    }
    finally {
      if (await readFile(file, 'utf8') !== text) await writeFile(file, text)
    }
  })
})

describe('of a governed command', () => {
  /** Those that the demo data refuses: because a gate is closed, or because it has no such thing. */
  const refused: Record<string, string> = {
    dot_iu_auto_instantiate_from_event: 'composer_gate_closed',
    dot_iu_compose: 'composer_gate_closed',
    dot_iu_scaleout: 'composer_gate_closed',
    dot_iu_outbox_requeue: 'delivery_not_found',
    dot_iu_route_set_active: 'route_not_found',
    dot_iu_route_remove: 'route_not_found',
  }
  const exampleOf = (name: string, help = runHelp) => help.get(name)!.examples[0]!

  test.each([['explain', explainHelp], ['run', runHelp]] as const)('stand in the help of %s, with every parameter', (verb, help) => {
    for (const [name, { text, examples }] of help) {
      expect(examples).toEqual([expect.stringMatching(new RegExp(`^npx iu ${verb} ${name} \\S`))])
      for (const key of Object.keys(COMMANDS.get(name)!.parameters.shape)) expect(text).toContain(`  ${key} `)
    }
  })

  test.concurrent.each([...COMMANDS])('%s: explained, previewed, run', (name, { previewable, mutating, deletes, parameters }) => withTypist(async (type, db) => {
    const before = await contents(db)
    const explained = await type(exampleOf(name, explainHelp))
    expect([explained.code, explained.stdout]).toEqual([0, expect.stringMatching(/would call +select [\s\S]*Nothing was run\.\n$/)])
    expect(await contents(db)).toEqual(before)

    const example = exampleOf(name)
    expect(example.endsWith(' --dry-run')).toBe(previewable)
    const tried = await type(`${example} --json`)
    const answer = JSON.parse(tried.stdout)
    if (refused[name]) expect([tried.code, answer.error]).toEqual([1, expect.objectContaining({ status: refused[name], message: expect.any(String) })])
    else expect([tried.code, answer[previewable ? 'preview' : 'run']]).toEqual([0, expect.objectContaining({ status: 'ok', command_name: name })])
    const after = await contents(db)
    expect(besidesRuns(after)).toEqual(besidesRuns(before))
    expect(after.dot_iu_command_run).toMatch(/^1 rows/)

    if (!mutating || refused[name]?.endsWith('_not_found')) return
    const gates = 'open_gates' in parameters.shape && !example.includes('open_gates=') ? ' --open-gates' : ''
    const done = await type(`${example.replace(/ --dry-run$/, '')} --yes${gates}${deletes ? ' --reason "for the test"' : ''} --json`)
    expect(done.code, done.stdout + done.stderr).toBe(0)
    const { preview, run } = JSON.parse(done.stdout)
    expect(run).toMatchObject({ status: 'ok', command_name: name, phase: 'run', preview_id: preview.id })
    expect((await contents(db)).dot_iu_command_run).toMatch(/^3 rows/)
  }))

  test('of routes and deliveries, one after the other', () => withTypist(async (type, db) => {
    const example = async (name: string, over: Record<string, string> = {}, options = '--yes') => {
      const line = Object.entries(over).reduce((text, [key, value]) => text.replace(new RegExp(` ${key}=('[^']*'|\\S+)`), ` ${key}=${value}`), exampleOf(name).replace(/ --dry-run$/, ''))
      const { code, stdout, stderr } = await type(`${line} ${options} --json`)
      expect(code, stdout + stderr).toBe(0)
      return JSON.parse(stdout).run.result
    }
    const states = () => db.selectFrom('event_outbox_delivery').select(['status', eb => eb.fn.countAll<number>().as('n')]).groupBy('status').execute()
    await example('dot_iu_route_register', { target: 'nowhere' })
    await example('dot_iu_route_set_active', { active: 'true' })
    await example('dot_iu_delivery_live_routes_set', { routes: '\'["composed-log"]\'' })
    const step = { limit: '3', dry_run: 'false' }
    expect(await example('dot_iu_outbox_deliver', step, '--yes --open-gates')).toMatchObject({ attempted: 3, failed: 3 })
    await db.updateTable('event_outbox_delivery').set({ status: 'dead' }).execute()
    const { event_id } = await db.selectFrom('event_outbox_delivery').select('event_id').executeTakeFirstOrThrow()
    await example('dot_iu_outbox_requeue', { event_id })
    expect(await states()).toEqual(expect.arrayContaining([{ status: 'dead', n: 2 }, { status: 'pending', n: 1 }]))
    expect(await example('dot_iu_outbox_deliver', { ...step, limit: '1' }, '--yes --open-gates')).toMatchObject({ attempted: 1, failed: 1 })
    await example('dot_iu_route_remove')
    expect(await db.selectFrom('v_iu_route').selectAll().execute()).toEqual([])
  }))
})

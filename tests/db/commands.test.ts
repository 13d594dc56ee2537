/** The registry of commands against the catalogue, and the record of what was run. */
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { listCommands } from '../../server/db/command-catalog'
import { parametersOf, readTyped } from '../../server/db/command-input'
import { COMMANDS, type Governed } from '../../server/db/commands'
import { statementOf } from '../../server/db/explain'
import { type Command, gatesToOpen, getRun, previewCommand, runCommand, runPreviewed } from '../../server/db/runs'
import { ACTOR, rowsOf } from './fixtures'
import { seededDatabase, withDatabase, withTransaction } from '../helpers/db'
import { GateParam, SetGateRequest } from '#shared/schemas/gate'

const asked = { operator: 'tester' }
const entries: [string, Governed][] = [...COMMANDS]

describe('the registry', () => {
  test.each(entries)('%s is in the catalogue, writes what it says there, and can open gates where it needs some', (name, entry) => withTransaction(async (db) => {
    const row = (await listCommands(db)).find(({ command_name }) => command_name === name)
    expect(row).toMatchObject({ runnable: true, mutating: entry.mutating, missing_functions: [] })
    expect('open_gates' in entry.parameters.shape).toBe(row!.gates.length > 0)
  }))

  test('has every command of the catalogue but the import, which reads a file', () => withTransaction(async (db) => {
    const missing = (await listCommands(db)).filter(row => !row.runnable)
    expect(missing.map(row => row.command_name)).toEqual(['dot_iu_collection_import'])
  }))

  test.each(entries)('%s has an example that its schema takes and that says what it would send', (name, entry) => seededDatabase(async ({ db }) => {
    const parameters = entry.parameters.parse(await readTyped(db, entry, entry.example))
    const [row] = (await listCommands(db)).filter(({ command_name }) => command_name === name)
    const statement = await statementOf(entry.command, parameters)
    expect(statement).toMatch(new RegExp(`^select .*public\\.${row!.target_functions[0]}\\(.*\\);$`))
    expect(statement).not.toMatch(/\$\d/)
    // What it says is a statement that PostgreSQL takes.
    await sql.raw(`prepare explained as ${statement}`).execute(db)
    expect(parametersOf(entry).filter(({ required }) => required).map(parameter => parameter.name).every(key => key in entry.example)).toBe(true)
  }))

  test('values are quoted as PostgreSQL does it', async () => {
    const entry = COMMANDS.get('dot_iu_gate_set')!
    expect(await statementOf(entry.command, { key: 'it\'s', open: true, actor: 'back\\slash', reason: '$1' }))
      .toBe('select public.fn_iu_gate_set(\'it\'\'s\', true, E\'back\\\\slash\', \'$1\');')
  })
})

describe('the commands of the server', () => {
  const isCommand = (value: unknown): value is Command<unknown> => {
    const { name, actor, call } = (value ?? {}) as Record<string, unknown>
    return typeof name === 'string' && typeof actor === 'function' && typeof call === 'function'
  }
  const sources = ['db', 'text-as-code'].flatMap((folder) => {
    const path = fileURLToPath(new URL(`../../server/${folder}`, import.meta.url))
    return readdirSync(path).filter(file => file.endsWith('.ts')).map(file => join(path, file))
  })

  test('are all in the catalogue, and so are the functions that they call', () => withTransaction(async (db) => {
    const modules = await Promise.all(sources.map(file => import(file) as Promise<Record<string, unknown>>))
    const exported = modules.flatMap(module => Object.values(module)).filter(isCommand).map(({ name }) => name)
    // Those that are made for one file or one preview are seen by the name that they are given.
    const named = sources.flatMap(file => [...readFileSync(file, 'utf8').matchAll(/\bname: '(dot_\w*)'/g)].map(([, name]) => name!))
    expect(exported.length).toBeGreaterThan(20)
    expect(named).toEqual(expect.arrayContaining([...exported, 'dot_iu_collection_import']))

    const rows = await listCommands(db)
    expect([...new Set(named)].filter(name => !rows.some(row => row.command_name === name))).toEqual([])
    expect(rows.filter(row => row.missing_functions.length > 0)).toEqual([])
  }))

  test('that open gates of their own choice open none that the catalogue does not name', () => withTransaction(async (db) => {
    const choosing = sources.filter(file => /gatesToOpen: /.test(readFileSync(file, 'utf8')))
    expect(choosing.map(file => basename(file)).sort()).toEqual(['import.ts', 'piece-changes.ts'])
    const rows = await listCommands(db)
    for (const [file, command] of [['import.ts', 'dot_iu_collection_import'], ['piece-changes.ts', 'dot_iu_piece_emit_event']]) {
      const source = readFileSync(choosing.find(path => basename(path) === file)!, 'utf8')
      const written = [...source.matchAll(/'((?:iu_core|piece_event_runtime)\.\w+)'/g)].map(([, key]) => key)
      expect(rows.find(row => row.command_name === command)!.gates).toEqual(expect.arrayContaining(written))
    }
  }))

  test('open the gates of their mode, when they are asked to', () => withTransaction(async (db) => {
    const opened = (name: string, parameters: object) => gatesToOpen(db, COMMANDS.get(name)!.command, parameters as Record<string, unknown>)
    const [orchestrate, composer, live] = ['dot_iu_auto_instantiate_from_event', 'iu_core.composer_enabled', 'iu_core.auto_instantiate_enabled']
    expect(await opened(orchestrate, { emit_mode: 'dry_run', open_gates: true })).toEqual([composer])
    expect(await opened(orchestrate, { emit_mode: 'live', open_gates: true })).toEqual([live, composer])
    expect(await opened(orchestrate, { emit_mode: 'live', open_gates: false })).toEqual([])
    expect(await opened('dot_iu_outbox_deliver', { dry_run: true, open_gates: true })).toEqual([])
    expect(await opened('dot_iu_outbox_deliver', { dry_run: false, open_gates: true })).toEqual(['iu_core.delivery_enabled'])
  }))
})

describe('typed parameters', () => {
  const gate = COMMANDS.get('dot_iu_gate_set')!
  const version = COMMANDS.get('dot_iu_register_template_version')!

  test('become what the schema checks', () => seededDatabase(async ({ db }) => {
    expect(await readTyped(db, gate, { open: 'false', actor: '7', nonsense: 'x' })).toEqual({ open: false, actor: '7', nonsense: 'x' })
    expect(await readTyped(db, version, { version_seq: '2', previous_collection_id: 'null' })).toEqual({ version_seq: 2, previous_collection_id: null })
    const { rows: [first] } = await sql<{ id: string }>`select id from public.iu_piece_collection where collection_key = 'tpl:wf:onboarding/v1'`.execute(db)
    expect(await readTyped(db, version, { collection_id: 'tpl:wf:onboarding/v1' })).toEqual({ collection_id: first!.id })
    expect(await readTyped(db, version, { collection_id: first!.id })).toEqual({ collection_id: first!.id })
  }))

  test('name templates in a plan, too', () => seededDatabase(async ({ db }) => {
    const scaleout = COMMANDS.get('dot_iu_scaleout')!
    const { rows: [second] } = await sql<{ id: string }>`select id from public.iu_piece_collection where collection_key = 'tpl:wf:onboarding/v2'`.execute(db)
    const plan = (template: string) => JSON.stringify([{ template_collection_id: template, count: 2, suffix_prefix: 'batch' }])
    for (const template of ['tpl:wf:onboarding/v2', second!.id]) {
      expect(await readTyped(db, scaleout, { plan: plan(template) })).toEqual({ plan: [{ template_collection_id: second!.id, count: 2, suffix_prefix: 'batch' }] })
    }
    await expect(readTyped(db, scaleout, { plan: plan('tpl:none') })).rejects.toMatchObject({ field: 'plan', message: expect.stringContaining('tpl:none') })
    for (const nonsense of ['batch', '7', '[null, 7]', '{"a":1}']) {
      expect(scaleout.parameters.safeParse(await readTyped(db, scaleout, { plan: nonsense })).success).toBe(false)
    }
  }))

  test('a piece is named by its address, alone or in a list', () => seededDatabase(async ({ db }) => {
    const ids = await Promise.all(['wf/onboarding/welcome', 'wf/onboarding/accounts'].map(async address =>
      (await db.selectFrom('v_iu_piece').select('id').where('canonical_address', '=', address).executeTakeFirstOrThrow()).id))
    const [supersede, merge] = [COMMANDS.get('dot_iu_piece_supersede')!, COMMANDS.get('dot_iu_piece_merge')!]
    expect(await readTyped(db, supersede, { iu_id: 'wf/onboarding/welcome', by_iu_id: ids[1]! })).toEqual({ iu_id: ids[0], by_iu_id: ids[1] })
    expect(await readTyped(db, merge, { iu_ids: 'wf/onboarding/welcome, wf/onboarding/accounts' })).toEqual({ iu_ids: ids })
    expect(await readTyped(db, merge, { iu_ids: JSON.stringify(ids) })).toEqual({ iu_ids: ids })
    // A comma may be part of one address.
    await expect(readTyped(db, supersede, { iu_id: 'wf/a,b' })).rejects.toMatchObject({ field: 'iu_id', message: expect.stringContaining('wf/a,b') })
  }))

  test('that name nothing are told', () => seededDatabase(async ({ db }) => {
    await expect(readTyped(db, version, { collection_id: 'tpl:none' })).rejects.toMatchObject({ field: 'collection_id', message: expect.stringContaining('tpl:none') })
    await expect(readTyped(db, COMMANDS.get('dot_iu_compose')!, { pieces: 'wf/onboarding/welcome, wf/none' }))
      .rejects.toMatchObject({ field: 'pieces', message: expect.stringContaining('wf/none') })
  }))
})

describe('what breaks off', () => {
  /** Writes, and then breaks off with an error of PostgreSQL that holds a value. */
  const breaking: Command<{ actor: string }> = {
    name: 'dot_iu_compose',
    actor: ({ actor }) => actor,
    async call(trx) {
      await sql`insert into public.dot_config (key, value) values ('half.done', 'x')`.execute(trx)
      await sql`select 'a secret value'::integer`.execute(trx)
      return { outcome: { status: 'ok' } }
    },
  }

  test.each([
    ['run', runCommand], ['preview', previewCommand],
  ] as const)('in a %s is on record as failed, without what the error said, and nothing else is kept', (phase, perform) => withDatabase(async ({ db }) => {
    await expect(perform(db, breaking, { actor: ACTOR }, asked)).rejects.toThrow('a secret value')
    const records = await rowsOf(db, sql<Record<string, unknown>>`select * from public.dot_iu_command_run`)
    expect(records).toMatchObject([{ phase, operator: 'tester', actor: ACTOR, status: 'failed', refused: false, effects: null, result: { status: 'failed', sqlstate: '22P02' } }])
    expect(JSON.stringify(records)).not.toContain('secret')
    expect(await rowsOf(db, sql`select from public.dot_config where key = 'half.done'`)).toEqual([])
  }))

  test('in the run of a preview does not use the preview up', () => withDatabase(async ({ db }) => {
    const key = 'iu_core.composer_enabled'
    const { command } = COMMANDS.get('dot_iu_gate_set')!
    const parameters = SetGateRequest.extend(GateParam.shape).parse({ key, open: true, actor: ACTOR, reason: 'why' })
    const preview = await previewCommand(db, command, parameters, asked)
    const broken = { ...command, call: async () => {
      throw new Error('gone')
    } }
    await expect(runPreviewed(db, broken, preview, parameters, asked)).rejects.toThrow('gone')
    const run = await runPreviewed(db, command, preview, parameters, asked)
    expect(run).toMatchObject({ status: 'ok', preview_id: preview.id })
    expect((await getRun(db, run.id))?.effects).not.toBeNull()
    // A second click is answered with the run that went through.
    expect((await runPreviewed(db, command, preview, parameters, asked)).id).toBe(run.id)
  }))

  test('a preview that failed cannot be run', () => withDatabase(async ({ db }) => {
    await expect(previewCommand(db, breaking, { actor: ACTOR }, asked)).rejects.toThrow()
    const { id } = (await db.selectFrom('v_iu_command_run').select('id').executeTakeFirstOrThrow())
    const preview = (await getRun(db, id!))!
    await expect(runPreviewed(db, breaking, preview, { actor: ACTOR }, asked)).rejects.toThrow('preview_refused')
  }))
})

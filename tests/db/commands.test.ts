/** The registry of commands against the catalogue, and the record of what was run. */
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { listCommands } from '../../server/db/catalog'
import { parametersOf, readTyped } from '../../server/db/command-input'
import { COMMANDS, type Governed } from '../../server/db/commands'
import { statementOf } from '../../server/db/explain'
import { type Command, getRun, previewCommand, runCommand, runPreviewed } from '../../server/db/runs'
import { ACTOR, rowsOf } from './fixtures'
import { seededDatabase, withDatabase, withTransaction } from '../helpers/db'
import { GateParam, SetGateRequest } from '#shared/schemas/gate'

const asked = { operator: 'tester' }
const entries: [string, Governed][] = [...COMMANDS]

describe('the registry', () => {
  test.each(entries)('%s is in the catalogue, writes what it says there, and needs no gate that is not named there', (name, entry) => withTransaction(async (db) => {
    const row = (await listCommands(db)).find(({ command_name }) => command_name === name)
    expect(row).toMatchObject({ runnable: true, mutating: entry.mutating, missing_functions: [] })
    const gates = entry.gates({ ...entry.example, emit_mode: 'live' })
    expect([...gates].sort()).toEqual(row!.gates)
  }))

  test.each(entries)('%s has an example that its schema takes and that says what it would send', (name, entry) => seededDatabase(async ({ db }) => {
    const parameters = entry.parameters.parse(await readTyped(db, entry, entry.example))
    const [row] = (await listCommands(db)).filter(({ command_name }) => command_name === name)
    const statement = await statementOf(entry.command, parameters)
    expect(statement).toMatch(new RegExp(`^select public\\.${row!.target_functions[0]}\\(.*\\);$`))
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
    await expect(runPreviewed(db, breaking, preview, { actor: ACTOR }, asked)).rejects.toThrow('preview_expired')
  }))
})

import { userInfo } from 'node:os'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDb, type Db } from '../../server/db/client'
import { createDatabase } from '../helpers/databases'
import { runOnTerminal, runProgram } from './program'

let url: string
let db: Db
let drop: () => Promise<void>

beforeAll(async () => {
  ({ url, drop } = await createDatabase(inject('postgres'), 'demo'))
  db = createDb(url)
})
afterAll(async () => {
  await db?.destroy()
  await drop?.()
})

async function iu(...args: string[]) {
  const program = runProgram('iu.mjs', args, { DATABASE_URL: url })
  const code = await program.ended
  return { code, ...program.output }
}

const recorded = () => db.selectFrom('v_iu_command_run').selectAll().orderBy('started_at').execute()
const GATE = ['key=iu_core.composer_enabled', 'open=true', 'actor=cli-test', 'reason=to see']

describe('list', () => {
  test('shows the 26 governed commands and the console’s own, also to a machine', async () => {
    const { code, stdout } = await iu('list')
    expect(code).toBe(0)
    expect(stdout.trim().split('\n')).toHaveLength(33)
    expect(stdout).toMatch(/^dot_iu_gate_set +gate +yes +yes/m)
    const rows: { governed: boolean }[] = JSON.parse((await iu('list', '--json')).stdout)
    expect([rows.length, rows.filter(row => row.governed).length]).toEqual([32, 26])
  })
})

describe('explain', () => {
  test('says what the orchestrator would call, by the documented example, and runs nothing', async () => {
    const given = [
      'event_id=25000d25-0000-4000-8000-000000000001', 'event_type=template.instance_auto_composed', 'template_collection_id=tpl:wf:onboarding/v2',
      'instance_key_suffix=demo-001', 'emit_mode=dry_run', 'actor=operator', 'note=trial run',
    ]
    const { code, stdout } = await iu('explain', 'dot_iu_auto_instantiate_from_event', ...given)
    expect(code).toBe(0)
    expect(stdout).toMatch(/select public\.fn_iu_auto_instantiate_from_event\(.*'demo-001', 'dry_run', 'operator', 'trial run'\);/)
    expect(stdout).toContain('iu_core.composer_enabled: closed')
    expect(stdout).not.toContain('auto_instantiate_enabled')
    const json = JSON.parse((await iu('explain', 'dot_iu_auto_instantiate_from_event', ...given.with(4, 'emit_mode=live'), '--json')).stdout)
    expect(json).toMatchObject({ mutating: true, reversible: true, dry_run: false, gates_opened_for_it: [], gates: [{ key: 'iu_core.auto_instantiate_enabled' }, { key: 'iu_core.composer_enabled' }] })
  })

  test('says whether a rollback would delete', async () => {
    const dry = await iu('explain', 'dot_iu_auto_instantiate_rollback_by_actor', 'actor=operator', 'dry_run=true')
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('fn_iu_auto_instantiate_rollback_by_actor(\'operator\', true);') })
    expect(dry.stdout).not.toContain('deletes')
    expect((await iu('explain', 'dot_iu_auto_instantiate_rollback_by_actor', 'actor=operator', 'dry_run=false')).stdout).toContain('it deletes')
  })

  test('left nothing on record', async () => expect(await recorded()).toEqual([]))
})

describe('run', () => {
  test('--dry-run previews, keeps nothing but the record, and ends with 0', async () => {
    const { code, stdout } = await iu('run', 'dot_iu_gate_set', ...GATE, '--dry-run')
    expect(code).toBe(0)
    expect(stdout).toMatch(/Preview, nothing of it was kept/)
    expect((await recorded()).at(-1)).toMatchObject({ phase: 'preview', operator: userInfo().username, actor: 'cli-test', reason: 'to see', status: 'ok' })
    expect(await db.selectFrom('v_iu_gate').select('is_open').where('key', '=', 'iu_core.composer_enabled').executeTakeFirst()).toEqual({ is_open: false })
  })

  test('writes only with --yes where nobody can be asked', async () => {
    const before = (await recorded()).length
    expect(await iu('run', 'dot_iu_gate_set', ...GATE)).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
    expect(await recorded()).toHaveLength(before)
  })

  test('is refused as at the console, with 1, and the refusal is on record', async () => {
    const compose = ['run', 'dot_iu_compose', 'collection_key=wf:cli', 'collection_kind=workflow', 'title=By the command line', 'pieces=wf/onboarding/welcome,wf/onboarding/accounts', 'actor=cli-test', '--yes']
    expect(await iu(...compose)).toMatchObject({ code: 1, stdout: expect.stringMatching(/^Refused: The composer gate is closed\.[\s\S]*--open-gates/) })
    expect((await recorded()).at(-1)).toMatchObject({ status: 'composer_gate_closed', refused: true })
    const json = await iu(...compose, '--json')
    expect([json.code, JSON.parse(json.stdout).error]).toEqual([1, expect.objectContaining({ status: 'composer_gate_closed', gate: 'iu_core.composer_enabled', hint: expect.any(String) })])

    const done = await iu(...compose, '--open-gates', '--json')
    expect(done.code).toBe(0)
    const { preview, run } = JSON.parse(done.stdout)
    expect(run).toMatchObject({ status: 'ok', preview_id: preview.id, effects: { gates_opened: [{ key: 'iu_core.composer_enabled', was: 'false' }] } })
    expect((await recorded()).slice(-2).map(row => row.id)).toEqual([preview.id, run.id])
    expect(await db.selectFrom('v_iu_collection').select('title').where('collection_key', '=', 'wf:cli').execute()).toEqual([{ title: 'By the command line' }])
  })

  test('what deletes needs a reason', async () => {
    const rollback = ['run', 'dot_iu_auto_instantiate_rollback_by_actor', 'actor=nobody-at-all', 'dry_run=false', '--yes']
    expect(await iu(...rollback)).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') })
    expect(await iu(...rollback, '--reason=tidying up')).toMatchObject({ code: 0 })
    expect((await recorded()).at(-1)).toMatchObject({ phase: 'run', reason: 'tidying up', dry_run: false })
  })

  test('a healthcheck is kept on record, and a red one ends with 1', async () => {
    expect(await iu('run', 'dot_iu_healthcheck', 'actor=cli-test')).toMatchObject({ code: 0, stdout: expect.stringContaining('health: green') })
    await sql`alter table public.dot_config disable trigger dot_config_change_updated`.execute(db)
    try {
      expect(await iu('run', 'dot_iu_healthcheck', 'actor=cli-test')).toMatchObject({ code: 1, stdout: expect.stringContaining('health: red') })
      expect((await recorded()).at(-1)).toMatchObject({ command_name: 'dot_iu_healthcheck', status: 'ok', result: { health: 'red' } })
    }
    finally {
      await sql`alter table public.dot_config enable trigger dot_config_change_updated`.execute(db)
    }
  })

  test('--reason is the reason that a command itself asks for', async () => {
    expect((await iu('run', 'dot_iu_gate_set', 'key=iu_core.delivery_enabled', 'open=false', 'actor=cli-test', '--reason', 'said once', '--yes')).code).toBe(0)
    expect((await recorded()).at(-1)).toMatchObject({ reason: 'said once', parameters: { reason: 'said once' } })
  })
})

describe('on a terminal', () => {
  async function typing(answer: string, ...args: string[]) {
    const program = runOnTerminal('iu.mjs', ['run', ...args], { DATABASE_URL: url })
    await program.says('to run it: ')
    program.types(answer)
    return { code: await program.ended, screen: program.output.stdout }
  }
  const isOpen = () => db.selectFrom('v_iu_gate').select('is_open').where('key', '=', 'iu_core.composer_enabled').executeTakeFirstOrThrow()

  test('the preview is shown and the word asked for; with it, it runs', async () => {
    const { code, screen } = await typing('yes\n', 'dot_iu_gate_set', ...GATE)
    expect([code, screen]).toEqual([0, expect.stringMatching(/Preview, nothing of it was kept[\s\S]*Type yes to run it[\s\S]*Done: dot_iu_gate_set/)])
    expect(await isOpen()).toEqual({ is_open: true })
    expect((await recorded()).slice(-2).map(row => row.phase)).toEqual(['preview', 'run'])
  })

  test.each([['another word', 'no\n'], ['nothing', '\n'], ['Ctrl-C', '\u0003'], ['Ctrl-D', '\u0004']])('with %s it does not', async (_, answer) => {
    const before = (await recorded()).length
    const { code, screen } = await typing(answer, 'dot_iu_gate_set', ...GATE.with(1, 'open=false'))
    expect([code, screen]).toEqual([1, expect.stringMatching(/Nothing was run\.\s*$/)])
    expect(await isOpen()).toEqual({ is_open: true })
    expect(await recorded()).toHaveLength(before + 1)
  })

  test('what deletes asks for the actor’s name', async () => {
    const erase = ['dot_iu_lineage_soft_erase', 'actor=nobody-at-all', 'dry_run=false', '--reason=tidying up']
    expect(await typing('yes\n', ...erase)).toMatchObject({ code: 1, screen: expect.stringContaining('Type nobody-at-all to run it') })
    expect(await typing('nobody-at-all\n', ...erase)).toMatchObject({ code: 0, screen: expect.stringContaining('Done: dot_iu_lineage_soft_erase') })
  })
})

describe('what cannot be meant ends with 2 and says what is wrong', () => {
  const missing = ['run', 'dot_iu_gate_set', 'key=iu_core.composer_enabled']
  test.each([
    [['lst'], /Did you mean list\?/], [['run', 'dot_iu_gate_st', ...GATE], /"dot_iu_gate_st".*Did you mean dot_iu_gate_set\?/],
    [['explain', 'gate_set'], /Did you mean dot_iu_gate_set\?/], [['run'], /COMMAND/],
    [['run', 'dot_iu_gate_set', ...GATE.with(1, 'opn=true'), '--yes'], /opn: there is no such key\. Did you mean open\?[\s\S]*open: is missing/],
    [missing, /open: is missing[\s\S]*actor: is missing[\s\S]*reason: is missing/],
    [['run', 'dot_iu_gate_set', ...GATE.with(1, 'open=perhaps'), '--yes'], /open: must be true or false/],
    [['run', 'dot_iu_gate_set', ...GATE, 'open=true', '--yes'], /open is given twice/],
    [['run', 'dot_iu_gate_set', 'composer', '--yes'], /"composer" is no key=value/],
    [['run', 'dot_iu_gate_set', ...GATE, '--dryrun'], /--dryrun.*Did you mean --dry-run\?/],
    [['run', 'dot_iu_gate_set', ...GATE, '--open-gates', '--yes'], /opens no gates/],
    [['explain', 'dot_iu_collection_mark_template', 'collection_id=tpl:none', 'actor=a'], /collection_id: .*tpl:none/],
    [['explain', 'dot_iu_auto_instantiate_rollback_by_actor', 'actor='], /actor: an actor is needed/],
    [['db', 'migrat'], /Did you mean db migrate\?/], [['db', 'rollback'], /to/], [['db', 'rollback', '--to', 'all'], /--to.*"all"/],
    [['db', 'adopt', '--keep'], /--keep.*Did you mean --keep-definitions\?/], [['db', 'migrate', '--dry-run'], /npx iu db migrate has no option --dry-run/],
    [['run', 'dot_iu_collection_import', 'actor=a', '--yes'], /dot_iu_collection_import is not run by iu run\. .*iu import does it/],
    [['run', 'dot_iu_healthcheck', 'actor=a', '--dry-run'], /cannot be previewed/],
    [['run', 'dot_iu_retention_cleanup', 'table_name=event_outbox', 'actor=a', 'dry_run=true', '--yes'], /dry_run: must be false/],
    [['run', 'dot_iu_scaleout', 'plan=batch', 'emit_mode=dry_run', 'actor=a', '--yes'], /plan: must be JSON/],
    [['import', 'iu-tree/none.md'], /ACTOR|actor/],
  ])('%j', async (args, words) => {
    const before = (await recorded()).length
    const { code, stderr } = await iu(...args)
    expect([code, stderr]).toEqual([2, expect.stringMatching(words)])
    expect(await recorded()).toHaveLength(before)
  })

  test('for a machine too', async () => {
    const { code, stdout } = await iu(...missing, '--json')
    expect([code, JSON.parse(stdout)]).toEqual([2, { error: { status: 'usage', message: expect.stringContaining('open: is missing') } }])
  })
})

describe('help', () => {
  test.each([['list'], ['explain'], ['run'], ['db', 'migrate'], ['db', 'rollback']])('%s has an example', async (...name) => {
    expect(await iu(...name, '--help')).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`EXAMPLE\\n\\n {2}npx iu ${name.join(' ')}`)) })
  })
  test('names every command', async () => {
    expect(await iu('--help')).toMatchObject({ code: 0, stdout: expect.stringMatching(/list[\s\S]*explain[\s\S]*run[\s\S]*db migrate/) })
    expect((await iu()).code).toBe(2)
    const { code, stdout } = await iu('run', 'dot_iu_gate_set', '--help')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/ {2}key +text +needed\n[\s\S]*EXAMPLE\n\n {2}npx iu run dot_iu_gate_set /)])
  })
})

test('db works on the same database', async () => {
  expect(await iu('db', 'migrate')).toMatchObject({ code: 0, stdout: expect.stringContaining('up to date') })
})

test('a database that is not there is told in words, with 1', async () => {
  const program = runProgram('iu.mjs', ['list'], { DATABASE_URL: 'postgres://postgres:secret@127.0.0.1:1/x' })
  expect(await program.ended).toBe(1)
  expect(program.output.stderr).toContain('cannot be reached')
  expect(program.output.stderr).not.toContain('secret')
})

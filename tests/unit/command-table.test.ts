import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../server/db/commands'
import { COMMAND_TABLE } from '#shared/utils/command-table'
import { againOf, commandWord, hasMode, runPhase, runTitle, wayBackOf } from '#shared/utils/command'
import { TABLE_NOUNS } from '#shared/utils/table-nouns'
import type { CommandRun } from '#shared/schemas/run'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(`${ROOT}/${path}`, 'utf8')
const named = (files: string[], pattern: RegExp) => files.flatMap(file => [...read(file).matchAll(pattern)].map(([, name]) => name!))

const filesIn = (folder: string, pattern: RegExp) =>
  readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' }).filter(file => pattern.test(file)).map(file => `${folder}/${file}`)
/** The rows of the catalogue, and every command that the server can record a run of. */
const catalogued = named(filesIn('migrations', /^\d{3}_.*(?<!rollback)\.sql$/), /^\s*\('(dot_iu_\w+)', '\w+', (?:true|false), (?:true|false),/gm)
const recorded = named(filesIn('server', /\.ts$/), /^\s*name: '(dot_iu_\w+)',/gm)
const commands = [...new Set([...catalogued, ...recorded])]

const run: CommandRun = {
  id: '25000d25-0000-4000-8000-000000000001', command_name: '', phase: 'run', operator: 'operator', actor: 'iu-core-spec', reason: null, parameters: {},
  dry_run: false, status: 'ok', refused: false, result: {}, effects: { tables: [], gates_opened: [], instance: null, rollback: null },
  preview_id: null, started_at: '2026-05-25T04:41:07Z', duration_ms: 1,
}

describe('what the screen says about a command', () => {
  test('the commands are found', () => {
    expect(catalogued.length).toBeGreaterThanOrEqual(26)
    expect(recorded.length).toBeGreaterThan(15)
  })

  test.each(commands)('%s has an entry: words, a title, a way back', (command_name) => {
    expect(COMMAND_TABLE).toHaveProperty(command_name)
    expect(commandWord(command_name)).toMatch(/^[A-Z]/)
    expect(runTitle({ ...run, command_name })).toMatch(/^[A-Z][^_]*$/)
    expect(wayBackOf({ ...run, command_name }).story).toMatch(/\.$/)
  })

  test('no entry is left of a command that is gone', () => expect(Object.keys(COMMAND_TABLE).filter(name => !commands.includes(name))).toEqual([]))

  test.each([...COMMANDS.values()].map(entry => [entry.command.name, entry] as const))('%s that can be dry or live has a word for live; where it deletes, in red', (name, { command, deletes }) => {
    if (command.dryRun?.({ dry_run: false, emit_mode: 'live' }) === false) expect(hasMode(name)).toBe(true)
    if (deletes) expect(COMMAND_TABLE[name]!.live?.tone).toBe('error')
  })

  test.each(Object.entries(COMMAND_TABLE).flatMap(([name, { form }]) => (form ? [[name, form(run)] as const] : [])))('%s is run on a page that there is: %s', (_name, to) => {
    const [path] = to.split('?')
    const [, first, second] = path!.split('/')
    const pages = filesIn('pages', /\.vue$/)
    expect(pages.some(page => [`pages/${first}.vue`, `pages/${first}/index.vue`, `pages/${first}/${second}.vue`].includes(page) || page.startsWith(`pages/${first}/[`))).toBe(true)
  })
})

describe('of one run', () => {
  const of = (command_name: string, over: Partial<CommandRun> = {}) => ({ ...run, command_name, ...over })
  const SCALE_OUT = 'dot_iu_scaleout'
  const ROLLBACK = 'dot_iu_auto_instantiate_rollback_by_actor'

  test.each([
    [of(ROLLBACK), 'Live rollback', 'error'], [of(ROLLBACK, { phase: 'preview' }), 'Preview of a live rollback', 'error'],
    [of(ROLLBACK, { dry_run: true }), 'Dry run', 'info'], [of('dot_iu_retention_check', { dry_run: true }), 'Dry run', 'info'], [of(SCALE_OUT), 'Live run', 'secondary'],
    [of('dot_iu_gate_set'), 'Run', 'neutral'], [of('dot_iu_unknown', { phase: 'preview' }), 'Preview', 'neutral'],
  ])('phase and mode are one word and one colour', (given, label, tone) => expect(runPhase(given)).toEqual({ label, tone }))

  test.each([
    [of(SCALE_OUT, { refused: true, effects: null }), 'Nothing was changed'], [of(SCALE_OUT, { status: 'failed', effects: null }), 'Nothing was changed'],
    [of(SCALE_OUT, { phase: 'preview' }), 'A preview leaves nothing'], [of(SCALE_OUT, { status: 'idempotent_replay' }), 'was there before'],
    [of(ROLLBACK, { dry_run: true }), 'A dry run changes nothing'],
  ])('what changed nothing has no way back', (given, words) => {
    expect(wayBackOf(given).story).toContain(words)
    expect(wayBackOf(given).links).toEqual([])
  })

  test('a dry run of what composes is taken back like a live one', () => {
    const { links } = wayBackOf(of(SCALE_OUT, { dry_run: true }))
    expect(links.map(link => link.to)).toEqual([{ path: '/rollback', query: { actor: run.actor } }, { path: '/retire', query: { actor: run.actor } }])
  })

  test('its form takes its values where it can; what only the command line runs has none', () => {
    expect(againOf(of(SCALE_OUT))!.to).toEqual({ path: '/scaleout', query: { from: run.id } })
    expect(againOf(of('dot_iu_piece_update', { parameters: { iu_id: 'x' } }))!.to).toBe('/pieces/x')
    expect(againOf(of('dot_iu_compose'))).toBeNull()
  })

  test('names what it was about, whoever recorded it', () => {
    expect(runTitle(of('dot_iu_gate_set', { parameters: { key: 'iu_core.delivery_enabled' } }))).toBe('Setting of iu_core.delivery_enabled')
    expect(runTitle(of('dot_iu_retention_cleanup', { parameters: { p_table_name: 'event_outbox' } }))).toBe('Cleanup of event_outbox')
    expect(runTitle(of('toString'))).toBe('toString')
  })
})

test.each(named(['migrations/schema.sql'], /^create (?:unlogged )?table \w+\.(\w+)/gm))('a row of %s has a noun', table => expect(TABLE_NOUNS).toHaveProperty(table))

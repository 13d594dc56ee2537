import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { toApiError } from '#shared/utils/api-error'
import { commandWord, runOutcome } from '#shared/utils/command'
import { digestColors, formatCount, plural, relativeTime, shortDigest, utcTime } from '#shared/utils/format'
import { NAVIGATION, PAGES, isCurrentEntry } from '#shared/utils/navigation'
import { describeDifference } from '#shared/utils/piece-difference'
import { statusWord } from '#shared/utils/status'
import { verdict } from '#shared/utils/verdict'
import { PieceChange } from '#shared/schemas/piece'
import { EmitMode } from '#shared/schemas/common'
import { DriftState } from '#shared/schemas/instance'
import { VersionStatus } from '#shared/schemas/template'

describe('numbers and times', () => {
  test.each([[0, '0'], [999, '999'], [12500, '12,500'], [1234567, '1,234,567']])('%i reads %s', (n, text) => expect(formatCount(n)).toBe(text))
  test('nouns follow their count', () => {
    expect([0, 1, 2, 1200].map(n => plural(n, 'instance'))).toEqual(['0 instances', '1 instance', '2 instances', '1,200 instances'])
    expect(plural(2, 'family', 'families')).toBe('2 families')
  })

  const now = Date.parse('2026-05-25T12:00:00Z')
  test.each([
    [0, 'just now'], [44, 'just now'], [50, '1 minute ago'], [119, '1 minute ago'], [120, '2 minutes ago'], [3599, '59 minutes ago'],
    [3600, '1 hour ago'], [86_399, '23 hours ago'], [86_400, 'yesterday'], [3 * 86_400, '3 days ago'], [31 * 86_400, '24 Apr 2026'],
    [-120, 'in 2 minutes'], [-90_000, 'tomorrow'],
  ])('%i seconds before now: %s', (seconds, text) => {
    expect(relativeTime(new Date(now - seconds * 1000).toISOString(), now)).toBe(text)
  })
  test('the exact time is in UTC, whatever the zone it came in', () => {
    expect(utcTime('2026-05-25T06:41:07.999999+02:00')).toBe('2026-05-25 04:41:07 UTC')
  })
})

describe('digests', () => {
  test('show their first eight characters', () => expect(shortDigest('0123456789abcdef')).toBe('01234567'))
  test('have two colours that depend on the digest alone and stay apart', () => {
    fc.assert(fc.property(fc.stringMatching(/^[0-9a-f]{64}$/), (digest) => {
      const [first, second] = digestColors(digest).map(colour => Number(/ (\d+)\)$/.exec(colour)![1])) as [number, number]
      const apart = Math.abs(first - second)
      expect(Math.min(apart, 360 - apart)).toBeGreaterThanOrEqual(60)
      expect(digestColors(digest)).toEqual(digestColors(digest.slice(0, 8)))
    }))
  })
})

describe('statuses', () => {
  test.each([...EmitMode.options, ...DriftState.options, ...VersionStatus.options, 'ok', 'idempotent_replay', 'open', 'closed', 'diverged', 'matching'])('%s has a word without underscores', (status) => {
    expect(statusWord(status).label).toMatch(/^[a-z ]+$/)
  })
  test('the colours that mean something are fixed', () => {
    expect(['dry_run', 'live', 'destructive', 'diverged', 'matching'].map(status => statusWord(status).tone))
      .toEqual(['info', 'secondary', 'error', 'warning', 'success'])
  })
  test('an unknown one is shown as it is, quietly', () => expect(statusWord('brand_new')).toEqual({ label: 'brand new', tone: 'neutral' }))
})

test.each([
  ['dot_iu_auto_instantiate_from_event', 'Orchestrate'], ['dot_iu_auto_instantiate_rollback_by_actor', 'Roll back by actor'],
  ['dot_iu_register_template_version', 'Register a version'], ['dot_iu_retire_template_version', 'Retire a version'],
  ['dot_iu_gate_set', 'Set a gate'], ['dot_iu_something_else', 'something else'],
])('the command %s reads %s', (name, word) => expect(commandWord(name)).toBe(word))

test.each([
  [{ refused: true, status: 'composer_gate_closed' }, 'refused'], [{ status: 'failed' }, 'failed'], [{ status: 'idempotent_replay' }, 'idempotent_replay'],
  [{ phase: 'preview' }, 'preview'], [{ dry_run: true }, 'dry_run'], [{}, 'live'], [{ command_name: 'dot_iu_gate_set' }, 'ok'],
  [{ command_name: 'dot_iu_auto_instantiate_rollback_by_actor' }, 'live_destructive'],
])('of a run %j the one word is %s', (over, word) => {
  const run = { command_name: 'dot_iu_auto_instantiate_from_event', phase: 'run', status: 'ok', refused: false, dry_run: false }
  expect(runOutcome({ ...run, ...over })).toBe(word)
})

describe('a difference in one line', () => {
  const rows = (...changes: z.infer<typeof PieceChange>[]) => changes.map(change => ({ change }))
  test.each([
    [rows(), 'No piece-level difference'], [rows('same', 'same'), 'No piece-level difference'],
    [rows('same', 'added'), '1 piece the same, 1 added'], [rows('same', 'same', 'same', 'removed', 'moved', 'moved'), '3 pieces the same, 1 removed, 2 moved'],
    [rows('replaced'), '1 replaced'], [rows('role_changed'), '1 with another role'],
  ])('%j', (given, line) => expect(describeDifference(given)).toBe(line))
  test('no kind of change goes unsaid', () => {
    for (const change of PieceChange.options) if (change !== 'same') expect(describeDifference(rows(change))).toMatch(/^1 /)
  })
})

describe('navigation', () => {
  test('every entry has an address and a key of its own', () => {
    expect(PAGES).toEqual(NAVIGATION.flatMap(section => section.entries))
    for (const field of ['to', 'key', 'label'] as const) expect(new Set(PAGES.map(entry => entry[field])).size).toBe(PAGES.length)
  })
  test.each([
    ['/', '/', true], ['/', '/templates', false], ['/templates', '/templates', true], ['/templates', '/templates/1', true],
    ['/templates', '/templatesque', false], ['/templates', '/instances/1', true], ['/events', '/instances/1', false],
  ])('%s is current at %s: %s', (to, path, current) => expect(isCurrentEntry(to, path)).toBe(current))
})

describe('an error for the screen', () => {
  const body = { error: { status: 'live_gate_closed', message: 'Closed.', hint: 'Open it.', request_id: 'abc', fields: [{ path: 'a', message: 'b' }] } }
  test.each([
    ['$fetch', { statusCode: 409, data: body }], ['useFetch', { statusCode: 409, data: { data: body } }], ['createError', { statusCode: 409, data: { data: { data: body } } }],
  ])('as %s gives it', (_how, error) => {
    expect(toApiError(error)).toMatchObject({ statusCode: 409, status: 'live_gate_closed', message: 'Closed.', hint: 'Open it.', requestId: 'abc', fields: [{ path: 'a' }] })
  })
  test('no answer at all', () => expect(toApiError(new TypeError('fetch failed'))).toMatchObject({ statusCode: 0, status: 'unreachable', message: 'The console did not answer.', fields: [] }))
  test('an answer that is not the console\'s', () => expect(toApiError({ statusCode: 502, statusMessage: 'Bad Gateway' })).toMatchObject({ status: 'failed', message: 'Bad Gateway' }))
  test.each([undefined, null, 'text', 7])('%j breaks nothing', value => expect(toApiError(value)).toMatchObject({ statusCode: 0, fields: [] }))
})

describe('is all well?', () => {
  const facts = { instances: 17, diverged: 0, templates_without_version: 1, versions_without_marker: 0, gates: { total: 4, open: [] as string[] }, red_surfaces: [] as string[], refused_last_day: 0 }
  test('yes, with drift and gates as the reason', () => {
    expect(verdict(facts)).toEqual({ well: true, title: 'All is well', sentence: 'All 17 instances match their templates and all 4 gates are closed.' })
  })
  test('a refusal is told, and is no worry', () => {
    expect(verdict({ ...facts, refused_last_day: 2 })).toMatchObject({ well: true, sentence: expect.stringContaining('2 requests were refused in the last day') })
  })
  test.each([[{ diverged: 1 }, '1 instance of 17 no longer matches its template'], [{ gates: { total: 4, open: ['a'] } }, '1 gate is open'], [{ versions_without_marker: 2 }, '2 versions lost the template marker'], [{ red_surfaces: ['triggers'] }, 'health is red: triggers'],
    // One worry, told once.
    [{ gates: { total: 4, open: ['a'] }, red_surfaces: ['gates'] }, '1 gate is open'], [{ versions_without_marker: 1, red_surfaces: ['version_chain'] }, '1 version lost the template marker']])('%j is one thing to look at', (worry, told) => {
    const { well, title, sentence } = verdict({ ...facts, ...worry })
    expect([well, title]).toEqual([false, 'One thing to look at'])
    expect(sentence).toContain(told)
  })
  test('three at once, and none at all', () => {
    expect(verdict({ ...facts, diverged: 2, gates: { total: 4, open: ['a', 'b'] }, versions_without_marker: 1 }).title).toBe('Three things to look at')
    expect(verdict({ ...facts, diverged: 2, red_surfaces: ['gates', 'triggers', 'auto_log'] }).title).toBe('Four things to look at')
    expect(verdict({ ...facts, instances: 0 }).sentence).toMatch(/^There are no instances yet/)
  })
})

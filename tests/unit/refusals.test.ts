import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { explainRefusal } from '../../server/utils/refusals'
import { ruleOf } from '#shared/utils/refusals'

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url))
/** Successes; an event type that is none, which is passed over silently; and what is a 429 with the seconds to wait. */
const NOT_TOLD = ['ok', 'idempotent_replay', 'ignored', 'too_many_attempts']

/** Every status that a function of the migrations answers with. */
const statuses = new Set(readdirSync(MIGRATIONS).filter(file => /^\d{3}_.*(?<!rollback)\.sql$/.test(file))
  .flatMap(file => [...readFileSync(`${MIGRATIONS}/${file}`, 'utf8').matchAll(/jsonb_build_object\(\s*'status',\s*'(\w+)'/g)].map(([, status]) => status!))
  .filter(status => !NOT_TOLD.includes(status)))

describe('a refusal', () => {
  test('the substrate\'s statuses are found', () => expect(statuses.size).toBeGreaterThan(15))

  test.each([...statuses, 'preview_refused', 'preview_expired', 'preview_outdated'])('%s is told in words, not by its name', (status) => {
    const { code, message } = explainRefusal({ status })
    expect([400, 403, 404, 409]).toContain(code)
    expect(message).not.toContain(status)
    expect(message).toMatch(/^[A-Z].*\.$/)
  })

  test.each([
    ['invalid_input', 400], ['invalid_emit_mode', 400],
    ['template_collection_not_found', 404], ['collection_not_found', 404], ['gate_not_found', 404], ['version_not_found', 404],
    ['live_gate_closed', 409], ['composer_gate_closed', 409], ['template_not_marked', 409], ['instance_key_conflict', 409],
    ['family_seq_collision', 409], ['blocked_by_reference', 409], ['preview_refused', 409], ['preview_expired', 409], ['preview_outdated', 409],
    ['role_above_own', 403], ['gate_opening_not_allowed', 403], ['piece_not_found', 404], ['piece_not_active', 409], ['previous_not_found', 409],
  ])('%s is %i', (status, code) => expect(explainRefusal({ status }).code).toBe(code))

  test('names the field as the request does', () => {
    expect(explainRefusal({ status: 'invalid_input', field: 'p_actor' }).field).toBe('actor')
    expect(explainRefusal({ status: 'invalid_input' }).field).toBeUndefined()
    expect(explainRefusal({ status: 'invalid_input', field: 7 }).field).toBeUndefined()
  })

  test('gives a reason in words where it knows them, else as it came', () => {
    expect(explainRefusal({ status: 'invalid_input', reason: 'duplicate_piece' }).message).toBe('A piece is listed twice.')
    expect(explainRefusal({ status: 'blocked_by_reference', reason: 'violates "pinned"' }).message).toBe('violates "pinned"')
  })

  test('that nobody explained yet is still a refusal', () => {
    expect(explainRefusal({ status: 'new_rule' })).toMatchObject({ code: 409, status: 'new_rule', message: 'Refused: new_rule.' })
  })
})

describe('the rule behind it, for the screen', () => {
  test.each(['live_gate_closed', 'composer_gate_closed', 'template_not_marked', 'instance_key_conflict', 'preview_refused', 'preview_expired', 'preview_outdated'])('%s says what it protects and what to do', (status) => {
    expect(ruleOf(status)).toEqual({ title: expect.any(String), protects: expect.stringMatching(/\.$/), advice: expect.stringMatching(/\.$/) })
  })
  test('a status that nobody explained has none', () => expect(ruleOf('new_rule')).toBeUndefined())
})

import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { withDatabase } from '../../helpers/db'
import {
  type Outcome, answerOf, inTransaction, makeTemplates, openGates, orchestrate, shuffled, tally, untilBlocked, withClients,
} from './clients'
import { brokenRows, instanceRows } from './whole'

const rollBack = (client: pg.Client, actor: string, dryRun = false) =>
  answerOf(client, 'public.fn_iu_auto_instantiate_rollback_by_actor($1, $2)', [actor, dryRun])

const total = (outcomes: Outcome[], column: string) => outcomes.reduce((sum, outcome) => sum + Number(outcome[column]), 0)

describe('rollback by actor against composers of the same actor', () => {
  test('leaves no orphan, and nobody fails', () => withDatabase(async ({ db, url }) => {
    await withClients(url, 10, async ([first, second, ...composers]) => {
      const { templates: [template] } = await makeTemplates(first!, ['a-template'])
      await openGates(first!)
      // The same requests over and over: what was rolled back is composed again, what stands is replayed.
      const requests = Array.from({ length: 30 }, (_, n) => ({ event: randomUUID(), template: template!, suffix: `again-${n}`, actor: 'back-and-forth' }))
      const rounds = Array.from({ length: 8 }, () => requests)

      let composing = true
      const rollingBack = Promise.all([first!, second!].map(async (client) => {
        const outcomes: Outcome[] = []
        while (composing) outcomes.push(await rollBack(client, 'back-and-forth', outcomes.length % 4 === 3))
        return outcomes
      }))
      const composed = (await Promise.all(composers.map(async (client) => {
        const outcomes: Outcome[] = []
        for (const request of shuffled(rounds.flat())) outcomes.push(await orchestrate(client, request))
        return outcomes
      })).finally(() => {
        composing = false
      })).flat()
      const rolledBack = (await rollingBack).flat()

      const counts = tally(composed)
      expect(Object.keys(counts).sort()).toEqual(['idempotent_replay', 'ok'])
      expect(tally(rolledBack)).toEqual({ ok: rolledBack.length })
      expect(await brokenRows(db)).toEqual([])

      // Nothing is lost and nothing counted twice: what was composed was taken back, or stands.
      const live = rolledBack.filter(outcome => !outcome.dry_run)
      const left = await instanceRows(db)
      expect(total(live, 'collection_rows') + left.collections).toBe(counts.ok)
      expect(total(live, 'log_rows') + left.log).toBe(counts.ok)
      expect(total(live, 'lineage_rows') + left.lineage).toBe(counts.ok)
      expect(total(live, 'membership_rows') + left.members).toBe(counts.ok! * 5)
      expect(total(live, 'blocked_rows')).toBe(0)
      expect(total(live, 'collection_rows'), 'the rollbacks found something to do').toBeGreaterThan(30)
    })
  }), 120_000)

  test('with several instances in one transaction', () => withDatabase(async ({ db, url }) => {
    await withClients(url, 7, async ([first, ...composers]) => {
      const { templates: [template] } = await makeTemplates(first!, ['a-template'])
      await openGates(first!)
      let composing = true
      const rollingBack = (async () => {
        const outcomes: Outcome[] = []
        while (composing) outcomes.push(await rollBack(first!, 'in-bulk'))
        return outcomes
      })()
      const composed = (await Promise.all(composers.map(async (client, number) => {
        const outcomes: Outcome[] = []
        for (let bulk = 0; bulk < 10; bulk += 1) {
          await inTransaction(client, async () => {
            for (let n = 0; n < 8; n += 1) {
              outcomes.push(await orchestrate(client, { event: randomUUID(), template: template!, suffix: `${number}-${bulk}-${n}`, actor: 'in-bulk' }))
            }
          })
        }
        return outcomes
      })).finally(() => {
        composing = false
      })).flat()
      const rolledBack = await rollingBack
      expect(tally(composed)).toEqual({ ok: 480 })
      expect(tally(rolledBack)).toEqual({ ok: rolledBack.length })
      expect(total(rolledBack, 'collection_rows') + (await instanceRows(db)).collections).toBe(480)
      // A transaction is taken back whole or not at all.
      for (const { collection_rows: rows } of rolledBack) expect(Number(rows) % 8).toBe(0)
    })
    expect(await brokenRows(db)).toEqual([])
  }), 120_000)
})

test('a replay of what is being rolled back is answered with an instance, never with nothing', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 8, async ([first, second, ...composers]) => {
    const { templates: [template] } = await makeTemplates(first!, ['a-template'])
    await openGates(first!)
    const requests = [1, 2].map(n => ({ event: randomUUID(), template: template!, suffix: `fought-over-${n}`, actor: 'replayer' }))
    const end = Date.now() + 5_000
    const repeat = async (call: () => Promise<Outcome>) => {
      const outcomes: Outcome[] = []
      while (Date.now() < end) outcomes.push(await call())
      return outcomes
    }
    const [composed, rolledBack] = await Promise.all([
      Promise.all(composers.map((client, n) => repeat(() => orchestrate(client, requests[n % 2]!)))),
      Promise.all([first!, second!].map(client => repeat(() => rollBack(client, 'replayer')))),
    ])
    const answers = composed.flat()
    expect(answers.filter(outcome => typeof outcome?.instance_collection_id !== 'string')).toEqual([])
    expect(Object.keys(tally(answers)).sort()).toEqual(['idempotent_replay', 'ok'])
    expect(tally(rolledBack.flat())).toEqual({ ok: rolledBack.flat().length })
  })
  expect(await brokenRows(db)).toEqual([])
}))

test('two rollbacks of the same actor at once share the work and count no row twice', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 2, async ([first, second]) => {
    const { templates: [template] } = await makeTemplates(first!, ['a-template'])
    await openGates(first!)
    for (let round = 0; round < 5; round += 1) {
      for (let n = 0; n < 20; n += 1) {
        await orchestrate(first!, { event: randomUUID(), template: template!, suffix: `${round}-${n}`, actor: 'twice' })
      }
      const outcomes = await Promise.all([rollBack(first!, 'twice'), rollBack(second!, 'twice')])
      expect(tally(outcomes)).toEqual({ ok: 2 })
      for (const column of ['log_rows', 'lineage_rows', 'collection_rows']) expect({ [column]: total(outcomes, column) }).toEqual({ [column]: 20 })
      expect(total(outcomes, 'membership_rows')).toBe(100)
    }
  })
  expect(await instanceRows(db)).toEqual({ log: 0, lineage: 0, collections: 0, members: 0 })
}))

test('a rollback waits for the one in flight, and says that nothing is left', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 2, async ([first, second]) => {
    const { templates: [template] } = await makeTemplates(first!, ['a-template'])
    await openGates(first!)
    await orchestrate(first!, { event: randomUUID(), template: template!, suffix: 'once', actor: 'twice' })
    await first!.query('begin')
    expect(await rollBack(first!, 'twice')).toMatchObject({ status: 'ok', collection_rows: 1 })
    const waiting = rollBack(second!, 'twice')
    await untilBlocked(db, second!)
    await first!.query('commit')
    expect(await waiting).toMatchObject({ status: 'ok', collection_rows: 0, log_rows: 0, blocked_rows: 0, instances: [] })
  })
}))

test('an instance that becomes a template meanwhile is blocked, not half deleted', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 2, async ([first, second]) => {
    const { templates: [template] } = await makeTemplates(first!, ['a-template'])
    await openGates(first!)
    const made = await orchestrate(first!, { event: randomUUID(), template: template!, suffix: 'promoted', actor: 'promoter' })
    await first!.query('begin')
    await answerOf(first!, 'public.fn_iu_collection_mark_template($1, $2)', [made.instance_collection_id, 'promoter'])
    const waiting = rollBack(second!, 'promoter')
    await untilBlocked(db, second!)
    await first!.query('commit')
    expect(await waiting).toMatchObject({ status: 'ok', collection_rows: 0, blocked_rows: 1, instances: [{ blocked_reason: 'marked_as_template' }] })
  })
  expect(await instanceRows(db)).toEqual({ log: 1, lineage: 1, collections: 1, members: 5 })
  expect(await brokenRows(db)).toEqual([])
}))

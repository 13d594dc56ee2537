import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { answerOf, inTransaction, makeTemplates, openGates, orchestrate, setGate, shuffled, tally, untilBlocked, withClients } from './clients'
import { brokenRows, instanceRows } from './whole'
import { withDatabase } from '../../helpers/db'

interface PlanRow { template_collection_id: string, count: number, suffix_prefix: string }
const scaleOut = (client: pg.Client, plan: PlanRow[], actor = 'bulk') =>
  answerOf(client, 'public.fn_iu_auto_instantiate_scaleout($1, \'live\', $2, null)', [JSON.stringify(plan), actor])

test('plans that overlap, each in an order of its own, end as one instance each, without a deadlock', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 8, async (clients) => {
    const { templates } = await makeTemplates(clients[0]!, ['one', 'two', 'three'])
    await openGates(clients[0]!)
    const rows = templates.map((id, index) => ({ template_collection_id: id, count: 40, suffix_prefix: `t${index}-` }))
    for (let round = 0; round < 4; round += 1) {
      const outcomes = await Promise.all(clients.map(client =>
        scaleOut(client, shuffled(rows).map(row => ({ ...row, suffix_prefix: `${round}-${row.suffix_prefix}` })))))
      expect(tally(outcomes)).toEqual({ ok: 1, idempotent_replay: 7 })
    }
  })
  expect(await instanceRows(db)).toEqual({ log: 480, lineage: 480, collections: 480, members: 2400 })
  expect(await brokenRows(db)).toEqual([])
}), 120_000)

test('of two plans for different templates that want the same keys, one gets all and the other none', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 2, async ([first, second]) => {
    const { templates: [one, two] } = await makeTemplates(first!, ['one', 'two'])
    await openGates(first!)
    await first!.query('begin')
    expect((await scaleOut(first!, [{ template_collection_id: one!, count: 30, suffix_prefix: 'm-' }])).status).toBe('ok')
    const waiting = scaleOut(second!, [
      { template_collection_id: two!, count: 30, suffix_prefix: 'a-' }, { template_collection_id: two!, count: 30, suffix_prefix: 'm-' }])
    await untilBlocked(db, second!)
    await first!.query('commit')
    expect(await waiting).toMatchObject({ status: 'instance_key_conflict', suffix: 'm-001' })
  })
  expect(await instanceRows(db)).toMatchObject({ log: 30, collections: 30 })
  expect(await brokenRows(db)).toEqual([])
}))

test('a plan that waited for one that was given up is composed whole', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 2, async ([first, second]) => {
    const { templates: [one] } = await makeTemplates(first!, ['one'])
    await openGates(first!)
    const plan = [{ template_collection_id: one!, count: 50, suffix_prefix: 'g-' }]
    await first!.query('begin')
    await scaleOut(first!, plan)
    const waiting = scaleOut(second!, plan)
    await untilBlocked(db, second!)
    await first!.query('rollback')
    expect(await waiting).toMatchObject({ status: 'ok', composed: 50 })
  })
  expect(await brokenRows(db)).toEqual([])
}))

test('beside composers of single instances, rollbacks by the same actor and retiring, nothing is orphaned', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 6, async (clients) => {
    const { templates } = await makeTemplates(clients[0]!, ['one', 'two'])
    await openGates(clients[0]!)
    const [one, two, single, back, retiring] = clients as [pg.Client, pg.Client, pg.Client, pg.Client, pg.Client]
    const plan = (order: number[]) => order.map(index => ({ template_collection_id: templates[index]!, count: 25, suffix_prefix: `p${index}-` }))
    const rounds = <T>(work: () => Promise<T>) => (async () => {
      for (let round = 0; round < 12; round += 1) await work()
    })()
    await Promise.all([
      rounds(async () => expect(['ok', 'idempotent_replay']).toContain((await scaleOut(one, plan([0, 1]))).status)),
      rounds(async () => expect(['ok', 'idempotent_replay']).toContain((await scaleOut(two, plan([1, 0]))).status)),
      rounds(async () => expect((await orchestrate(single, { event: randomUUID(), template: templates[0]!, suffix: randomUUID(), actor: 'bulk' })).status).toBe('ok')),
      rounds(async () => expect((await answerOf(back, 'public.fn_iu_auto_instantiate_rollback_by_actor($1, false)', ['bulk'])).status).toBe('ok')),
      rounds(async () => expect((await answerOf(retiring, 'public.fn_iu_collection_retire_by_actor($1, false)', ['bulk'])).status).toBe('ok')),
    ])
  })
  expect(await brokenRows(db)).toEqual([])
}), 120_000)

test('closing the gate waits for a plan under way, and nothing of a later one is composed', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 2, async ([first, second]) => {
    const { templates: [one] } = await makeTemplates(first!, ['one'])
    await openGates(first!)
    let closing: Promise<unknown> | undefined
    await inTransaction(first!, async () => {
      await scaleOut(first!, [{ template_collection_id: one!, count: 20, suffix_prefix: 'c-' }])
      closing = setGate(second!, 'iu_core.composer_enabled', false)
      await untilBlocked(db, second!)
    })
    await closing
    expect((await scaleOut(first!, [{ template_collection_id: one!, count: 20, suffix_prefix: 'd-' }])).status).toBe('composer_gate_closed')
  })
  expect(await instanceRows(db)).toMatchObject({ collections: 20 })
}))

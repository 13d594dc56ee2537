import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { withDatabase } from '../../helpers/db'
import {
  GATES, type Outcome, answerOf, inTransaction, makeTemplates, openGates, orchestrate, setGate, shuffled, tally, withClients,
} from './clients'
import { brokenRows, instanceRows } from './whole'

const requests = (count: number, template: string) => Array.from({ length: count }, (_, index) => ({
  event: randomUUID(), template, suffix: `same-${String(index + 1).padStart(3, '0')}`, actor: 'same-keys',
}))

/** Each key was answered with `ok` once, and everybody was told the same instance. */
function expectOneInstanceEach(suffixes: string[], answers: { suffix: string, outcome: Outcome }[], clients: number) {
  for (const suffix of suffixes) {
    const outcomes = answers.filter(answer => answer.suffix === suffix).map(answer => answer.outcome)
    expect({ suffix, ...tally(outcomes) }).toEqual({ suffix, ok: 1, idempotent_replay: clients - 1 })
    expect(new Set(outcomes.map(outcome => outcome.instance_collection_id)).size).toBe(1)
    expect(outcomes.every(outcome => outcome.pieces_attached === 5 && outcome.digest_matches_template === true)).toBe(true)
  }
}

test('64 clients × the same 300 keys end as exactly 300 instances and no error', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 64, async (clients) => {
    const { templates: [template] } = await makeTemplates(clients[0]!, ['a-template'])
    await openGates(clients[0]!)
    const keys = requests(300, template!)

    const answers = (await Promise.all(clients.map(async (client) => {
      const own = []
      for (const request of shuffled(keys)) own.push({ suffix: request.suffix, outcome: await orchestrate(client, request) })
      return own
    }))).flat()

    expectOneInstanceEach(keys.map(request => request.suffix), answers, 64)
  })
  expect(await instanceRows(db)).toEqual({ log: 300, lineage: 300, collections: 300, members: 1500 })
  expect(await brokenRows(db)).toEqual([])
}), 120_000)

test('12 clients × the same 40 keys, each call opening the gates inside its own transaction', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 12, async (clients) => {
    const { templates: [template] } = await makeTemplates(clients[0]!, ['a-template'])
    const keys = requests(40, template!)

    const answers = (await Promise.all(clients.map(async (client) => {
      const own: { suffix: string, outcome: Outcome }[] = []
      for (const request of shuffled(keys)) {
        const outcome = await inTransaction(client, async () => {
          const opened = await answerOf(client, 'public.fn_iu_gates_open($1, $2, $2)', [GATES, 'same-keys'])
          expect(opened, 'a gate that another transaction opened was seen open').toHaveLength(2)
          const answer = await orchestrate(client, request)
          await client.query('select public.fn_iu_gates_put_back($1, $2, $2)', [JSON.stringify(opened), 'same-keys'])
          return answer
        })
        own.push({ suffix: request.suffix, outcome })
      }
      return own
    }))).flat()

    expectOneInstanceEach(keys.map(request => request.suffix), answers, 12)
    const { rows } = await clients[0]!.query('select key from public.v_iu_gate where is_open')
    expect(rows).toEqual([])
  })
  expect(await instanceRows(db)).toEqual({ log: 40, lineage: 40, collections: 40, members: 200 })
  expect(await brokenRows(db)).toEqual([])
}), 120_000)

test('16 different events want the same suffix at once: one gets it, the others are told who has it', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 16, async (clients) => {
    const { templates: [template] } = await makeTemplates(clients[0]!, ['a-template'])
    await openGates(clients[0]!)
    for (let round = 1; round <= 10; round += 1) {
      const outcomes = await Promise.all(clients.map(client =>
        orchestrate(client, { event: randomUUID(), template: template!, suffix: `wanted-${round}`, actor: 'same-suffix' })))
      expect(tally(outcomes)).toEqual({ ok: 1, instance_key_conflict: 15 })
      const winner = outcomes.find(outcome => outcome.status === 'ok')!.instance_collection_id
      expect(new Set(outcomes.map(outcome => outcome.instance_collection_id))).toEqual(new Set([winner]))
    }
  })
  expect(await instanceRows(db)).toMatchObject({ log: 10, collections: 10 })
  expect(await brokenRows(db)).toEqual([])
}))

test('a caller that waited for one who then gave up composes the instance itself', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 2, async ([first, second]) => {
    const { templates: [template] } = await makeTemplates(first!, ['a-template'])
    await openGates(first!)
    const request = { event: randomUUID(), template: template!, suffix: 'given-up', actor: 'same-keys' }

    await first!.query('begin')
    const given = await orchestrate(first!, request)
    const waiting = orchestrate(second!, request)
    await first!.query('rollback')

    const taken = await waiting
    expect(taken.status).toBe('ok')
    expect(taken.instance_collection_id).not.toBe(given.instance_collection_id)
    await setGate(first!, GATES[0]!, false)
  })
  expect(await instanceRows(db)).toMatchObject({ log: 1, collections: 1 })
  expect(await brokenRows(db)).toEqual([])
}))

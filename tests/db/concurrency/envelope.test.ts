import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type pg from 'pg'
import { expect, test } from 'vitest'
import type { Db } from '../../../server/db/client'
import { withDatabase } from '../../helpers/db'
import { ENVELOPE_GATE, errorLog, openRequests, refreshLog } from '../envelope-fixtures'
import { answerOf, inTransaction, makeTemplates, openGates, orchestrate, setGate, tally, untilBlocked, withClients } from './clients'
import { brokenRows } from './whole'

/** Two templates of pieces that an axis covers, with every gate open. */
async function prepare(client: pg.Client) {
  const { templates } = await makeTemplates(client, ['one', 'two'])
  await client.query(`update public.information_unit set canonical_address = 'law/dieu-28/' || id`)
  await openGates(client)
  await setGate(client, ENVELOPE_GATE, true)
  return templates
}

const bulk = async (client: pg.Client, templates: string[], name: string, count: number) => {
  const outcomes = []
  for (let n = 0; n < count; n += 1) {
    outcomes.push(await orchestrate(client, { event: randomUUID(), template: templates[n % 2]!, suffix: `${name}-${n}`, actor: name }))
  }
  return outcomes
}

const stale = async (db: Db) => {
  const { rows: [answer] } = await sql<{ stale: boolean }>`select public.fn_iu_three_axis_envelope_is_stale() as stale`.execute(db)
  return answer!.stale
}

test('two bulk runs at once: no deadlock, one refresh each, and the last one has both', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 2, async (clients) => {
    const templates = await prepare(clients[0]!)
    const outcomes = await Promise.all(clients.map((client, number) =>
      inTransaction(client, () => bulk(client, number === 0 ? templates : templates.toReversed(), `run-${number}`, 120))))
    expect(tally(outcomes.flat())).toEqual({ ok: 240 })
  })
  expect(await refreshLog(db)).toHaveLength(2)
  expect(await errorLog(db)).toEqual([])
  expect(await openRequests(db)).toBe(0)
  expect(await stale(db)).toBe(false)
  expect(await brokenRows(db)).toEqual([])
}), 120_000)

test('many single runs, lives of pieces and refreshes by hand at once: nothing fails and nothing is missed', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 8, async ([operator, editor, ...composers]) => {
    const templates = await prepare(operator!)
    let composing = true
    const work = Promise.all([
      (async () => {
        while (composing) await answerOf(operator!, 'public.fn_iu_three_axis_envelope_refresh_if_stale($1)', ['by hand'])
      })(),
      (async () => {
        for (let n = 0; composing; n += 1) {
          await editor!.query(`insert into public.information_unit (canonical_address, title, body, created_by)
            values ('law/dieu-32/' || $1::int, 'An article', 'Its text', 'editor')`, [n])
        }
      })(),
    ])
    const outcomes = await Promise.all(composers.map((client, number) => bulk(client, templates, `composer-${number}`, 25))).finally(() => {
      composing = false
    })
    await work
    expect(tally(outcomes.flat())).toEqual({ ok: 150 })
  })
  expect(await errorLog(db)).toEqual([])
  expect(await stale(db)).toBe(false)
  expect(await brokenRows(db)).toEqual([])
}), 120_000)

test('a refresh that somebody else holds open is not waited for for long, and made up for later', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 2, async ([first, second]) => {
    const templates = await prepare(first!)
    await first!.query('begin')
    await answerOf(first!, 'public.fn_iu_three_axis_envelope_refresh($1)', ['left open'])
    expect(await bulk(second!, templates, 'second', 1)).toMatchObject([{ status: 'ok' }])
    expect(await errorLog(db)).toMatchObject([{ trigger_name: 'iu_auto_instantiate_trigger', sqlstate: '55P03' }])
    expect(await openRequests(db)).toBe(1)
    await first!.query('commit')
    await bulk(first!, templates, 'first', 1)
    expect(await openRequests(db)).toBe(0)
    expect(await stale(db)).toBe(false)
  })
}))

test('a close of the gate waits for the run that asked for a refresh, and no run waits for the close', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 3, async ([running, closing, other]) => {
    const templates = await prepare(running!)
    const before = await refreshLog(db)
    await running!.query('begin')
    await bulk(running!, templates, 'running', 1)
    const closed = setGate(closing!, ENVELOPE_GATE, false)
    await untilBlocked(db, closing!)
    expect(await bulk(other!, templates, 'other', 1)).toMatchObject([{ status: 'ok' }])
    expect(await refreshLog(db)).toEqual(before)
    await running!.query('commit')
    expect(await closed).toMatchObject({ status: 'ok', was: 'true' })
    expect(await refreshLog(db)).toHaveLength(before.length + 1)
  })
}))

test('a gate that is open inside another transaction only is closed for everybody else, who do not wait', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 2, async ([opener, other]) => {
    const templates = await prepare(opener!)
    await setGate(opener!, ENVELOPE_GATE, false)
    const before = await refreshLog(db)
    await opener!.query('begin')
    await opener!.query(`update public.dot_config set value = 'true' where key = $1`, [ENVELOPE_GATE])
    expect(await bulk(other!, templates, 'other', 1)).toMatchObject([{ status: 'ok' }])
    await opener!.query('rollback')
    expect(await refreshLog(db)).toEqual(before)
  })
}))

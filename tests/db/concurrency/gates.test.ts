import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { withDatabase } from '../../helpers/db'
import { GATES, inTransaction, makeTemplates, openGates, orchestrate, setGate, tally, untilBlocked, withClients } from './clients'
import { brokenRows, instanceRows } from './whole'

const COMPOSER = 'iu_core.composer_enabled'
const AUTO = 'iu_core.auto_instantiate_enabled'

describe.each([
  { way: 'the function', key: COMPOSER, refusal: 'composer_gate_closed', close: `select public.fn_iu_gate_set('${COMPOSER}', false, 'closer')` },
  { way: 'the function', key: AUTO, refusal: 'live_gate_closed', close: `select public.fn_iu_gate_set('${AUTO}', false, 'closer')` },
  { way: 'a hand in psql', key: COMPOSER, refusal: 'composer_gate_closed', close: `update public.dot_config set value = 'false' where key = '${COMPOSER}'` },
  { way: 'a hand that deletes the row', key: AUTO, refusal: 'live_gate_closed', close: `delete from public.dot_config where key = '${AUTO}'` },
])('$key closed by $way', ({ refusal, close }) => {
  test('waits for a composer in flight, and then nothing goes through', () => withDatabase(async ({ db, url }) => {
    await withClients(url, 2, async ([composer, closer]) => {
      const { templates: [template] } = await makeTemplates(composer!, ['a-template'])
      await openGates(composer!)
      const compose = (suffix: string) => orchestrate(composer!, { event: randomUUID(), template: template!, suffix, actor: 'barrier' })

      await composer!.query('begin')
      expect((await compose('in-flight')).status).toBe('ok')
      let closed = false
      const closing = closer!.query(close).then(() => {
        closed = true
      })
      await untilBlocked(db, closer!)
      expect((await compose('still-in-flight')).status).toBe('ok')
      expect(closed).toBe(false)
      expect(await instanceRows(db)).toMatchObject({ log: 0 })

      await composer!.query('commit')
      await closing
      expect((await compose('too-late')).status).toBe(refusal)
    })
    expect(await instanceRows(db)).toMatchObject({ log: 2, collections: 2 })
    expect(await brokenRows(db)).toEqual([])
  }))

  test('a composer waits for a close in flight, and is refused when it commits', () => withDatabase(async ({ db, url }) => {
    await withClients(url, 2, async ([composer, closer]) => {
      const { templates: [template] } = await makeTemplates(composer!, ['a-template'])
      await openGates(composer!)
      for (const [end, status] of [['rollback', 'ok'], ['commit', refusal]]) {
        await closer!.query('begin')
        await closer!.query(close)
        const composing = orchestrate(composer!, { event: randomUUID(), template: template!, suffix: `at-${end}`, actor: 'barrier' })
        await untilBlocked(db, composer!)
        await closer!.query(end!)
        expect({ end, status: (await composing).status }).toEqual({ end, status })
      }
    })
    expect(await instanceRows(db)).toMatchObject({ log: 1, collections: 1 })
  }))
})

test('a gate closes while composers never stop coming', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 17, async ([closer, ...composers]) => {
    const { templates: [template] } = await makeTemplates(closer!, ['a-template'])
    await openGates(closer!)
    let stop = false
    const working = Promise.allSettled(composers.map(async (client, number) => {
      const outcomes = []
      for (let n = 1; !stop; n += 1) {
        const outcome = await inTransaction(client, async () => {
          const answer = await orchestrate(client, { event: randomUUID(), template: template!, suffix: `${number}-${n}`, actor: 'barrier' })
          // Long enough that some composer holds the gate at every moment.
          await client.query('select pg_sleep(0.05)')
          return answer
        })
        outcomes.push(outcome)
        if (outcome.status !== 'ok') break
      }
      return outcomes
    }))
    await closer!.query('select pg_sleep(0.5)')
    const began = Date.now()
    const closed = await setGate(closer!, COMPOSER, false)
    const took = Date.now() - began
    stop = true
    const ended = await working

    expect(closed).toMatchObject({ status: 'ok', changed: true })
    expect(took, 'milliseconds until the gate was closed').toBeLessThan(2_500)
    expect(ended.filter(({ status }) => status === 'rejected')).toEqual([])
    const counts = tally(ended.flatMap(end => end.status === 'fulfilled' ? end.value : []))
    expect(Object.keys(counts).filter(status => !['ok', 'composer_gate_closed'].includes(status))).toEqual([])
    expect(await instanceRows(db)).toMatchObject({ log: counts.ok, collections: counts.ok })
    expect(counts.ok).toBeGreaterThan(0)
  })
  expect(await brokenRows(db)).toEqual([])
}))

test('what 20 operators set at once is an unbroken chain on record', () => withDatabase(async ({ db, url }) => {
  const { rows: [start] } = await sql<{ id: number }>`select coalesce(max(id), 0)::int as id from public.dot_config_change`.execute(db)
  const outcomes = await withClients(url, 20, clients => Promise.all(clients.map(async (client, number) => {
    const own = []
    for (let n = 0; n < 10; n += 1) {
      for (const gate of GATES) own.push(await setGate(client, gate, (number + n) % 2 === 0, `operator-${number}`))
    }
    return own
  })))
  expect(tally(outcomes.flat())).toEqual({ ok: 400 })

  for (const gate of GATES) {
    const { rows: changes } = await sql<{ old_value: string, new_value: string }>`
      select old_value, new_value from public.dot_config_change where key = ${gate} and id > ${start!.id} order by id`.execute(db)
    expect(changes.map(change => change.old_value)).toEqual(['false', ...changes.slice(0, -1).map(change => change.new_value)])
    expect(changes).toHaveLength(outcomes.flat().filter(outcome => outcome.key === gate && outcome.changed).length)
    const { rows: [now] } = await sql<{ value: string }>`select value from public.dot_config where key = ${gate}`.execute(db)
    expect(now!.value).toBe(changes.at(-1)!.new_value)
  }
}))

import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { withDatabase } from '../../helpers/db'
import { PIECE_GATE } from '../piece-fixtures'
import { answerOf, inTransaction, makeTemplates, openGates, orchestrate, setGate, tally, untilBlocked, withClients } from './clients'

const create = (client: pg.Client, address: string) => answerOf(client, 'public.fn_iu_piece_create($1, $1, $1, $2)', [address, 'pieces-test'])
const merge = (client: pg.Client, pieces: string[]) =>
  answerOf(client, 'public.fn_iu_piece_merge($1, $2, $2, $2, $3, null)', [pieces, `merged/${randomUUID()}`, 'pieces-test'])
const retire = (client: pg.Client, piece: string) => answerOf(client, 'public.fn_iu_piece_retire($1, $2, null)', [piece, 'pieces-test'])

test('the same address from eight connections: one piece', () => withDatabase(({ url }) => withClients(url, 8, async (clients) => {
  await setGate(clients[0]!, PIECE_GATE, true)
  for (let n = 0; n < 10; n += 1) {
    expect(tally(await Promise.all(clients.map(client => create(client, `contested/${n}`))))).toEqual({ ok: 1, canonical_address_conflict: 7 })
  }
})))

test('merges of the same pieces in every order: one goes, the others find them gone, nobody deadlocks', () => withDatabase(({ db, url }) =>
  withClients(url, 6, async (clients) => {
    await setGate(clients[0]!, PIECE_GATE, true)
    for (let round = 0; round < 10; round += 1) {
      const pieces: string[] = []
      for (let n = 0; n < 4; n += 1) pieces.push((await create(clients[0]!, `piece/${round}-${n}`)).iu_id as string)
      const outcomes = await Promise.all(clients.map((client, number) => merge(client, number % 2 ? pieces : pieces.toReversed())))
      expect(tally(outcomes)).toEqual({ ok: 1, piece_not_active: 5 })
    }
    const { rows } = await sql`select change, count(*)::int as n from public.iu_lifecycle_log group by change`.execute(db)
    expect(rows).toEqual([{ change: 'merged', n: 40 }])
  })))

test('a piece does not retire under an instance in flight, which keeps it; the next instance is refused', () => withDatabase(({ db, url }) =>
  withClients(url, 2, async ([composer, editor]) => {
    const { templates: [template], pieces } = await makeTemplates(composer!, ['a-template'])
    await openGates(composer!)
    await setGate(composer!, PIECE_GATE, true)
    const compose = (suffix: string) => orchestrate(composer!, { event: randomUUID(), template: template!, suffix, actor: 'pieces-test' })
    const retiring = await inTransaction(composer!, async () => {
      expect(await compose('in-flight')).toMatchObject({ status: 'ok' })
      const waiting = retire(editor!, pieces[0]!)
      await untilBlocked(db, editor!)
      return { waiting }
    })
    const { still_held_by } = await retiring.waiting
    expect((still_held_by as { collection_key: string }[]).map(held => held.collection_key)).toEqual(['a-template', 'tpl-inst:auto:in-flight'])
    expect(await compose('later')).toMatchObject({ status: 'piece_not_active', iu_ids: [pieces[0]] })
  })))

import { sql } from 'kysely'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { withDatabase } from '../../helpers/db'
import { answerOf, makeTemplates, tally, withClients } from './clients'

const register = (client: pg.Client, collection: string, seq: number, previous: string | null = null) => answerOf(
  client, 'public.fn_iu_collection_register_template_version($1, \'a-family\', $2, $3, $4, \'versions-test\')',
  [collection, `v${seq}`, seq, previous])
const retire = (client: pg.Client, collection: string, actor: string) => answerOf(
  client, 'public.fn_iu_collection_retire_template_version($1, $2, \'out of use\')', [collection, actor])

const keys = Array.from({ length: 16 }, (_, n) => `template-${n}`)

test('16 templates want the same place of a family: one gets it, the others are told who has it', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 16, async (clients) => {
    const { templates } = await makeTemplates(clients[0]!, keys)
    const outcomes = await Promise.all(clients.map((client, n) => register(client, templates[n]!, 1)))
    expect(tally(outcomes)).toEqual({ ok: 1, family_seq_collision: 15 })
    const winner = outcomes.find(outcome => outcome.status === 'ok')!.collection_id
    expect(new Set(outcomes.map(outcome => outcome.collection_id))).toEqual(new Set([winner]))
    const { rows } = await sql`select collection_id, version_status from public.iu_collection_template_version`.execute(db)
    expect(rows).toEqual([{ collection_id: winner, version_status: 'current' }])
  })
}))

test('one template registered by 16 at once is registered once, and all are told so', () => withDatabase(async ({ url }) => {
  await withClients(url, 16, async (clients) => {
    const { templates: [template] } = await makeTemplates(clients[0]!, ['a-template'])
    const outcomes = await Promise.all(clients.map(client => register(client, template!, 1)))
    expect(tally(outcomes)).toEqual({ ok: 16 })
    expect(outcomes.filter(outcome => !outcome.already_registered)).toHaveLength(1)
  })
}))

test('16 successors of one version: the place is taken once, the predecessor superseded once', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 16, async (clients) => {
    const { templates: [root, ...successors] } = await makeTemplates(clients[0]!, ['root', ...keys])
    await register(clients[0]!, root!, 1)
    const outcomes = await Promise.all(clients.map((client, n) => register(client, successors[n]!, 2, root)))
    expect(tally(outcomes)).toEqual({ ok: 1, family_seq_collision: 15 })
    expect(outcomes.filter(outcome => outcome.superseded_previous)).toHaveLength(1)
    const { rows } = await sql`
      select version_seq, version_status from public.iu_collection_template_version order by version_seq`.execute(db)
    expect(rows).toEqual([{ version_seq: 1, version_status: 'superseded' }, { version_seq: 2, version_status: 'current' }])
  })
}))

test('16 successors of one version at 16 places: one becomes current, the others are told which', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 16, async (clients) => {
    const { templates: [root, ...successors] } = await makeTemplates(clients[0]!, ['root', ...keys])
    await register(clients[0]!, root!, 1)
    const outcomes = await Promise.all(clients.map((client, n) => register(client, successors[n]!, n + 2, root)))
    expect(tally(outcomes)).toEqual({ ok: 1, invalid_input: 15 })
    expect(new Set(outcomes.map(outcome => outcome.collection_id)).size).toBe(1)
    const { rows } = await sql`
      select version_status, count(*)::int as versions from public.iu_collection_template_version group by 1 order by 1`.execute(db)
    expect(rows).toEqual([{ version_status: 'current', versions: 1 }, { version_status: 'superseded', versions: 1 }])
  })
}))

test('a version retired by 16 at once keeps the name of who was first', () => withDatabase(async ({ db, url }) => {
  await withClients(url, 16, async (clients) => {
    const { templates: [template] } = await makeTemplates(clients[0]!, ['a-template'])
    await register(clients[0]!, template!, 1)
    const outcomes = await Promise.all(clients.map((client, n) => retire(client, template!, `operator-${n}`)))
    expect(tally(outcomes)).toEqual({ ok: 16 })
    const first = outcomes.findIndex(outcome => !outcome.already_retired)
    expect(outcomes.filter(outcome => !outcome.already_retired)).toHaveLength(1)
    const { rows } = await sql`select retired_by, version_status from public.iu_collection_template_version`.execute(db)
    expect(rows).toEqual([{ retired_by: `operator-${first}`, version_status: 'retired' }])
  })
}))

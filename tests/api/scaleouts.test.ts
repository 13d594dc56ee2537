import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { waitFor } from '../helpers/wait'
import { type Answer, collection, get, post, recorded, strictly, world } from './support'
import { CommandRun, Preview } from '#shared/schemas/run'
import { ScaleoutOutcome, ScaleoutProgress } from '#shared/schemas/scaleout'

const own = useConsole()

const WORKFLOW = 'tpl:wf:onboarding/v2'
const REPORT = 'tpl:file:status-report/v1'

/** A plan of both templates that nobody has run. */
async function request(over: Record<string, unknown> = {}, counts = [6, 4]) {
  const batch = `batch-${randomUUID()}`
  return {
    plan: [
      { template_collection_id: await collection(own.db, WORKFLOW), count: counts[0]!, suffix_prefix: `${batch}-wf-` },
      { template_collection_id: await collection(own.db, REPORT), count: counts[1]!, suffix_prefix: `${batch}-file-` },
    ],
    emit_mode: 'live', actor: `bulk-${batch}`, note: 'in bulk', open_gates: true, ...over,
  }
}
const preview = async (body: unknown) => post(own, '/api/scaleouts/preview', body)
const run = (preview_id: string) => post(own, '/api/scaleouts', { preview_id })

const TABLES = { iu_piece_collection: 10, iu_piece_membership: 50, event_outbox: 60, iu_collection_template_instance_lineage: 10, iu_auto_instantiate_event_log: 10 }
const inserted = (answer: Answer) => Object.fromEntries(answer.body.effects.tables
  .filter((table: { table: string }) => table.table in TABLES).map((table: { table: string, inserted: number }) => [table.table, table.inserted]))

describe('a scale-out', () => {
  test('is previewed whole, leaves nothing, and then runs as previewed; rolled back by its actor it is gone', async () => {
    const body = await request()
    const before = await world(own.db)
    const previewed = await preview(body)
    expect(previewed.status).toBe(200)
    expect(strictly(Preview).safeParse(previewed.body).error?.issues ?? []).toEqual([])
    expect(strictly(ScaleoutOutcome).safeParse({ ...previewed.body.result, actor: undefined, emit_mode: undefined }).error?.issues
      .filter(issue => !('keys' in issue)) ?? []).toEqual([])
    expect(previewed.body).toMatchObject({
      command_name: 'dot_iu_scaleout', phase: 'preview', dry_run: false, actor: body.actor, reason: 'in bulk',
      result: { status: 'ok', instances: 10, composed: 10, replayed: 0, digest_matching: 10, templates: [
        { template_key: WORKFLOW, first_key: `tpl-inst:auto:${body.plan[0]!.suffix_prefix}001`, last_key: `tpl-inst:auto:${body.plan[0]!.suffix_prefix}006` },
        { template_key: REPORT, instances: 4 }] },
      effects: { gates_opened: [{ key: 'iu_core.auto_instantiate_enabled', was: 'false' }, { key: 'iu_core.composer_enabled', was: 'false' }] },
    })
    expect(inserted(previewed)).toEqual(TABLES)
    expect(await world(own.db)).toEqual(before)

    const ran = await run(previewed.body.id)
    expect(ran.status).toBe(200)
    expect(strictly(CommandRun).safeParse(ran.body).error?.issues ?? []).toEqual([])
    expect(ran.body).toMatchObject({ phase: 'run', status: 'ok', preview_id: previewed.body.id, result: { composed: 10 } })
    expect(ran.body.effects).toEqual(previewed.body.effects)
    expect((await get(own, `/api/events?actor=${body.actor}`)).body).toMatchObject({ total: 10 })
    expect((await get(own, '/api/shell')).body.gates.open).toEqual([])
    expect((await get(own, `/api/scaleouts/${previewed.body.id}`)).body).toEqual({ under_way: false, done: null, run_id: ran.body.id })

    const back = await post(own, '/api/rollbacks/preview', { actor: body.actor, dry_run: false })
    await post(own, '/api/rollbacks', { preview_id: back.body.id, confirm_actor: body.actor, reason: 'enough' })
    for (const table of ['iu_piece_collection', 'iu_piece_membership', 'iu_collection_template_instance_lineage', 'iu_auto_instantiate_event_log', 'iu_vector_sync_point', 'iu_lifecycle_log']) {
      expect([table, (await world(own.db))[table]]).toEqual([table, before[table]])
    }
  })

  test('sent twice at once is one run, and its plan again a replay', async () => {
    const body = await request({ emit_mode: 'dry_run' })
    const { id } = (await preview(body)).body
    const records = await recorded(own.db)
    const [one, two] = await Promise.all([run(id), run(id)])
    expect([one.status, one.body]).toEqual([two.status, two.body])
    expect(await recorded(own.db)).toBe(records + 1)
    expect((await preview(body)).body).toMatchObject({ status: 'idempotent_replay', dry_run: true, effects: { tables: [] }, result: { composed: 0, replayed: 10 } })
  })

  test('whose template was edited since the preview is refused and says so, though it would write as many rows', async () => {
    const body = await request()
    const { id } = (await preview(body)).body
    const edited = body.plan[1]!.template_collection_id
    const flip = sql`update public.iu_piece_membership set piece_order = -piece_order where collection_id = ${edited}`
    await flip.execute(own.db)
    const before = await world(own.db)
    const { status, body: answer } = await run(id)
    expect([status, answer.error.status]).toEqual([409, 'preview_outdated'])
    expect(answer.error.changes).toMatchObject([{ what: expect.stringContaining(body.plan[1]!.suffix_prefix), previewed: expect.stringContaining('4 new') }])
    expect(await world(own.db)).toEqual(before)
    await flip.execute(own.db)
  })
})

describe('refused', () => {
  test.each([
    ['the composer gate is closed', { open_gates: false, emit_mode: 'dry_run' }, 409, 'composer_gate_closed'],
    ['the live gate is closed', { open_gates: false }, 409, 'live_gate_closed'],
    ['there is no such mode', { emit_mode: 'shadow' }, 400, 'invalid_request'],
    ['the actor is blank', { actor: ' ' }, 400, 'invalid_request'],
    ['the plan is empty', { plan: [] }, 400, 'invalid_request'],
    ['a field does not exist', { suffix: 'x' }, 400, 'invalid_request'],
  ])('%s', async (_case, over, code, status) => {
    const body = await request(over)
    const before = await world(own.db)
    const answer = await preview(body)
    expect([answer.status, answer.body.error.status]).toEqual([code, status])
    expect(await world(own.db)).toEqual(before)
  })

  test.each([
    ['count', { count: 0 }], ['count', { count: 10_001 }], ['count', { count: 1.5 }], ['suffix_prefix', { suffix_prefix: ' ' }],
    ['suffix_prefix', { suffix_prefix: 'x'.repeat(198) }], ['template_collection_id', { template_collection_id: 'x' }], ['event_ids', { event_ids: [randomUUID()] }],
  ])('a row of the plan with a wrong %s is named: %j', async (field, over) => {
    const body = await request()
    const answer = await preview({ ...body, plan: [body.plan[0], { ...body.plan[1], ...over }] })
    expect([answer.status, answer.body.error.field]).toEqual([400, `plan.1.${field}`])
  })

  test('more than 10,000 together, or one prefix twice, names the plan', async () => {
    const body = await request({}, [6000, 5000])
    expect((await preview(body)).body.error).toMatchObject({ status: 'invalid_request', field: 'plan' })
    expect((await preview({ ...body, plan: [body.plan[0], body.plan[0]] })).body.error.fields).toContainEqual({ path: 'plan.1.suffix_prefix', message: 'another row has this prefix' })
  })

  test('an unknown template is 404 and on record', async () => {
    const body = await request()
    const records = await recorded(own.db)
    const answer = await preview({ ...body, plan: [{ ...body.plan[0], template_collection_id: randomUUID() }] })
    expect([answer.status, answer.body.error.status]).toEqual([404, 'template_collection_not_found'])
    expect(await recorded(own.db)).toBe(records + 1)
  })

  test('a made-up preview and one of another command are 404', async () => {
    const other = await post(own, '/api/rollbacks/preview', { actor: 'somebody' })
    for (const id of [randomUUID(), other.body.id]) expect((await run(id)).status).toBe(404)
  })
})

describe('stopped', () => {
  /** Holds a key that the plan wants, in a transaction of its own, while `work` is done. */
  async function holding(key: string, work: () => Promise<void>) {
    const { rows: [here] } = await sql<{ name: string, port: number }>`select current_database() as name, inet_server_port() as port`.execute(own.db)
    const client = new pg.Client({ host: '127.0.0.1', port: here!.port, database: here!.name, user: 'postgres' })
    await client.connect()
    try {
      await client.query('begin')
      await client.query('insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by) values ($1, \'file\', \'Held\', \'test\')', [key])
      await work()
      await client.query('rollback')
    }
    finally {
      await client.end()
    }
  }
  const sent = (path: string, body: unknown, signal: AbortSignal) => own.fetch(path, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal,
  })
  const waiting = async () => Number((await sql<{ n: string }>`
    select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(own.db)).rows[0]!.n)

  test('a run tells how far it is; hanging up cancels it, nothing remains, and it is on record', async () => {
    const body = await request({}, [1_020, 3])
    // The file's keys come first: the last one of the workflow is in the second step.
    const last = `tpl-inst:auto:${body.plan[0]!.suffix_prefix}999`
    const { id } = (await preview(body)).body
    const before = await world(own.db)
    await holding(last, async () => {
      const hangUp = new AbortController()
      const running = sent('/api/scaleouts', { preview_id: id }, hangUp.signal)
      const ended = expect(running).rejects.toThrow(/abort/i)
      await waitFor('the run', async () => (await get(own, `/api/scaleouts/${id}`)).body.done === 1_000)
      const progress = await get(own, `/api/scaleouts/${id}`)
      expect(ScaleoutProgress.strict().parse(progress.body)).toEqual({ under_way: true, done: 1_000, run_id: null })
      await waitFor('its wait for the key', async () => await waiting() === 1)
      hangUp.abort()
      await ended
      // While the key is still held: it is the run that ends, not the wait.
      await waitFor('the record', async () => (await get(own, `/api/scaleouts/${id}`)).body.run_id !== null, { patience: 5_000 })
      expect(await waiting()).toBe(0)
    })
    expect(await world(own.db)).toEqual(before)
    const { run_id, under_way } = (await get(own, `/api/scaleouts/${id}`)).body
    expect(under_way).toBe(false)
    expect((await get(own, `/api/runs/${run_id}`)).body).toMatchObject({ phase: 'run', refused: true, status: 'stopped', preview_id: id, effects: null })
    // The same preview may be run after all.
    expect((await run(id)).body).toMatchObject({ status: 'ok', result: { composed: 1_023 } })
  })

  test('a preview that is hung up on leaves nothing but its record', async () => {
    const body = await request()
    const [before, records] = [await world(own.db), await recorded(own.db)]
    await holding(`tpl-inst:auto:${body.plan[0]!.suffix_prefix}003`, async () => {
      const hangUp = new AbortController()
      const ended = expect(sent('/api/scaleouts/preview', body, hangUp.signal)).rejects.toThrow(/abort/i)
      await waitFor('its wait for the key', async () => await waiting() === 1)
      hangUp.abort()
      await ended
      await waitFor('the record', async () => await recorded(own.db) === records + 1, { patience: 5_000 })
    })
    expect(await world(own.db)).toEqual(before)
    expect((await get(own, '/api/shell')).status).toBe(200)
  })
})

import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { compose, get, post, recorded, world } from './support'

const own = useConsole()

const preview = (actor: string, dry_run?: boolean) => post(own, '/api/rollbacks/preview', { actor, ...(dry_run === undefined ? {} : { dry_run }) })
const run = (preview_id: string, over: Record<string, unknown> = {}) => post(own, '/api/rollbacks', { preview_id, ...over })
const confirmed = (actor: string) => ({ confirm_actor: actor, reason: 'made by mistake' })

/** A new actor who has made that many instances. */
async function actorWith(instances: number) {
  const actor = `actor-${randomUUID()}`
  const made: string[] = []
  for (let i = 0; i < instances; i++) made.push((await compose(own, { actor })).result.instance_collection_id)
  return { actor, made }
}

const COUNTS = (n: number) => ({ log_rows: n, lineage_rows: n, collection_rows: n, membership_rows: 5 * n, blocked_rows: 0 })

describe('a preview', () => {
  test.each([undefined, true, false])('dry_run %s tells every row that would go, and nothing goes', async (dryRun) => {
    const { actor, made } = await actorWith(2)
    const before = await world(own.db)
    const { status, body } = await preview(actor, dryRun)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      command_name: 'dot_iu_auto_instantiate_rollback_by_actor', phase: 'preview', operator: 'administrator@example.org (tests)', actor, status: 'ok',
      dry_run: dryRun !== false, parameters: { actor, dry_run: dryRun !== false },
      result: { status: 'ok', actor, dry_run: dryRun !== false, ...COUNTS(2) },
      effects: { gates_opened: [], instance: null, rollback: COUNTS(2) },
    })
    const concerned = body.effects.rollback.instances
    expect(concerned.map((row: { instance_collection_id: string }) => row.instance_collection_id).sort()).toEqual(made.sort())
    expect(concerned).toMatchObject([{ membership_rows: 5, drift_state: 'in_sync', edits: [], blocked_reason: null }, {}])
    const deleted = Object.fromEntries(body.effects.tables.filter((table: { deleted: number }) => table.deleted > 0)
      .map((table: { table: string, deleted: number }) => [table.table, table.deleted]))
    expect(deleted).toEqual(dryRun === false
      ? { iu_auto_instantiate_event_log: 2, iu_collection_template_instance_lineage: 2, iu_piece_collection: 2, iu_piece_membership: 10 }
      : {})
    expect(await world(own.db)).toEqual(before)
  })

  test('an actor without instances has nothing to take back', async () => {
    const { status, body } = await preview('nobody-at-all', false)
    expect([status, body.status, body.effects.tables, body.effects.rollback]).toEqual([200, 'ok', [], { ...COUNTS(0), instances: [] }])
  })

  test('an instance edited by hand shows its edits', async () => {
    const { actor, made } = await actorWith(1)
    await sql`delete from public.iu_piece_membership where collection_id = ${made[0]} and piece_order = (
      select min(piece_order) from public.iu_piece_membership where collection_id = ${made[0]})`.execute(own.db)
    const [instance] = (await preview(actor, false)).body.effects.rollback.instances
    expect(instance).toMatchObject({ drift_state: 'instance_edited', membership_rows: 4 })
    expect(instance.edits).toContainEqual(expect.objectContaining({ change: 'removed', to_iu_id: null, from_title: expect.any(String) }))
  })
})

describe('a run', () => {
  test('dry: on record, and nothing goes', async () => {
    const { actor } = await actorWith(1)
    const { id } = (await preview(actor)).body
    const before = await world(own.db)
    const { status, body } = await run(id)
    expect(status).toBe(200)
    expect(body).toMatchObject({ phase: 'run', dry_run: true, status: 'ok', preview_id: id, result: COUNTS(1) })
    expect(await world(own.db)).toEqual(before)
  })

  test('live: exactly what was previewed goes, and what others made stays', async () => {
    const other = await actorWith(1)
    const before = await world(own.db)
    const { actor, made } = await actorWith(3)
    const previewed = (await preview(actor, false)).body
    const { status, body } = await run(previewed.id, confirmed(actor))
    expect(status).toBe(200)
    expect(body).toMatchObject({ phase: 'run', dry_run: false, status: 'ok', reason: 'made by mistake', operator: 'administrator@example.org (tests)', actor, preview_id: previewed.id, result: COUNTS(3) })
    expect(body.effects).toEqual(previewed.effects)
    const after = await world(own.db)
    for (const table of ['iu_piece_collection', 'iu_piece_membership', 'iu_collection_template_instance_lineage', 'iu_auto_instantiate_event_log', 'dot_config', 'information_unit']) {
      expect([table, after[table]]).toEqual([table, before[table]])
    }
    for (const id of made) expect((await get(own, `/api/instances/${id}`)).status).toBe(404)
    expect((await get(own, `/api/instances/${other.made[0]}`)).status).toBe(200)
    expect((await get(own, `/api/events?actor=${actor}`)).body.total).toBe(0)
    expect((await get(own, `/api/runs/${body.id}`)).body).toEqual(body)
  })

  test('twenty at once are one', async () => {
    const { actor } = await actorWith(2)
    const { id } = (await preview(actor, false)).body
    const records = await recorded(own.db)
    const answers = await Promise.all(Array.from({ length: 20 }, () => run(id, confirmed(actor))))
    expect(new Set(answers.map(answer => `${answer.status} ${answer.body.id}`)).size).toBe(1)
    expect(answers[0]!.status).toBe(200)
    expect(await recorded(own.db)).toBe(records + 1)
  })

  test.each([
    ['no name', (_: string) => ({ reason: 'because' }), 'confirm_actor'],
    ['another name', () => ({ confirm_actor: 'somebody-else', reason: 'because' }), 'confirm_actor'],
    ['the name in capitals', (actor: string) => ({ confirm_actor: actor.toUpperCase(), reason: 'because' }), 'confirm_actor'],
    ['no reason', (actor: string) => ({ confirm_actor: actor }), 'reason'],
    ['a blank reason', (actor: string) => ({ confirm_actor: actor, reason: '  ' }), 'reason'],
  ])('live with %s is refused by that field', async (_case, over, field) => {
    const { actor } = await actorWith(1)
    const { id } = (await preview(actor, false)).body
    const before = await world(own.db)
    const { status, body } = await run(id, over(actor))
    expect([status, body.error.status, body.error.field]).toEqual([400, 'invalid_request', field])
    expect(await world(own.db)).toEqual(before)
  })
})

describe('when the world has moved since the preview', () => {
  /** Expects the run to be refused with that status, and nothing changed. */
  async function refuses(id: string, actor: string, code: number, status: string) {
    const before = await world(own.db)
    const answer = await run(id, confirmed(actor))
    expect([answer.status, answer.body.error.status]).toEqual([code, status])
    expect(await world(own.db)).toEqual(before)
    const row = await own.db.selectFrom('dot_iu_command_run').selectAll().where('preview_id', '=', id).executeTakeFirstOrThrow()
    expect(row).toMatchObject({ phase: 'run', refused: true, status, reason: 'made by mistake' })
    return answer.body.error.changes
  }

  test('an instance edited since is named', async () => {
    const { actor, made } = await actorWith(2)
    const { id } = (await preview(actor, false)).body
    await sql`update public.iu_piece_membership set role = 'appendix' where collection_id = ${made[0]} and piece_order = (
      select max(piece_order) from public.iu_piece_membership where collection_id = ${made[0]})`.execute(own.db)
    const { collection_key: key } = await own.db.selectFrom('iu_piece_collection').select('collection_key').where('id', '=', made[0]!).executeTakeFirstOrThrow()
    expect(await refuses(id, actor, 409, 'preview_outdated')).toEqual([
      { what: key, previewed: expect.stringContaining('in_sync'), now: expect.stringContaining('instance_edited') },
    ])
  })

  test.each([true, false])('another instance by the actor is named (dry run %s)', async (dryRun) => {
    const { actor } = await actorWith(1)
    const { id } = (await preview(actor, dryRun)).body
    const late = await compose(own, { actor })
    expect(await refuses(id, actor, 409, 'preview_outdated'))
      .toContainEqual({ what: late.effects.instance.instance_key, previewed: 'none', now: expect.stringContaining('goes') })
  })

  test('instances that somebody else took back are named', async () => {
    const { actor } = await actorWith(1)
    const first = (await preview(actor, false)).body
    const second = (await preview(actor, false)).body
    expect((await run(second.id, confirmed(actor))).status).toBe(200)
    expect(await refuses(first.id, actor, 409, 'preview_outdated'))
      .toContainEqual({ what: first.effects.rollback.instances[0].instance_key, previewed: expect.stringContaining('goes'), now: 'none' })
  })

  test('a preview older than a quarter of an hour has expired', async () => {
    const { actor } = await actorWith(1)
    const { id } = (await preview(actor, false)).body
    await sql`update public.dot_iu_command_run set started_at = started_at - interval '16 minutes' where id = ${id}`.execute(own.db)
    expect(await refuses(id, actor, 409, 'preview_expired')).toEqual([])
  })

  test('a made-up preview and one of another command are 404', async () => {
    const { actor } = await actorWith(1)
    const { id } = await own.db.selectFrom('dot_iu_command_run').select('id').where('actor', '=', actor).where('phase', '=', 'preview').executeTakeFirstOrThrow()
    for (const preview_id of [randomUUID(), id]) expect((await run(preview_id, confirmed(actor))).status).toBe(404)
  })
})

describe('an instance that others depend on', () => {
  test.each([
    ['marked_as_template', (id: string) => sql`select public.fn_iu_collection_mark_template(${id}, 'api-test', null)`],
    ['has_instances', (id: string) => sql`
      insert into public.iu_collection_template_instance_lineage (instance_collection_id, template_collection_id, base_manifest_digest, instantiated_by)
      select c.id, ${id}, c.manifest_digest, 'api-test' from public.iu_piece_collection c where c.collection_key = 'file:glossary'`],
  ])('%s: it is reported and stays whole, the other goes', async (reason, depend) => {
    const { actor, made } = await actorWith(2)
    const [kept, gone] = made as [string, string]
    await depend(kept).execute(own.db)
    const { body } = await preview(actor, false)
    expect(body.effects.rollback).toMatchObject({ ...COUNTS(1), blocked_rows: 1 })
    expect(body.effects.rollback.instances.find((row: { instance_collection_id: string }) => row.instance_collection_id === kept))
      .toMatchObject({ blocked_reason: reason })
    expect((await run(body.id, confirmed(actor))).status).toBe(200)
    expect((await get(own, `/api/instances/${gone}`)).status).toBe(404)
    expect((await get(own, `/api/instances/${kept}`)).body.pieces).toHaveLength(5)
  })

  test('by a table the rollback does not know: refused as a whole, naming the table', async () => {
    const { actor, made } = await actorWith(2)
    await sql`create table public.pinned (collection_id uuid not null references public.iu_piece_collection (id))`.execute(own.db)
    try {
      await sql`insert into public.pinned values (${made[0]})`.execute(own.db)
      const before = await world(own.db)
      const { status, body } = await preview(actor, false)
      expect(status).toBe(409)
      expect(body.error).toMatchObject({ status: 'blocked_by_reference', message: expect.stringContaining('pinned') })
      expect(await world(own.db)).toEqual(before)
    }
    finally {
      await sql`drop table public.pinned`.execute(own.db)
    }
  })
})

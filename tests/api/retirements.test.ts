import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { collection, compose, get, post, strictly, world } from './support'
import { InstanceDetail } from '#shared/schemas/instance'
import { SharedPieces, SharingMatrix } from '#shared/schemas/sharing'

const own = useConsole()

/** A new actor who has made two instances. */
async function actorWithTwo() {
  const actor = `actor-${randomUUID()}`
  const made = [await compose(own, { actor }), await compose(own, { actor })]
  return { actor, ids: made.map(run => run.result.instance_collection_id as string) }
}

describe('retiring by actor', () => {
  test('is previewed, runs as previewed, keeps the rows, and shows on the instance and in the list', async () => {
    const { actor, ids } = await actorWithTwo()
    const before = await world(own.db)
    const previewed = await post(own, '/api/retirements/preview', { actor, dry_run: false, reason: 'replaced by a tool' })
    expect(previewed.body).toMatchObject({ command_name: 'dot_iu_collection_retire', status: 'ok', dry_run: false, result: { retired_rows: 2, blocked_rows: 0 },
      effects: { tables: [{ table: 'iu_piece_collection', inserted: 0, updated: 2, deleted: 0 }] } })
    expect(await world(own.db)).toEqual(before)

    const ran = await post(own, '/api/retirements', { preview_id: previewed.body.id })
    expect([ran.status, ran.body.status, ran.body.reason]).toEqual([200, 'ok', 'replaced by a tool'])
    const { iu_piece_collection: collections, ...others } = await world(own.db)
    expect(others).toEqual(Object.fromEntries(Object.entries(before).filter(([table]) => table !== 'iu_piece_collection')))
    expect(collections!.rows).toBe(before.iu_piece_collection!.rows)
    for (const id of ids) {
      const { body } = await get(own, `/api/instances/${id}`)
      expect(strictly(InstanceDetail).safeParse(body).error?.issues ?? []).toEqual([])
      expect(body.instance).toMatchObject({ collection_status: 'retired', retired_at: expect.any(String), retire_reason: 'replaced by a tool' })
    }
    const template = await get(own, `/api/templates/${await collection(own.db, 'tpl:wf:onboarding/v2')}`)
    const listed = template.body.instances.filter((row: { instance_collection_id: string }) => ids.includes(row.instance_collection_id))
    expect(listed.map((row: { collection_status: string }) => row.collection_status)).toEqual(['retired', 'retired'])
  })

  test('dry changes nothing', async () => {
    const { actor } = await actorWithTwo()
    const before = await world(own.db)
    const { id } = (await post(own, '/api/retirements/preview', { actor })).body
    expect((await post(own, '/api/retirements', { preview_id: id })).body).toMatchObject({ dry_run: true, result: { retired_rows: 2 } })
    expect(await world(own.db)).toEqual(before)
  })

  test('is refused when another instance has come since the preview', async () => {
    const { actor } = await actorWithTwo()
    const { id } = (await post(own, '/api/retirements/preview', { actor, dry_run: false, reason: 'because' })).body
    const late = await compose(own, { actor })
    const answer = await post(own, '/api/retirements', { preview_id: id })
    expect([answer.status, answer.body.error.status]).toEqual([409, 'preview_outdated'])
    expect(answer.body.error.changes).toContainEqual({ what: late.effects.instance.instance_key, previewed: 'none', now: expect.stringContaining('retires') })
  })

  test('live needs a reason', async () => {
    const { status, body } = await post(own, '/api/retirements/preview', { actor: 'a', dry_run: false })
    expect([status, body.error.field]).toEqual([400, 'reason'])
  })
})

describe('erasing the lineage by actor', () => {
  test('asks for the name and a reason, erases lineage and log rows, and leaves the collections', async () => {
    const { actor, ids } = await actorWithTwo()
    const { id, result } = (await post(own, '/api/lineage-erasures/preview', { actor, dry_run: false })).body
    expect(result).toMatchObject({ status: 'ok', lineage_rows: 2, log_rows: 2, collection_rows: 0 })
    const before = await world(own.db)
    for (const [given, field] of [[{}, 'confirm_actor'], [{ confirm_actor: 'another', reason: 'b' }, 'confirm_actor'], [{ confirm_actor: actor }, 'reason']] as const) {
      const refused = await post(own, '/api/lineage-erasures', { preview_id: id, ...given })
      expect([refused.status, refused.body.error.field]).toEqual([400, field])
    }
    expect(await world(own.db)).toEqual(before)
    expect((await post(own, '/api/lineage-erasures', { preview_id: id, confirm_actor: actor, reason: 'no longer derived' })).body).toMatchObject({ status: 'ok', reason: 'no longer derived' })
    expect((await get(own, `/api/instances/${ids[0]}`)).status).toBe(404)
    const { rows } = await sql`select from public.iu_piece_collection where id = any (${ids}::uuid[])`.execute(own.db)
    expect(rows).toHaveLength(2)
  })
})

describe('shared pieces', () => {
  test('the matrix has every template and each pair in both directions; a filter narrows it', async () => {
    const { body } = await get(own, '/api/sharing')
    expect(strictly(SharingMatrix).safeParse(body).error?.issues ?? []).toEqual([])
    const keys = body.templates.map((template: { collection_key: string }) => template.collection_key)
    expect([body.total, keys]).toEqual([3, ['tpl:file:status-report/v1', 'tpl:wf:onboarding/v1', 'tpl:wf:onboarding/v2']])
    expect(body.pairs).toHaveLength(2)
    expect(new Set(body.pairs.map((pair: { shared_pieces: number, same_family: boolean }) => `${pair.shared_pieces} ${pair.same_family}`)).size).toBe(1)
    const narrowed = await get(own, '/api/sharing?q=status')
    expect([narrowed.body.total, narrowed.body.pairs]).toEqual([1, []])
  })

  test('the pieces of a pair stand in the order of the first, with everybody who holds them', async () => {
    const [one, other] = [await collection(own.db, 'tpl:wf:onboarding/v1'), await collection(own.db, 'tpl:wf:onboarding/v2')]
    const { body } = await get(own, `/api/sharing/pieces?one=${one}&other=${other}`)
    expect(strictly(SharedPieces).safeParse(body).error?.issues ?? []).toEqual([])
    const { body: matrix } = await get(own, '/api/sharing')
    expect(body.rows).toHaveLength(matrix.pairs[0].shared_pieces)
    const places = body.rows.map((row: { one_position: number }) => row.one_position)
    expect(places).toEqual(places.toSorted((a: number, b: number) => a - b))
    expect(body.rows[0].held_by.map((holder: { collection_id: string }) => holder.collection_id).sort()).toEqual([one, other].sort())
  })

  test.each(['one=x&other=y', `one=${randomUUID()}`, `one=${randomUUID()}&other=${randomUUID()}&more=1`])('%s is refused', async (query) => {
    expect((await get(own, `/api/sharing/pieces?${query}`)).status).toBe(400)
  })
})

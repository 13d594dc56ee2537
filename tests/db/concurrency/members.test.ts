import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { withDatabase } from '../../helpers/db'
import { inTransaction, makeTemplates, openGates, orchestrate, tally, untilBlocked, withClients } from './clients'
import { brokenRows } from './whole'

const add = (client: pg.Client, collection: string, piece: string, order: number) => client.query(
  'insert into public.iu_piece_membership (collection_id, iu_id, piece_order) values ($1, $2, $3)', [collection, piece, order])
const setStatus = (client: pg.Client, collection: string, piece: string, status: string) => client.query(
  'update public.iu_piece_membership set membership_status = $3 where collection_id = $1 and iu_id = $2', [collection, piece, status])
const move = (client: pg.Client, collection: string, piece: string, order: number) => client.query(
  'update public.iu_piece_membership set piece_order = $3 where collection_id = $1 and iu_id = $2', [collection, piece, order])

const newPieces = async (client: pg.Client, count: number): Promise<string[]> => {
  const { rows } = await client.query(`insert into public.information_unit (canonical_address, title, body, created_by)
    select 'extra/' || n, 'Extra ' || n, 'Extra text ' || n, 'members-test' from generate_series(1, $1::int) n returning id`, [count])
  return rows.map(row => row.id)
}

describe('a template whose members change while it is instantiated', () => {
  test('every instance\'s base is the manifest that it was really composed of', () => withDatabase(async ({ db, url }) => {
    await withClients(url, 8, async ([editor, ...composers]) => {
      const { templates: [template], pieces } = await makeTemplates(editor!, ['a-template'])
      await openGates(editor!)
      let composing = true
      let edits = 0
      const editing = (async () => {
        for (; composing; edits += 1) {
          await inTransaction(editor!, async () => {
            await setStatus(editor!, template!, pieces[edits % 5]!, 'removed')
            await move(editor!, template!, pieces[(edits + 1) % 5]!, 10 + edits)
          })
          await setStatus(editor!, template!, pieces[edits % 5]!, 'active')
        }
      })()
      const composed = (await Promise.all(composers.map(async (client, number) => {
        const outcomes = []
        // However rarely the editor gets in between: until he has.
        for (let n = 0; n < 40 || edits < 4; n += 1) {
          outcomes.push(await orchestrate(client, { event: randomUUID(), template: template!, suffix: `${number}-${n}`, actor: 'members-test' }))
        }
        return outcomes
      })).finally(() => {
        composing = false
      })).flat()

      await editing
      expect(tally(composed)).toEqual({ ok: composed.length })
      expect(composed.filter(outcome => outcome.digest_matches_template !== true)).toEqual([])
      expect(composed.every(outcome => outcome.pieces_attached === 4 || outcome.pieces_attached === 5)).toBe(true)
    })

    const { rows: [bases] } = await sql<{ wrong: number, different: number }>`
      select count(*) filter (where l.base_manifest_digest <>
               public.fn_iu_text_digest(public.fn_iu_manifest_pieces(l.instance_collection_id)::text))::int as wrong,
             count(distinct l.base_manifest_digest)::int as different
      from public.iu_collection_template_instance_lineage l`.execute(db)
    expect(bases!.wrong).toBe(0)
    expect(bases!.different, 'the edits fell between the instances').toBeGreaterThan(1)
    expect(await brokenRows(db)).toEqual([])
  }), 120_000)

  test('an edit waits for the instance in flight, which has the members of before', () => withDatabase(async ({ db, url }) => {
    await withClients(url, 2, async ([composer, editor]) => {
      const { templates: [template], pieces } = await makeTemplates(composer!, ['a-template'])
      await openGates(composer!)
      await composer!.query('begin')
      const made = await orchestrate(composer!, { event: randomUUID(), template: template!, suffix: 'before', actor: 'members-test' })
      const editing = setStatus(editor!, template!, pieces[0]!, 'removed')
      await untilBlocked(db, editor!)
      await composer!.query('commit')
      await editing
      const { rows } = await sql`
        select drift_state, (select piece_count from public.iu_manifest where manifest_digest = base_digest) as base,
               (select piece_count from public.iu_manifest where manifest_digest = template_digest) as template
        from public.v_iu_template_instance where instance_collection_id = ${made.instance_collection_id}`.execute(db)
      expect(rows).toEqual([{ drift_state: 'template_moved', base: 5, template: 4 }])
    })
  }))
})

describe('hand edits of one collection from two connections', () => {
  test('two open transactions: the second waits, and the digest has both edits', () => withDatabase(async ({ db, url }) => {
    await withClients(url, 2, async ([first, second]) => {
      const { templates: [collection] } = await makeTemplates(first!, ['a-collection'])
      const [one, two] = await newPieces(first!, 2)
      await first!.query('begin')
      await add(first!, collection!, one!, 10)
      const waiting = add(second!, collection!, two!, 11)
      await untilBlocked(db, second!)
      await first!.query('commit')
      await waiting
      const { rows } = await sql`
        select m.piece_count from public.iu_piece_collection c join public.iu_manifest m using (manifest_digest)
        where c.id = ${collection}`.execute(db)
      expect(rows).toEqual([{ piece_count: 7 }])
      expect(await brokenRows(db)).toEqual([])
    })
  }))

  test('an edit that is rolled back leaves the digest of the other', () => withDatabase(async ({ db, url }) => {
    await withClients(url, 2, async ([first, second]) => {
      const { templates: [collection] } = await makeTemplates(first!, ['a-collection'])
      const [one, two] = await newPieces(first!, 2)
      await first!.query('begin')
      await add(first!, collection!, one!, 10)
      const waiting = add(second!, collection!, two!, 11)
      await untilBlocked(db, second!)
      await first!.query('rollback')
      await waiting
      expect(await brokenRows(db)).toEqual([])
    })
  }))

  test('many at once, adding, moving, removing and deleting', () => withDatabase(async ({ db, url }) => {
    await withClients(url, 8, async (clients) => {
      const { templates: collections } = await makeTemplates(clients[0]!, ['one', 'two'])
      const pieces = await newPieces(clients[0]!, 8)
      await Promise.all(clients.map(async (client, number) => {
        const piece = pieces[number]!
        for (let n = 0; n < 15; n += 1) {
          const collection = collections[n % 2]!
          await add(client, collection, piece, n)
          await move(client, collection, piece, 100 - n)
          await setStatus(client, collection, piece, 'removed')
          // One statement over both collections, in whatever order it finds them.
          await client.query('update public.iu_piece_membership set role = $2 where iu_id = $1', [piece, `role-${n}`])
          if (n < 14) await client.query('delete from public.iu_piece_membership where iu_id = $1', [piece])
          else await setStatus(client, collection, piece, 'active')
        }
      }))
      const { rows } = await sql`
        select c.collection_key, m.piece_count from public.iu_piece_collection c join public.iu_manifest m using (manifest_digest)
        order by c.collection_key`.execute(db)
      expect(rows).toEqual([{ collection_key: 'one', piece_count: 13 }, { collection_key: 'two', piece_count: 5 }])
    })
    expect(await brokenRows(db)).toEqual([])
  }))
})

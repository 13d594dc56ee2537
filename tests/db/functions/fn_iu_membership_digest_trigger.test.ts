/** Whatever a hand does to memberships, in whatever order: every digest equals one computed without PostgreSQL. */
import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { addCollection, addPieces, manifestOf, rowsOf } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

const COLLECTIONS = 3
const PIECES = 5

interface Row {
  collection_id: string
  iu_id: string
  piece_order: number
  role: string
  membership_status: string
}

const collection = fc.nat(COLLECTIONS - 1)
const piece = fc.nat(PIECES - 1)
const order = fc.integer({ min: -3, max: 3 })
const role = fc.constantFrom('body', 'intro', 'Anhänge "B"')
const status = fc.constantFrom('active', 'removed')

const edit = fc.oneof(
  fc.record({ what: fc.constant('insert' as const), collection, piece, order, role, status }),
  fc.record({ what: fc.constant('order' as const), piece, order }),
  fc.record({ what: fc.constant('role' as const), collection, piece, role }),
  fc.record({ what: fc.constant('status' as const), collection, piece, status }),
  fc.record({ what: fc.constant('move' as const), collection, target: collection, piece }),
  fc.record({ what: fc.constant('shift' as const), order }),
  fc.record({ what: fc.constant('copy' as const), collection, target: collection }),
  fc.record({ what: fc.constant('delete' as const), piece }),
  fc.record({ what: fc.constant('forge' as const), collection }),
  fc.record({ what: fc.constant('empty' as const), collection }),
)
type Edit = typeof edit extends fc.Arbitrary<infer Value> ? Value : never

/** The statement for an edit; it leaves out what the rule "one active place in a collection" would refuse. */
function statement(change: Edit, collections: string[], pieces: string[]) {
  switch (change.what) {
    case 'insert': return sql`
      insert into public.iu_piece_membership (collection_id, iu_id, piece_order, role, membership_status)
      values (${collections[change.collection]}, ${pieces[change.piece]}, ${change.order}, ${change.role}, ${change.status})
      on conflict do nothing`
    case 'order': return sql`update public.iu_piece_membership set piece_order = ${change.order} where iu_id = ${pieces[change.piece]}`
    case 'role': return sql`
      update public.iu_piece_membership set role = ${change.role}
      where collection_id = ${collections[change.collection]} and iu_id = ${pieces[change.piece]}`
    case 'status': return sql`
      update public.iu_piece_membership set membership_status = ${change.status}
      where id = (select id from public.iu_piece_membership
                  where collection_id = ${collections[change.collection]} and iu_id = ${pieces[change.piece]}
                  order by membership_status, id limit 1)`
    case 'move': return sql`
      update public.iu_piece_membership m set collection_id = ${collections[change.target]}
      where m.collection_id = ${collections[change.collection]} and m.iu_id = ${pieces[change.piece]}
        and not exists (select from public.iu_piece_membership other
                        where other.collection_id = ${collections[change.target]} and other.iu_id = m.iu_id)`
    case 'shift': return sql`update public.iu_piece_membership set piece_order = piece_order * ${change.order}`
    case 'copy': return sql`
      insert into public.iu_piece_membership (collection_id, iu_id, piece_order, role)
      select ${collections[change.target]}, iu_id, piece_order, role from public.iu_piece_membership
      where collection_id = ${collections[change.collection]}
      on conflict do nothing`
    case 'delete': return sql`delete from public.iu_piece_membership where iu_id = ${pieces[change.piece]}`
    case 'forge': return sql`
      update public.iu_piece_collection set manifest_digest = (select min(manifest_digest) from public.iu_manifest)
      where id = ${collections[change.collection]}`
    case 'empty': return sql`delete from public.iu_piece_membership where collection_id = ${collections[change.collection]}`
  }
}

async function expectDigestsToHold(db: Trx) {
  const kept = await rowsOf(db, sql<{ id: string, manifest_digest: string }>`select id, manifest_digest from public.iu_piece_collection`)
  const rows = await rowsOf(db, sql<Row>`select collection_id, iu_id, piece_order, role, membership_status from public.iu_piece_membership`)
  for (const { id, manifest_digest } of kept) {
    const members = rows
      .filter(row => row.collection_id === id && row.membership_status === 'active')
      .sort((a, b) => a.piece_order - b.piece_order || (a.iu_id < b.iu_id ? -1 : 1))
    expect(manifest_digest).toBe(manifestOf(members).digest)
  }
}

test('random sequences of hand edits', () => fc.assert(
  fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 25, size: 'max' }), edits => withTransaction(async (db) => {
    const pieces = await addPieces(db, PIECES)
    const collections: string[] = []
    while (collections.length < COLLECTIONS) collections.push(await addCollection(db, pieces.slice(collections.length)))
    for (const change of edits) {
      await statement(change, collections, pieces).execute(db)
      await expectDigestsToHold(db)
    }
  })),
  { numRuns: 25 },
))

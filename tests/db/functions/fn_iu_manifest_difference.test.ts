import fc from 'fast-check'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { type Member, addCollection, addPiece, addPieces, attach, digestOf, rowsOf, sha256 } from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

interface Change {
  change: 'same' | 'added' | 'removed' | 'moved' | 'replaced' | 'role_changed'
  from_iu_id: string | null
  from_position: number | null
  from_role: string | null
  from_title: string | null
  from_address: string | null
  to_iu_id: string | null
  to_position: number | null
  to_role: string | null
  to_title: string | null
  to_address: string | null
}

const difference = (db: Trx, from: string | null, to: string | null) =>
  rowsOf(db, sql<Change>`select * from public.fn_iu_manifest_difference(${from}, ${to})`)

/** The digest of a list of members. */
async function digestOfMembers(db: Trx, members: Member[]) {
  const collection = await addCollection(db)
  for (const { iu_id, role } of members) await attach(db, collection, [iu_id], role)
  return digestOf(db, collection)
}

const body = (ids: string[]): Member[] => ids.map(iu_id => ({ iu_id, role: 'body' }))

/** Names the pieces a, b, c … so that a case reads as two words: `abc` → `acb`. */
async function compare(db: Trx, from: string, to: string) {
  const names = [...new Set(from + to)]
  const ids = await addPieces(db, names.length)
  const nameOf = (id: string | null) => id && names[ids.indexOf(id)]
  const membersOf = (word: string) => body([...word].map(name => ids[names.indexOf(name)]!))
  const changes = await difference(db, await digestOfMembers(db, membersOf(from)), await digestOfMembers(db, membersOf(to)))
  return changes.map(({ change, from_iu_id, to_iu_id }) => {
    const [before, after] = [nameOf(from_iu_id), nameOf(to_iu_id)]
    return `${change} ${change === 'replaced' ? `${before} by ${after}` : before ?? after}`
  })
}

describe('the difference between two manifests, in reading order', () => {
  test.each<[string, string, string[]]>([
    ['abc', 'abc', ['same a', 'same b', 'same c']],
    ['abc', 'abcd', ['same a', 'same b', 'same c', 'added d']],
    ['abc', 'xabc', ['added x', 'same a', 'same b', 'same c']],
    ['abc', 'axbc', ['same a', 'added x', 'same b', 'same c']],
    ['abc', 'ac', ['same a', 'removed b', 'same c']],
    ['abc', 'axc', ['same a', 'replaced b by x', 'same c']],
    ['abcd', 'axyd', ['same a', 'replaced b by x', 'replaced c by y', 'same d']],
    ['abcd', 'axd', ['same a', 'replaced b by x', 'removed c', 'same d']],
    ['abc', 'axyc', ['same a', 'replaced b by x', 'added y', 'same c']],
    ['abc', 'cx', ['removed a', 'removed b', 'same c', 'added x']],
    ['abcde', 'bcdea', ['same b', 'same c', 'same d', 'same e', 'moved a']],
    ['abcde', 'eabcd', ['moved e', 'same a', 'same b', 'same c', 'same d']],
    ['abc', 'xyz', ['replaced a by x', 'replaced b by y', 'replaced c by z']],
    ['', 'ab', ['added a', 'added b']],
    ['ab', '', ['removed a', 'removed b']],
    ['', '', []],
  ])('"%s" → "%s"', (from, to, changes) => withTransaction(async (db) => {
    expect(await compare(db, from, to)).toEqual(changes)
  }))

  test('names a piece that only changed its role', () => withTransaction(async (db) => {
    const [one, two] = await addPieces(db, 2)
    const from = await digestOfMembers(db, body([one!, two!]))
    const to = await digestOfMembers(db, [{ iu_id: one!, role: 'body' }, { iu_id: two!, role: 'annex' }])
    expect(await difference(db, from, to)).toMatchObject([
      { change: 'same', from_iu_id: one, to_iu_id: one },
      { change: 'role_changed', from_iu_id: two, from_role: 'body', to_iu_id: two, to_role: 'annex' },
    ])
  }))

  test('says both roles of a piece that moved and changed its role', () => withTransaction(async (db) => {
    const [one, two, three] = await addPieces(db, 3)
    const from = await digestOfMembers(db, body([one!, two!, three!]))
    const to = await digestOfMembers(db, [...body([two!, three!]), { iu_id: one!, role: 'annex' }])
    expect((await difference(db, from, to)).at(-1)).toMatchObject({ change: 'moved', from_position: 1, from_role: 'body', to_position: 3, to_role: 'annex' })
  }))

  test('carries title and address of both sides', () => withTransaction(async (db) => {
    const [old, fresh] = [await addPiece(db, { title: 'Welcome' }), await addPiece(db, { title: 'First day' })]
    const [change] = await difference(db, await digestOfMembers(db, body([old])), await digestOfMembers(db, body([fresh])))
    expect(change).toMatchObject({ change: 'replaced', from_title: 'Welcome', to_title: 'First day' })
    expect([change!.from_address, change!.to_address].every(address => address?.startsWith('test/'))).toBe(true)
  }))

  test.each([null, '', sha256('unknown'), 'no digest'])('has no members under digest %j', unknown => withTransaction(async (db) => {
    const known = await digestOfMembers(db, body(await addPieces(db, 2)))
    expect((await difference(db, unknown, known)).map(row => row.change)).toEqual(['added', 'added'])
    expect((await difference(db, known, unknown)).map(row => row.change)).toEqual(['removed', 'removed'])
    expect(await difference(db, unknown, unknown)).toEqual([])
  }))
})

/** Carries a difference out on a list: takes out what went or moved, then puts in what came or moved, in order. */
function apply(from: Member[], changes: Change[]) {
  const leaving = new Set(changes.filter(row => !['same', 'role_changed'].includes(row.change)).map(row => row.from_iu_id))
  const list = from
    .filter(member => !leaving.has(member.iu_id))
    .map((member) => {
      const kept = changes.find(row => row.from_iu_id === member.iu_id)!
      return kept.change === 'role_changed' ? { ...member, role: kept.to_role! } : member
    })
  const arriving = changes.filter(row => ['added', 'replaced', 'moved'].includes(row.change)).sort((a, b) => a.to_position! - b.to_position!)
  for (const { to_position, to_iu_id, to_role } of arriving) list.splice(to_position! - 1, 0, { iu_id: to_iu_id!, role: to_role! })
  return list
}

/** How many of the pieces that both lists have must move at least: found by trying every selection that could stay. */
function fewestMoves(from: Member[], to: Member[]) {
  const places = from.map(member => to.findIndex(other => other.iu_id === member.iu_id)).filter(place => place >= 0)
  let stays = 0
  for (let selection = 0; selection < 2 ** places.length; selection++) {
    const chosen = places.filter((_, index) => selection & (1 << index))
    if (chosen.every((place, index) => index === 0 || chosen[index - 1]! < place)) stays = Math.max(stays, chosen.length)
  }
  return places.length - stays
}

test('any difference, carried out on one list, gives the other, with as few moves as possible', () => withTransaction(async (db) => {
  const ids = await addPieces(db, 7)
  const member = fc.record({ iu_id: fc.constantFrom(...ids), role: fc.constantFrom('body', 'annex') })
  const list = fc.uniqueArray(member, { selector: ({ iu_id }) => iu_id, maxLength: 7, size: 'max' })
  await fc.assert(fc.asyncProperty(list, list, async (from, to) => {
    const changes = await difference(db, await digestOfMembers(db, from), await digestOfMembers(db, to))
    expect(apply(from, changes)).toEqual(to)
    expect(changes.filter(row => row.change === 'moved')).toHaveLength(fewestMoves(from, to))

    const has = (members: Member[], id: string | null) => members.some(({ iu_id }) => iu_id === id)
    for (const row of changes) {
      const kept = row.from_iu_id === row.to_iu_id
      expect(row.change === 'same').toBe(row.change !== 'moved' && kept && row.from_role === row.to_role)
      expect(row.change === 'role_changed').toBe(row.change !== 'moved' && kept && row.from_role !== row.to_role)
      if (!kept) expect([has(to, row.from_iu_id), has(from, row.to_iu_id)]).toEqual([false, false])
    }
    // Each member of either side is named once.
    const positions = (side: 'from_position' | 'to_position') => changes.map(row => row[side]).filter(place => place !== null).sort((a, b) => a - b)
    expect(positions('from_position')).toEqual(from.map((_, index) => index + 1))
    expect(positions('to_position')).toEqual(to.map((_, index) => index + 1))
  }), { numRuns: 40 })
}))

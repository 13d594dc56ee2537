/** The manifest digest: kept by the database on every way in. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  addCollection, addPieces, attach, bodyDigest, digestOf, manifestOf, oneRow, putPieceBack, removePiece, rowsOf, sha256,
} from '../fixtures'
import { withTransaction } from '../../helpers/db'
import type { Trx } from '../../../server/db/client'

/** Runs work with three pieces and a collection of them. */
const withCollection = (work: (db: Trx, collection: string, pieces: [string, string, string]) => Promise<unknown>) => withTransaction(async (db) => {
  const pieces = await addPieces(db, 3) as [string, string, string]
  await work(db, await addCollection(db, pieces), pieces)
})

const manifestRow = (db: Trx, digest: string) => oneRow(db, sql<{ pieces: unknown, json: string, piece_count: number }>`
  select pieces, pieces::text as json, piece_count from public.iu_manifest where manifest_digest = ${digest}`)

describe('the digest of a collection', () => {
  test('is the SHA-256 of its manifest, computed here without PostgreSQL', () => withCollection(async (db, collection, [one, two, three]) => {
    const { json, digest } = manifestOf([one, two, three].map(iu_id => ({ iu_id, role: 'body' })))
    expect(await digestOf(db, collection)).toBe(digest)
    expect(await manifestRow(db, digest)).toMatchObject({ json, piece_count: 3 })
  }))

  test('without pieces is that of the empty list', () => withTransaction(async (db) => {
    expect(await digestOf(db, await addCollection(db))).toBe(sha256('[]'))
  }))

  test('is of position, role and piece, whatever characters a role has', () => withTransaction(async (db) => {
    const [piece] = await addPieces(db, 1)
    for (const role of ['Anhang', '"quoted" \\ \n\t', '附录 👋', '\u007F\u0001']) {
      const collection = await addCollection(db)
      await attach(db, collection, [piece!], role)
      expect(await digestOf(db, collection)).toBe(manifestOf([{ iu_id: piece!, role }]).digest)
    }
  }))

  test('does not depend on key, kind, title, description or the text of the pieces', () => withCollection(async (db, collection, [one]) => {
    const before = await digestOf(db, collection)
    await sql`
      update public.iu_piece_collection set collection_key = 'test:renamed', collection_kind = 'file', title = 'Another', description = 'Another'
      where id = ${collection}`.execute(db)
    await sql`update public.information_unit set title = 'Another', body = 'Another' where id = ${one}`.execute(db)
    expect(await digestOf(db, collection)).toBe(before)
  }))

  test('breaks ties of piece_order by piece id', () => withCollection(async (db, collection, pieces) => {
    await sql`update public.iu_piece_membership set piece_order = 1 where collection_id = ${collection}`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([...pieces].sort()))
  }))
})

describe('a hand edit is in the digest at once', () => {
  test('insert at the end, in the middle, before the first', () => withCollection(async (db, collection, [one, two, three]) => {
    const [first, middle, last] = await addPieces(db, 3) as [string, string, string]
    await sql`update public.iu_piece_membership set piece_order = piece_order * 10 where collection_id = ${collection}`.execute(db)
    await sql`insert into public.iu_piece_membership (collection_id, iu_id, piece_order) values
      (${collection}, ${last}, 99), (${collection}, ${middle}, 15), (${collection}, ${first}, -1)`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([first, one, middle, two, three, last]))
  }))

  test('another order', () => withCollection(async (db, collection, [one, two, three]) => {
    await sql`update public.iu_piece_membership set piece_order = -piece_order where collection_id = ${collection}`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([three, two, one]))
  }))

  test('two pieces that change places, in one statement', () => withCollection(async (db, collection, [one, two, three]) => {
    await sql`update public.iu_piece_membership set piece_order = 4 - piece_order where collection_id = ${collection} and piece_order <> 2`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([three, two, one]))
  }))

  test('two pieces that change places, in two statements', () => withCollection(async (db, collection, [one, two, three]) => {
    await sql`update public.iu_piece_membership set piece_order = 2 where collection_id = ${collection} and iu_id = ${one}`.execute(db)
    await sql`update public.iu_piece_membership set piece_order = 1 where collection_id = ${collection} and iu_id = ${two}`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([two, one, three]))
  }))

  test('but gaps in piece_order are none', () => withCollection(async (db, collection) => {
    const before = await digestOf(db, collection)
    await sql`update public.iu_piece_membership set piece_order = piece_order * 1000 - 5000 where collection_id = ${collection}`.execute(db)
    expect(await digestOf(db, collection)).toBe(before)
  }))

  test('another role', () => withCollection(async (db, collection, [one, two, three]) => {
    await sql`update public.iu_piece_membership set role = 'intro' where collection_id = ${collection} and iu_id = ${one}`.execute(db)
    expect(await digestOf(db, collection)).toBe(
      manifestOf([{ iu_id: one, role: 'intro' }, { iu_id: two, role: 'body' }, { iu_id: three, role: 'body' }]).digest)
  }))

  test('another piece in the same place', () => withCollection(async (db, collection, [one, two, three]) => {
    const [other] = await addPieces(db, 1)
    await sql`update public.iu_piece_membership set iu_id = ${other} where collection_id = ${collection} and iu_id = ${two}`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([one, other!, three]))
  }))

  test('a piece removed, and put back', () => withCollection(async (db, collection, [one, two, three]) => {
    await removePiece(db, collection, two)
    expect(await digestOf(db, collection)).toBe(bodyDigest([one, three]))
    await putPieceBack(db, collection, two)
    expect(await digestOf(db, collection)).toBe(bodyDigest([one, two, three]))
  }))

  test('but edits of removed rows are none', () => withCollection(async (db, collection, [one, two, three]) => {
    await removePiece(db, collection, two)
    await sql`update public.iu_piece_membership set role = 'gone', piece_order = 0 where collection_id = ${collection} and iu_id = ${two}`.execute(db)
    await sql`insert into public.iu_piece_membership (collection_id, iu_id, piece_order, membership_status) values (${collection}, ${one}, 0, 'removed')`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([one, three]))
    await sql`delete from public.iu_piece_membership where collection_id = ${collection} and membership_status = 'removed'`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([one, three]))
  }))

  test('a piece deleted', () => withCollection(async (db, collection, [one, two, three]) => {
    await sql`delete from public.iu_piece_membership where collection_id = ${collection} and iu_id = ${one}`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([two, three]))
  }))

  test('a piece moved to another collection changes both', () => withCollection(async (db, collection, [one, two, three]) => {
    const target = await addCollection(db)
    await sql`update public.iu_piece_membership set collection_id = ${target} where collection_id = ${collection} and iu_id = ${two}`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([one, three]))
    expect(await digestOf(db, target)).toBe(bodyDigest([two]))
  }))

  test('one statement over several collections changes all of them, and no other', () => withCollection(async (db, collection, pieces) => {
    const [second, third] = [await addCollection(db, pieces), await addCollection(db, pieces)]
    const others = bodyDigest(pieces)
    await sql`delete from public.iu_piece_membership where collection_id in (${collection}, ${second}) and iu_id = ${pieces[0]}`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest(pieces.slice(1)))
    expect(await digestOf(db, second)).toBe(bodyDigest(pieces.slice(1)))
    expect(await digestOf(db, third)).toBe(others)
    await sql`update public.iu_piece_membership set role = 'all' where collection_id in (${collection}, ${second}, ${third})`.execute(db)
    const all = (ids: string[]) => manifestOf(ids.map(iu_id => ({ iu_id, role: 'all' }))).digest
    expect(await digestOf(db, second)).toBe(all(pieces.slice(1)))
    expect(await digestOf(db, third)).toBe(all(pieces))
  }))

  test('an insert that becomes an update for some rows', () => withCollection(async (db, collection, [one, two, three]) => {
    const [fresh] = await addPieces(db, 1)
    const target = await addCollection(db)
    await sql`
      insert into public.iu_piece_membership (collection_id, iu_id, piece_order) values (${collection}, ${three}, 0), (${target}, ${fresh}, 1)
      on conflict (collection_id, iu_id) where membership_status = 'active' do update set piece_order = excluded.piece_order`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([three, one, two]))
    expect(await digestOf(db, target)).toBe(bodyDigest([fresh!]))
  }))

  test('a merge that inserts, updates and deletes', () => withCollection(async (db, collection, [one, two, three]) => {
    const [fresh] = await addPieces(db, 1)
    await sql`
      merge into public.iu_piece_membership m
      using (values (${one}::uuid, 9), (${two}::uuid, null), (${fresh}::uuid, 1)) as wanted (iu_id, piece_order)
        on m.collection_id = ${collection} and m.iu_id = wanted.iu_id
      when matched and wanted.piece_order is null then delete
      when matched then update set piece_order = wanted.piece_order
      when not matched then insert (collection_id, iu_id, piece_order) values (${collection}, wanted.iu_id, wanted.piece_order)`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest([fresh!, three, one]))
  }))

  test('a bulk insert … select', () => withCollection(async (db, collection, pieces) => {
    const target = await addCollection(db)
    await sql`
      insert into public.iu_piece_membership (collection_id, iu_id, piece_order, role)
      select ${target}, iu_id, piece_order, role from public.iu_piece_membership where collection_id = ${collection}`.execute(db)
    expect(await digestOf(db, target)).toBe(bodyDigest(pieces))
  }))

  test('a load by COPY', () => withCollection(async (db, _, pieces) => {
    const target = await addCollection(db)
    const lines = pieces.map((id, index) => `${target},${id},${index}`).join('\\n')
    await sql`copy public.iu_piece_membership (collection_id, iu_id, piece_order) from program ${sql.lit(`printf '${lines}\\n'`)} with (format csv)`.execute(db)
    expect(await digestOf(db, target)).toBe(bodyDigest(pieces))
  }))

  test('truncate empties every collection', () => withCollection(async (db, collection, pieces) => {
    const second = await addCollection(db, pieces.slice(1))
    await sql`truncate public.iu_piece_membership`.execute(db)
    expect([await digestOf(db, collection), await digestOf(db, second)]).toEqual([sha256('[]'), sha256('[]')])
  }))

  test('a digest written by hand is overruled', () => withCollection(async (db, collection, pieces) => {
    await sql`update public.iu_piece_collection set manifest_digest = ${sha256('[]')} where id = ${collection}`.execute(db)
    expect(await digestOf(db, collection)).toBe(bodyDigest(pieces))
    const forged = await oneRow(db, sql<{ manifest_digest: string }>`
      insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by, manifest_digest)
      values ('test:forged', 'file', 'Forged', 'nobody', 'forged') returning manifest_digest`)
    expect(forged.manifest_digest).toBe(sha256('[]'))
  }))

  test('moves updated_at, an edit that leaves the digest does not', () => withCollection(async (db, collection, [one]) => {
    const updated = () => oneRow(db, sql`select updated_at = now() as now from public.iu_piece_collection where id = ${collection}`)
    await sql`update public.iu_piece_collection set updated_at = now() - interval '1 day' where id = ${collection}`.execute(db)
    await sql`update public.iu_piece_membership set piece_order = piece_order + 10 where collection_id = ${collection}`.execute(db)
    expect(await updated()).toEqual({ now: false })
    await removePiece(db, collection, one)
    expect(await updated()).toEqual({ now: true })
  }))
})

describe('manifests are content-addressed', () => {
  const manifests = (db: Trx) => rowsOf(db, sql`select manifest_digest from public.iu_manifest`)

  test('collections with the same members share one', () => withCollection(async (db, collection, pieces) => {
    const before = await manifests(db)
    const second = await addCollection(db, pieces)
    expect(await digestOf(db, second)).toBe(await digestOf(db, collection))
    expect(await manifests(db)).toEqual(before)
  }))

  test('a list that comes back finds its old one', () => withCollection(async (db, collection, [one]) => {
    await removePiece(db, collection, one)
    const before = await manifests(db)
    await putPieceBack(db, collection, one)
    expect(await manifests(db)).toEqual(before)
  }))

  test('the manifest of a list that changed stays', () => withCollection(async (db, collection, [one, two, three]) => {
    const before = await digestOf(db, collection)
    await removePiece(db, collection, two)
    expect((await manifestRow(db, before)).pieces).toEqual([one, two, three].map((iu_id, index) => ({ position: index + 1, role: 'body', iu_id })))
  }))

  test('a manifest under a digest that is not its own is not accepted', () => withTransaction(async (db) => {
    await expect(sql`insert into public.iu_manifest (manifest_digest, pieces) values (${sha256('[]').replace(/./, 'x')}, '[]')`.execute(db))
      .rejects.toThrow('iu_manifest_is_content_addressed')
  }))

  test('an unknown collection has the empty one', () => withTransaction(async (db) => {
    expect(await oneRow(db, sql`select public.fn_iu_manifest_pieces(${randomUUID()}) as pieces`)).toEqual({ pieces: [] })
  }))
})

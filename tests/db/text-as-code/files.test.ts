import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addCollection, attach, oneRow, rowsOf } from '../fixtures'
import { seededDatabase, withDatabase } from '../../helpers/db'
import { HOSTILE, storedText } from '../../unit/text-as-code/hostile'
import { replay } from '../../../server/cli/demo'
import type { Db } from '../../../server/db/client'
import { exportCollections } from '../../../server/text-as-code/export'
import { collectionPath } from '../../../server/text-as-code/file-name'
import { parseCollection } from '../../../server/text-as-code/parse'
import { verifyFiles } from '../../../server/text-as-code/verify'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'iu-tree-'))
})
afterAll(() => rm(dir, { recursive: true }))
let folders = 0
const folder = () => join(dir, String(folders++))

/** Every file below a folder, with its bytes. */
async function filesIn(place: string) {
  const entries = (await readdir(place, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
  const files = entries.map(entry => join(entry.parentPath, entry.name).slice(place.length + 1)).sort()
  return Object.fromEntries(await Promise.all(files.map(async file => [file, (await readFile(join(place, file))).toString('base64')] as const)))
}

/** A collection of new pieces with these texts. */
async function collectionOf(db: Db, texts: string[], key: string, kind = 'file') {
  const rows = await rowsOf(db, sql<{ id: string }>`
    insert into public.information_unit (canonical_address, title, body, created_by)
    select ${key} || '/' || place, 'Piece ' || place, body, 'test' from unnest(${texts}::text[]) with ordinality as t (body, place)
    returning id`)
  const id = await addCollection(db, [], { key, kind })
  await attach(db, id, rows.map(row => row.id))
  return id
}

const problems = async (db: Db, place: string) => (await verifyFiles(db, place)).findings

describe('the demo dataset', () => {
  test('goes out whole, is proven, and goes out the same again', () => seededDatabase(async ({ db }) => {
    const place = folder()
    const out = await exportCollections(db, 'everything', place)
    const { collections, memberships } = await oneRow(db, sql<{ collections: number, memberships: number }>`
      select (select count(*) from public.iu_piece_collection) as collections,
             (select count(*) from public.iu_piece_membership where membership_status = 'active') as memberships`)
    expect(out).toHaveLength(collections)
    expect(out.every(file => file.written)).toBe(true)
    expect(out.find(file => file.collection_key === 'tpl:wf:onboarding/v2')!.path).toBe('_collections/workflow/tpl_wf_onboarding__v2.md')
    expect(await verifyFiles(db, place)).toEqual({ files: collections, pieces: memberships, findings: [] })

    const again = folder()
    await exportCollections(db, 'everything', again)
    expect(await filesIn(again)).toEqual(await filesIn(place))
    expect((await exportCollections(db, 'everything', place)).some(file => file.written)).toBe(false)
  }))

  test('has every instance of the replay round-trip, and a family is its versions', () => seededDatabase(async ({ db }) => {
    await replay(db)
    const place = folder()
    const [sampled] = await exportCollections(db, { collection: 'tpl-inst:auto:25000x-bulk-file-003' }, place)
    const file = parseCollection(await readFile(join(place, sampled!.path)))
    const template = await oneRow(db, sql<{ manifest_digest: string }>`
      select manifest_digest from public.iu_piece_collection where collection_key = 'tpl:file:status-report/v2'`)
    expect(file).toMatchObject({ piece_count: 6, manifest_digest: template.manifest_digest })
    expect((await verifyFiles(db, place, { collection: 'tpl-inst:auto:25000x-bulk-file-003' })).findings).toEqual([])

    const versions = await exportCollections(db, { family: 'tpl:file:status-report' }, folder())
    expect(versions.map(version => version.collection_key)).toEqual(['tpl:file:status-report/v1', 'tpl:file:status-report/v2'])
    await exportCollections(db, 'everything', place)
    expect((await verifyFiles(db, place)).findings).toEqual([])
  }))

  test('has no collection or family of another name', () => seededDatabase(async ({ db }) => {
    await expect(exportCollections(db, { collection: 'nope' }, folder())).rejects.toThrow('no collection with the key "nope"')
    await expect(exportCollections(db, { family: 'nope' }, folder())).rejects.toThrow('no family "nope"')
    await expect(verifyFiles(db, folder(), { family: 'nope' })).rejects.toThrow('no family "nope"')
  }))
})

describe('texts of every kind', () => {
  test('survive to the byte, as PostgreSQL holds them', () => withDatabase(async ({ db }) => {
    const texts = [...HOSTILE, ...fc.sample(storedText, 200), 'ü'.repeat(1 << 20), `${HOSTILE.join('\n')}\n`]
    await collectionOf(db, texts, 'hostile')
    const place = folder()
    const [out] = await exportCollections(db, 'everything', place)
    expect(parseCollection(await readFile(join(place, out!.path))).pieces.map(piece => piece.text)).toEqual(texts)
    expect((await verifyFiles(db, place)).findings).toEqual([])
  }))

  test('and an empty collection', () => withDatabase(async ({ db }) => {
    await collectionOf(db, [], 'empty')
    const place = folder()
    await exportCollections(db, 'everything', place)
    expect(await verifyFiles(db, place)).toEqual({ files: 1, pieces: 0, findings: [] })
  }))

  test('keys that look alike have a file each', () => withDatabase(async ({ db }) => {
    const keys = ['a/b', 'a::b', 'a__b', 'a b', 'a?b', 'A/B', '../a', '..', 'con', 'é', 'x'.repeat(400), `${'x'.repeat(399)}y`]
    for (const [i, key] of keys.entries()) await collectionOf(db, [`text ${i}`], key)
    await collectionOf(db, ['of another kind'], 'a\\b', '../../kind')
    const place = folder()
    const paths = (await exportCollections(db, 'everything', place)).map(file => file.path.toLowerCase())
    expect(new Set(paths).size).toBe(keys.length + 1)
    expect((await verifyFiles(db, place)).findings).toEqual([])
    expect(Object.keys(await filesIn(place)).every(file => file.startsWith('_collections/'))).toBe(true)
  }))
})

describe('verifying finds', () => {
  test('every changed, lost and added byte, and changes nothing itself', () => withDatabase(async ({ db }) => {
    await collectionOf(db, ['Grüße\n', '<!-- end of piece -->'], 'small')
    const place = folder()
    const [out] = await exportCollections(db, 'everything', place)
    const path = join(place, out!.path)
    const whole = await readFile(path)
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1 << at % 8
      const bytes = [changed, whole.subarray(0, at), Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]), Buffer.concat([whole.subarray(0, at), Buffer.from(' '), whole.subarray(at)])][at % 4]!
      await writeFile(path, bytes)
      expect(await problems(db, place), `byte ${at}`).toHaveLength(1)
      await writeFile(path, changed)
      expect(await problems(db, place), `byte ${at}`).toHaveLength(1)
      expect(await readFile(path)).toEqual(changed)
    }
  }))

  test('the first difference: file, piece and line', () => withDatabase(async ({ db }) => {
    await collectionOf(db, ['one', 'two\nthree\nfour'], 'small')
    const place = folder()
    const path = (await exportCollections(db, 'everything', place))[0]!.path
    const whole = await readFile(join(place, path), 'utf8')

    await writeFile(join(place, path), whole.replace('three', 'threé'))
    expect(await problems(db, place)).toEqual([{ path, problem: 'inconsistent', line: 29, piece: 2, message: expect.stringMatching(/text of piece 2 \(small\/2\).*content_digest/) }])

    await writeFile(join(place, path), whole)
    await sql`update public.information_unit set body = 'two\nTHREE\nfour' where canonical_address = 'small/2'`.execute(db)
    expect(await problems(db, place)).toEqual([{ path, problem: 'different', line: 29, piece: 2, message: 'In piece 2 (small/2) the file says "three", the database "THREE".' }])

    await sql`update public.information_unit set body = 'two\nthree\nfour', content_digest = default where canonical_address = 'small/2'`.execute(db)
    await sql`update public.iu_piece_collection set title = 'Renamed'`.execute(db)
    expect(await problems(db, place)).toEqual([{ path, problem: 'different', line: 8, piece: undefined, message: expect.stringContaining('In the collection the file says "title: \\"A collection\\"", the database "title: \\"Renamed\\""') }])
  }))

  test('missing files, files at the wrong place, of no collection, and that are not ours', () => withDatabase(async ({ db }) => {
    for (const key of ['stays', 'moves', 'goes', 'dropped']) await collectionOf(db, [key], key)
    const place = folder()
    await exportCollections(db, 'everything', place)
    const at = (key: string) => collectionPath({ collection_kind: 'file', collection_key: key })
    await mkdir(join(place, '_collections/other'))
    await rename(join(place, at('moves')), join(place, '_collections/other/moves.md'))
    await rm(join(place, at('goes')))
    await writeFile(join(place, '_collections/other/notes.txt'), 'my notes')
    await writeFile(join(place, '_collections/.DS_Store'), 'not looked at')
    await sql`delete from public.iu_piece_membership m using public.iu_piece_collection c where c.id = m.collection_id and c.collection_key = 'dropped'`.execute(db)
    await sql`delete from public.iu_piece_collection where collection_key = 'dropped'`.execute(db)
    const before = await filesIn(place)

    expect(await problems(db, place)).toMatchObject([
      { path: at('dropped'), problem: 'extra', message: 'The database has no collection with the key "dropped".' },
      { path: at('goes'), problem: 'missing', message: expect.stringContaining('no file for the collection "goes"') },
      { path: at('moves'), problem: 'missing' },
      { path: '_collections/other/moves.md', problem: 'extra', message: `The file of "moves" belongs at ${at('moves')}.` },
      { path: '_collections/other/notes.txt', problem: 'extra', message: expect.stringContaining('not one of ours') },
    ])
    expect((await verifyFiles(db, place, { collection: 'stays' })).findings.map(finding => finding.problem)).not.toContain('missing')
    expect(await filesIn(place)).toEqual(before)
  }))

  test('everything missing where there is no folder', () => withDatabase(async ({ db }) => {
    await collectionOf(db, ['x'], 'only')
    expect(await problems(db, folder())).toMatchObject([{ problem: 'missing' }])
  }))

  test('a truncated file', () => withDatabase(async ({ db }) => {
    await collectionOf(db, ['one', 'two'], 'cut')
    const place = folder()
    const path = (await exportCollections(db, 'everything', place))[0]!.path
    const whole = await readFile(join(place, path), 'utf8')
    await writeFile(join(place, path), whole.slice(0, whole.indexOf('two')))
    expect(await problems(db, place)).toMatchObject([{ path, problem: 'unreadable', line: 21, message: expect.stringMatching(/truncated: piece 2 \(cut\/2\)/) }])
  }))
})

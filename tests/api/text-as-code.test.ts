import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { collection, get, world } from './support'
import { getCollectionFile } from '../../server/db/collection-files'
import { renderCollection } from '../../server/text-as-code/format'
import { parseCollection } from '../../server/text-as-code/parse'

const own = useConsole()

describe('GET /api/text-as-code/:id', () => {
  test.each([
    ['tpl:wf:onboarding/v2', 'tpl_wf_onboarding__v2.md'],
    ['tpl-inst:wf:onboarding/v2-1', 'tpl-inst_wf_onboarding__v2-1.md'],
  ])('answers for %s with the file that an export writes, to save as %s', async (key, name) => {
    const id = await collection(own.db, key)
    const before = await world(own.db)
    const response = await own.fetch(`/api/text-as-code/${id}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/markdown; charset=utf-8')
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${name}"`)
    expect(await response.text()).toBe(renderCollection((await getCollectionFile(own.db, id))!))
    expect(await world(own.db)).toEqual(before)
  })

  test('keeps every byte of a text, and a key that is no file name', async () => {
    const text = '\uFEFFa\r\nb\r<!-- end of piece -->\n---\n\u{1F600} e\u0301 \u202E\n'
    const { rows: [made] } = await sql<{ id: string }>`
      with piece as (
        insert into public.information_unit (canonical_address, title, body, created_by) values ('api/hostile', 'Hostile', ${text}, 'api-test') returning id
      ), made as (
        insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by)
        values (${'../"x"\r\n.md'}, 'file', 'Hostile', 'api-test') returning id
      ), member as (
        insert into public.iu_piece_membership (collection_id, iu_id, piece_order) select made.id, piece.id, 1 from made, piece)
      select id from made`.execute(own.db)
    const response = await own.fetch(`/api/text-as-code/${made!.id}`)
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.-]+~[0-9a-f]{16}\.md"$/)
    expect(parseCollection(new Uint8Array(await response.arrayBuffer())).pieces[0]!.text).toBe(text)
  })

  test('knows no other collection, and no id that is none', async () => {
    expect(await get(own, '/api/text-as-code/00000000-0000-0000-0000-000000000000')).toMatchObject({ status: 404, body: { error: { status: 'not_found' } } })
    expect(await get(own, '/api/text-as-code/nope')).toMatchObject({ status: 400, body: { error: { field: 'id' } } })
  })
})

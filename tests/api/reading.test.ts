import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { replay } from '../../server/cli/demo'
import { useConsole } from '../helpers/api'
import { ask, collection, compose, get, post } from './support'
import { TemplateRow } from '#shared/schemas/template'

const own = useConsole()
beforeAll(() => replay(own.db))

describe('what an operator reviews', () => {
  test('the chain of the report: v2 shares five pieces with v1 and adds one, and the difference names it', async () => {
    const { body } = await get(own, `/api/families/${encodeURIComponent('tpl:file:status-report')}`)
    expect(body.versions).toMatchObject([
      { version_seq: 1, version_status: 'superseded', previous_collection_id: null, pieces_shared: null, instance_count: 0 },
      { version_seq: 2, version_status: 'current', digest_drift_from_previous: true, pieces_shared: 5, pieces_added: 1, pieces_dropped: 0, instance_count: 4, digest_matching_instances: 4 },
    ])
    const [difference] = body.differences
    expect(difference).toMatchObject({ from_collection_id: body.versions[0].collection_id, to_collection_id: body.versions[1].collection_id })
    expect(difference.pieces.filter((piece: { change: string }) => piece.change !== 'same'))
      .toMatchObject([{ change: 'added', from_iu_id: null, to_title: expect.stringMatching(/summary/i) }])
  })

  test('drift after a hand edit names the piece, on the template and on the instance; put back, there is none', async () => {
    const id = await collection(own.db, 'tpl-inst:auto:25000x-durable-001')
    const [member] = (await get(own, `/api/instances/${id}`)).body.pieces
    const set = (membership_status: string) => own.db.updateTable('iu_piece_membership').set({ membership_status })
      .where('collection_id', '=', id).where('iu_id', '=', member.iu_id).execute()
    const template = async () => (await get(own, '/api/templates?q=onboarding/v2')).body.rows[0]

    await set('removed')
    const edited = (await get(own, `/api/instances/${id}`)).body
    expect(edited.instance).toMatchObject({ drift_state: 'instance_edited', digest_matches_template: false })
    expect(edited.instance_difference.filter((piece: { change: string }) => piece.change === 'removed'))
      .toMatchObject([{ from_iu_id: member.iu_id, from_title: member.title, to_iu_id: null }])
    expect(edited.template_difference.every((piece: { change: string }) => piece.change === 'same')).toBe(true)
    expect([edited.base.length, edited.template.length, edited.pieces.length]).toEqual([5, 5, 4])
    expect(await template()).toMatchObject({ digest_diverged_instances: 1, digest_matching_instances: 11 })

    await set('active')
    expect((await get(own, `/api/instances/${id}`)).body.instance).toMatchObject({ drift_state: 'in_sync', digest_matches_template: true })
    expect(await template()).toMatchObject({ digest_diverged_instances: 0, digest_matching_instances: 12 })
  })

  test('an instance tells the event that made it and how far its undo would reach', async () => {
    const { body } = await get(own, `/api/instances/${await collection(own.db, 'tpl-inst:auto:25000x-bulk-wf-003')}`)
    expect(body.event).toMatchObject({ emit_mode: 'live', triggered_by: 'iu-core-25000x-bulk', rollback_scope: 12 })
    const byHand = await get(own, `/api/instances/${await collection(own.db, 'tpl-inst:wf:onboarding/v1-pilot')}`)
    expect(byHand.body.event).toBeNull()
  })

  test('a template tells its other versions, who shares its pieces and how its instances stand', async () => {
    const { body } = await get(own, `/api/templates/${await collection(own.db, 'tpl:file:status-report/v2')}`)
    expect(body.versions).toMatchObject([{ collection_key: 'tpl:file:status-report/v1', version_seq: 1 }])
    expect(body.shares_with).toMatchObject([{ collection_key: 'tpl:file:status-report/v1', shared_pieces: 5 }])
    expect(body.drift).toEqual([{ drift_state: 'in_sync', instances: 4 }])
    expect(body.pieces).toHaveLength(6)
  })

  test('a piece tells who holds it and as what', async () => {
    const { body } = await get(own, '/api/pieces?q=wf/onboarding/welcome')
    const piece = await get(own, `/api/pieces/${body.rows[0].id}`)
    const shown = piece.body.collections.map((held: { shown_as: string }) => held.shown_as)
    expect(shown.filter((as: string) => as === 'template')).toHaveLength(2)
    expect(shown.filter((as: string) => as === 'instance')).toHaveLength(13)
  })

  test('the overview and the shell count what is there', async () => {
    const { body } = await get(own, '/api/overview')
    expect(body).toMatchObject({
      families: 2, templates: 4, templates_without_version: 0, versions_without_marker: 0,
      instances: 17, matching: 17, diverged: 0, pieces: 175, collections: 24, gates: { open: [] }, events_last_day: 13,
    })
    expect((await get(own, '/api/shell')).body)
      .toMatchObject({ operator: { name: 'administrator@example.org (tests)', role: 'administrator' }, counts: { templates: 4, families: 2, pieces: 175, events: 13 }, gates: body.gates })
  })
})

describe('names that are hard on an address', () => {
  const names = ['tpl:slash/and/slash', 'tpl:per%cent', 'tpl:%2Fencoded', 'tpl:ümläut → 名前 🦉', 'tpl:#hash&x=1;y', 'tpl:plus+space and', 'tpl:why?', 'tpl:back\\slash"quote\'']

  test.each(names)('%s is registered, listed, found and opened by its address', async (name) => {
    const { rows: [made] } = await sql<{ id: string }>`
      with made as (
        insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by)
        values (${`key:${name}`}, 'workflow', 'Hard name', 'api-test') returning id)
      insert into public.iu_collection_template_registry (collection_id, is_template, marked_by)
      select id, true, 'api-test' from made returning collection_id as id`.execute(own.db)
    const registered = await post(own, '/api/versions', {
      collection_id: made!.id, template_family: name, version_label: 'v1', version_seq: 1, previous_collection_id: null, actor: 'api-test',
    })
    expect(registered.status).toBe(200)
    expect((await get(own, '/api/families')).body.rows.map((row: { template_family: string }) => row.template_family)).toContain(name)
    const { status, body } = await get(own, `/api/families/${encodeURIComponent(name)}`)
    expect([status, body.family?.template_family]).toEqual([200, name])
    const { body: { hits } } = await get(own, `/api/search?q=${encodeURIComponent(name)}`)
    expect(hits.find((hit: { kind: string }) => hit.kind === 'family')).toEqual({ kind: 'family', label: name, detail: 'Hard name', to: `/families/${encodeURIComponent(name)}` })
  })
})

describe('finding', () => {
  const found = async (q: string) => (await get(own, `/api/search?q=${encodeURIComponent(q)}`)).body.hits as { kind: string, label: string, to: string }[]

  test('templates, families, instances and actors, at most eight of each, those that begin with it first', async () => {
    const hits = await found('tpl')
    for (const kind of ['template', 'family', 'instance']) {
      const ofKind = hits.filter(hit => hit.kind === kind)
      expect(ofKind.length).toBeLessThanOrEqual(8)
      expect(ofKind[0]?.label).toMatch(/^tpl/)
    }
    expect(await found('25000x-BULK')).toContainEqual(expect.objectContaining({ kind: 'actor', label: 'iu-core-25000x-bulk', detail: '12 instances', to: '/events?actor=iu-core-25000x-bulk' }))
    expect(await found('iu-core-25000x-durable')).toContainEqual(expect.objectContaining({ kind: 'actor', detail: '1 instance' }))
  })

  test('every hit leads to something', async () => {
    for (const hit of await found('onboarding')) {
      if (hit.kind !== 'actor') expect([(await get(own, `/api${hit.to}`)).status, hit.to]).toEqual([200, hit.to])
    }
  })

  test.each(['', '   ', '%', '_____', '\\', 'no such thing', '\'; drop table x --'])('"%s" finds nothing and breaks nothing', async (q) => {
    const hits = (await found(q)).filter(hit => !hit.label.includes(q) || q.trim() === '')
    expect(hits).toEqual([])
  })
})

describe('the pickers', () => {
  test('actors: latest first, with how many instances each made', async () => {
    const { body } = await get(own, '/api/actors')
    expect(body.rows.map((row: { actor: string, instances: number }) => [row.actor, row.instances]))
      .toEqual(expect.arrayContaining([['iu-core-25000x-bulk', 12], ['iu-core-25000x-durable', 1]]))
    await compose(own, { actor: 'iu-core-newest' })
    expect((await get(own, '/api/actors?q=IU-CORE')).body.rows[0]).toMatchObject({ actor: 'iu-core-newest', instances: 1 })
    expect((await get(own, '/api/actors?q=_')).body.rows).toEqual([])
  })

  test('outbox: at most the newest thirty, by type, subject, actor or id, with the types that are registered', async () => {
    const { body } = await get(own, '/api/outbox')
    expect(body.rows).toHaveLength(30)
    const times = body.rows.map((row: { created_at: string }) => row.created_at)
    expect(times).toEqual(times.toSorted().toReversed())
    expect(body.event_types).toContain('iu.template.instance_auto_composed')
    const { rows: [old] } = await sql<{ id: string, event_type: string }>`
      select id, event_type from public.event_outbox where event_type = 'system.backup_verified' order by created_at limit 1`.execute(own.db)
    expect((await get(own, `/api/outbox?q=${old!.id}`)).body.rows).toMatchObject([{ id: old!.id, event_type: old!.event_type }])
    expect((await get(own, '/api/outbox?q=backup_verified')).body.rows).toHaveLength(14)
    expect((await get(own, '/api/outbox?q=%25')).body.rows).toEqual([])
  })
})

describe('what is not there', () => {
  const nobody = randomUUID()
  test.each([
    `/api/templates/${nobody}`, `/api/instances/${nobody}`, `/api/pieces/${nobody}`, `/api/runs/${nobody}`,
    '/api/families/no-such-family', '/api/no-such-thing', '/api/templates/x/y', '/api/__proto__',
  ])('GET %s', async (path) => {
    const { status, body } = await get(own, path)
    expect(status).toBe(404)
    expect(body.error).toMatchObject({ status: 'not_found', message: expect.any(String), request_id: expect.any(String) })
  })

  test('a collection that is no template, and a template that is no instance', async () => {
    expect((await get(own, `/api/templates/${await collection(own.db, 'wf:incident-review')}`)).status).toBe(404)
    expect((await get(own, `/api/instances/${await collection(own.db, 'tpl:wf:onboarding/v2')}`)).status).toBe(404)
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s of a list is not a way in', async (method) => {
    expect((await ask(own, method, '/api/templates', {})).status).toBe(404)
  })
})

describe('exports', () => {
  /** The cells of a CSV file: fields may be quoted, quotes in them are doubled. */
  const cells = (csv: string) => {
    const rows: string[][] = [[]]
    for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
      rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
      if (end === '\n') rows.push([])
    }
    return rows.filter(row => row.length > 1)
  }

  test('CSV has every column of the view, one line a row, and quotes what needs it', async () => {
    const title = 'Comma, "quote"\nand a new line'
    await sql`update public.iu_piece_collection set title = ${title} where collection_key = 'tpl:wf:onboarding/v1'`.execute(own.db)
    const response = await own.fetch('/api/templates/export?format=csv&q=onboarding&sort=key')
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="templates.csv"')
    const [header, ...rows] = cells(await response.text())
    expect(header).toEqual(Object.keys(TemplateRow.shape))
    const column = (name: string) => rows.map(row => row[header!.indexOf(name)])
    expect(column('collection_key')).toEqual(['tpl:wf:onboarding/v1', 'tpl:wf:onboarding/v2'])
    expect(column('title')[0]).toBe(title)
    expect(column('template_without_version')).toEqual(['false', 'false'])
  })

  test('a cell that a spreadsheet would run is made harmless', async () => {
    await compose(own, { actor: '=HYPERLINK("http://example.com")' })
    const csv = await (await own.fetch('/api/events/export?format=csv&q=HYPERLINK')).text()
    expect(cells(csv)[1]).toContain('\'=HYPERLINK("http://example.com")')
    expect(csv).not.toMatch(/(^|,)"?=/m)
  })

  test('JSON is the same rows, as a file; without a format it is CSV', async () => {
    const response = await own.fetch('/api/events/export?format=json&mode=live')
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="events.json"')
    expect(await response.json()).toHaveLength(13)
    expect((await own.fetch('/api/events/export')).headers.get('content-type')).toMatch(/^text\/csv/)
  })
})

import { sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { health } from '../../server/cli/health'
import { inventory } from '../../server/db/conformance'
import { useConsole } from '../helpers/api'
import { collection, get, world } from './support'
import { ConformanceReport } from '#shared/schemas/conformance'
import { HealthReport } from '#shared/schemas/health'

const own = useConsole()

/** What a test breaks it mends with this. */
let mend = ''
afterEach(async () => {
  if (mend) await sql.raw(mend).execute(own.db)
  mend = ''
})

async function breakIt(damage: string, repair: string) {
  mend = repair
  await sql.raw(damage).execute(own.db)
}

const report = async () => HealthReport.parse((await get(own, '/api/health/report')).body)
const red = async () => (await report()).surfaces.filter(surface => surface.status === 'red')

describe('health', () => {
  test('the demo is green on every surface, and looking changes nothing', async () => {
    const before = await world(own.db)
    const { status, surfaces, checked_at } = await report()
    expect([status, surfaces.length, await red()]).toEqual(['green', 10, []])
    expect(Math.abs(Date.now() - Date.parse(checked_at))).toBeLessThan(60_000)
    expect(checked_at).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
    expect(await world(own.db)).toEqual(before)
    expect((await get(own, '/api/overview')).body.red_surfaces).toEqual([])
  })

  test('an open gate is named and leads to the gates', async () => {
    await breakIt(`update dot_config set value = 'true' where key = 'iu_core.composer_enabled'`, `update dot_config set value = 'false' where key = 'iu_core.composer_enabled'`)
    expect(await red()).toMatchObject([{ surface: 'gates', count: 1, findings: [{ id: 'iu_core.composer_enabled', to: '/gates' }] }])
    expect((await get(own, '/api/overview')).body).toMatchObject({ red_surfaces: ['gates'] })
  })

  test('a template without its marker is named by its key and leads to its page', async () => {
    const id = await collection(own.db, 'tpl:wf:onboarding/v1')
    await breakIt(`update iu_collection_template_registry set is_template = false where collection_id = '${id}'`, `update iu_collection_template_registry set is_template = true where collection_id = '${id}'`)
    const surfaces = await red()
    expect(surfaces.map(surface => surface.surface)).toEqual(['lineage_ends', 'version_chain'])
    expect(surfaces[1]!.findings).toEqual([{ id, label: 'tpl:wf:onboarding/v1', to: `/templates/${id}` }])
    expect(surfaces[0]!.findings).toEqual([{ id: expect.any(String), label: expect.any(String), to: expect.stringMatching(/^\/instances\//) }])
    for (const finding of surfaces.flatMap(surface => surface.findings)) expect((await own.fetch(finding.to!)).status).toBe(200)
  })

  test('a retired piece that is still in use leads to its page', async () => {
    const { rows: [piece] } = await sql<{ id: string, canonical_address: string }>`
      select u.id, u.canonical_address from information_unit u join iu_piece_membership m on m.iu_id = u.id limit 1`.execute(own.db)
    await breakIt(`update information_unit set lifecycle_status = 'retired' where id = '${piece!.id}'`, `update information_unit set lifecycle_status = 'active' where id = '${piece!.id}'`)
    expect(await red()).toMatchObject([{ surface: 'members_active', findings: [{ id: piece!.id, label: piece!.canonical_address, to: `/pieces/${piece!.id}` }] }])
    expect((await own.fetch(`/pieces/${piece!.id}`)).status).toBe(200)
  })

  test('a trigger has no page, but a name; on the command line it is told with exit code 1', async () => {
    expect(await health(own.db)).toMatchObject({ exitCode: 0, text: expect.stringMatching(/^green {2}digest_recomputed [^]*All 10 surfaces are green$/) })
    await breakIt('alter table dot_config disable trigger dot_config_change_updated', 'alter table dot_config enable trigger dot_config_change_updated')
    const name = 'dot_config.dot_config_change_updated'
    expect(await red()).toMatchObject([{ surface: 'triggers', findings: [{ id: name, label: name, to: null }] }])
    const { exitCode, text, rows } = await health(own.db)
    expect([exitCode, rows.length]).toEqual([1, 10])
    expect(text).toMatch(/^RED {4}triggers [^]*^ {9}dot_config\.dot_config_change_updated$[^]*1 of 10 surfaces are red$/m)
  })
})

describe('conformance', () => {
  const scan = async () => ConformanceReport.parse((await get(own, '/api/conformance')).body)

  test('the demo conforms: as many objects as the inventory has', async () => {
    const { conforms, verdict, classes, differences } = await scan()
    expect({ conforms, verdict, differences }).toEqual({ conforms: true, verdict: `7/7 PASS at ${inventory.objects.length} objects`, differences: [] })
    expect(classes.map(row => row.class)).toEqual(['table', 'view', 'function', 'trigger', 'config', 'event_type', 'route'])
  })

  test('what was altered is named, with both definitions', async () => {
    await breakIt('alter table dot_config disable trigger dot_config_change_updated', 'alter table dot_config enable trigger dot_config_change_updated')
    const { conforms, differences } = await scan()
    expect(conforms).toBe(false)
    expect(differences).toMatchObject([{
      kind: 'changed', class: 'trigger', name: 'public.dot_config.dot_config_change_updated', migration: '006_config_gate',
      expected: expect.not.stringContaining('disabled'), live: expect.stringMatching(/\ndisabled$/),
    }])
  })
})

test('without the healthcheck the answer says how to get it', async () => {
  await breakIt('alter function fn_iu_core_healthcheck() rename to fn_iu_core_healthcheck_away', 'alter function fn_iu_core_healthcheck_away() rename to fn_iu_core_healthcheck')
  expect(await get(own, '/api/health/report')).toMatchObject({ status: 503, body: { error: { status: 'database_behind', hint: expect.stringContaining('db:migrate') } } })
})

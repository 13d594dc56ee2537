import { describe, expect, test } from 'vitest'
import { useConsole } from '../helpers/api'
import { ask, collection, get } from './support'
import { NAMES } from '../helpers/names'

const own = useConsole()

/** The parameters of the newest record. */
const newest = async () =>
  (await own.db.selectFrom('dot_iu_command_run').select('parameters').orderBy('started_at', 'desc').executeTakeFirstOrThrow()).parameters as Record<string, unknown>

describe.each(NAMES)('the name %j in an address', (name) => {
  const segment = encodeURIComponent(name)

  test('opens the family of that name', async () => {
    await own.db.updateTable('iu_collection_template_version').set({ template_family: name }).execute()
    const { status, body } = await get(own, `/api/families/${segment}`)
    expect({ status, family: body.family?.template_family }).toEqual({ status: 200, family: name })
    expect((await get(own, `/api/families/${segment}?surprise=1`)).body.family?.template_family).toBe(name)
  })

  test('is looked for among the commands', async () => {
    const { status, body } = await get(own, `/api/commands/${segment}`)
    expect({ status, message: body.error.message }).toEqual({ status: 404, message: 'There is no command of this name.' })
  })

  const signed = { actor: 'iu-core-api-test', reason: 'a name in an address' }
  const writes: [method: string, path: string, body: object, parameter: string, status: string][] = [
    ['PUT', `/api/gates/${segment}`, { open: false }, 'key', 'gate_not_found'],
    ['POST', `/api/outbox/routes/${segment}/active`, { active: false }, 'route_key', 'route_not_found'],
    ['POST', `/api/outbox/routes/${segment}/remove`, {}, 'route_key', 'route_not_found'],
    ['POST', `/api/outbox/types/${segment}/boundary`, { internal_only: true }, 'event_type', 'event_type_not_found'],
    ['PUT', `/api/retention/policies/${segment}`, { age_column: 'created_at', keep_days: 1, actor_column: null, active: false, note: '' }, 'table_name', 'policy_table_not_found'],
  ]
  test.each(writes)('%s %s is about that name', async (method, path, body, parameter, status) => {
    const answer = await ask(own, method, path, { ...body, ...signed })
    expect(answer.body.error?.status).toBe(status)
    expect((await newest())[parameter]).toBe(name)
  })
})

test('a name that no address can lead to is refused', async () => {
  for (const template_family of ['.', '..']) {
    const { status, body } = await ask(own, 'POST', '/api/versions', {
      collection_id: await collection(own.db, 'tpl:file:status-report/v1'), template_family, version_label: 'v1', version_seq: 1,
      previous_collection_id: null, actor: 'iu-core-api-test',
    })
    expect({ status, field: body.error.field }).toEqual({ status: 400, field: 'template_family' })
  }
})

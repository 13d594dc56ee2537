import { expect, test } from '../helpers/e2e'
import { ONBOARDING, collection, replayOperation } from './support'

test.use({ javaScriptEnabled: false })
test.beforeAll(({ db }) => replayOperation(db))

test('the server sends every page with its data in it', async ({ page, db, own }) => {
  const preview = await fetch(`${own.server.url}/api/rollbacks/preview`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'authorization': `Bearer ${own.tokens.administrator}` }, body: JSON.stringify({ actor: 'iu-core-25000x-durable' }),
  })
  const { id: run } = await preview.json()
  const { id: piece } = await db.selectFrom('information_unit').select('id').where('canonical_address', '=', 'wf/onboarding/welcome').executeTakeFirstOrThrow()
  const instance = await collection(db, 'tpl-inst:auto:25000x-durable-001')
  const template = await collection(db, ONBOARDING)
  const shows: [path: string, ...words: (string | RegExp)[]][] = [
    ['/', 'All is well', 'All 17 instances match their templates', '25000x-bulk-'],
    ['/templates', /4\s*templates in 2 families/, '12 match', 'tpl:file:status-report/v2'],
    ['/templates?status=current', '2 of 2 templates'],
    [`/templates/${template}`, 'Security briefing', '25000x-durable-001', 'tpl:wf:onboarding/v1'],
    ['/families', 'Weekly status report', '2 of 2 families'],
    [`/families/${encodeURIComponent('tpl:wf:onboarding')}`, 'v2 current', '3 pieces the same, 1 added, 1 replaced', 'Paper checklist'],
    [`/instances/${instance}`, 'Thirty-day review', 'iu-core-25000x-durable', 'No piece-level difference'],
    [`/pieces/${piece}`, 'wf/onboarding/welcome', 'Held by'],
    ['/events', '25000x-bulk-file-004', '13 of 13 events'],
    [`/orchestrate?template=${template}&suffix=from-a-link&actor=someone`, 'tpl-inst:auto:from-a-link', ONBOARDING, 'iu_core.composer_enabled'],
    ['/rollback?actor=iu-core-25000x-bulk', '12 instances', 'last run'],
    [`/runs/${run}`, 'Rollback of iu-core-25000x-durable', 'What a live run would take back:', '25000x-durable-001'],
    ['/gates', 'iu_core.composer_enabled', 'replay of 25000x'],
  ]
  for (const [path, ...words] of shows) {
    await page.goto(path)
    for (const text of words) await expect.soft(page.getByRole('main'), path).toContainText(text)
    await expect.soft(page.getByRole('banner'), path).toContainText(/All \d+ gates closed/)
  }
})

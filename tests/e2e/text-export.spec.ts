import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { checkA11y, expect, test } from '../helpers/e2e'
import { ONBOARDING, SUPPORT_TEAM, collection, open } from './support'
import { parseCollection } from '../../server/text-as-code/parse'

/** The collection in the file that a click has the browser save. */
async function saved(page: Page, click: () => Promise<void>) {
  const [download] = await Promise.all([page.waitForEvent('download'), click()])
  return { name: download.suggestedFilename(), file: parseCollection(await readFile(await download.path())) }
}

test('a template and an instance are taken out as text from their pages', async ({ page, db }) => {
  for (const [key, path, name] of [
    [ONBOARDING, '/templates', 'tpl_wf_onboarding__v2.md'],
    [SUPPORT_TEAM, '/instances', 'tpl-inst_wf_onboarding__v2-1.md'],
  ] as const) {
    await open(page, `${path}/${await collection(db, key)}`)
    const out = await saved(page, () => page.getByRole('link', { name: 'Export text' }).click())
    expect(out).toMatchObject({ name, file: { collection_key: key, piece_count: 5 } })
    await checkA11y(page)
  }
})

test('a family offers each of its versions', async ({ page }) => {
  await open(page, `/families/${encodeURIComponent('tpl:wf:onboarding')}`)
  await page.getByRole('button', { name: 'Export text' }).click()
  await expect(page.getByRole('menuitem')).toHaveText(['v1', 'v2'])
  await checkA11y(page)
  const out = await saved(page, () => page.getByRole('menuitem', { name: 'v1' }).click())
  expect(out).toMatchObject({ name: 'tpl_wf_onboarding__v1.md', file: { collection_key: 'tpl:wf:onboarding/v1' } })
})

/** What is on record about access: found, filtered, and taken away as a file. */
import { readFile } from 'node:fs/promises'
import { checkA11y, expect, test } from '../helpers/e2e'
import { emailOf, signIn } from '../helpers/people'
import { expectNothingSticksOut } from './pages'
import { open } from './support'

test('a refusal and a run are on record, are filtered, and go into the export', async ({ page, own, request }) => {
  const cookie = await signIn(own.server.url, emailOf('viewer'))
  expect((await own.server.fetch('/api/people', { headers: { cookie } })).status).toBe(403)
  expect((await request.post('/api/rollbacks/preview', { data: { actor: 'iu-core-audited' } })).ok()).toBe(true)

  await open(page, '/audit')
  const rows = page.getByRole('table').getByRole('row')
  const refusal = rows.filter({ hasText: 'Not allowed' }).filter({ hasText: 'GET /api/people' })
  await expect(refusal).toContainText(emailOf('viewer'))
  await expect(refusal).toContainText('refused')
  await expect(refusal).toContainText('127.0.0.1')
  await expect(page.getByRole('main')).not.toContainText('null')
  await expect(rows.filter({ hasText: 'Preview' }).getByRole('link')).toHaveAttribute('href', /^\/runs\//)
  await checkA11y(page)

  await page.getByRole('combobox', { name: 'Outcome' }).click()
  await page.getByRole('option', { name: /refused/i }).click()
  await expect(page).toHaveURL(/outcome=refused/)
  await expect(rows.filter({ hasText: 'Sign-in' })).toHaveCount(0)
  await expect(refusal).toBeVisible()
  await page.getByPlaceholder('Filter by what, who, address or subject').fill('nothing like this')
  await expect(page.getByRole('main')).toContainText(/no /i)
  await page.getByPlaceholder('Filter by what, who, address or subject').fill(emailOf('viewer'))
  await expect(refusal).toBeVisible()

  await page.getByRole('button', { name: 'Export' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: /CSV/ }).click()])
  const text = await readFile(await download.path(), 'utf8')
  expect(text).toContain('GET /api/people')
  expect(text).not.toContain('sign_in')

  await page.setViewportSize({ width: 390, height: 844 })
  await expectNothingSticksOut(page)
})

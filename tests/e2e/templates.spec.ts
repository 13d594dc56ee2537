import type { Page } from '@playwright/test'
import { sql } from 'kysely'
import { expect, test } from '../helpers/e2e'
import { ONBOARDING, byToken, collection, open, reload, replayOperation } from './support'

const table = (page: Page) => page.getByRole('table')
/** The rows of templates, without the header and the group rows. */
const rows = (page: Page) => table(page).getByRole('row').filter({ hasText: /tpl:\S+\/v\d/ })
const pages = (page: Page) => page.getByRole('navigation', { name: 'Pages' })
/** Chooses in one of the filter bar's menus. */
async function choose(page: Page, menu: string, item: string) {
  await page.getByRole('search').getByRole('combobox', { name: menu }).click()
  await page.getByRole('option', { name: item, exact: true }).click()
}

test.beforeAll(({ db }) => replayOperation(db))

test('filters and sort live in the address: a reload and the back button keep them', async ({ page }) => {
  await open(page, '/templates')
  await expect(rows(page)).toHaveCount(4)

  await choose(page, 'Status', 'Current')
  await expect(page).toHaveURL('/templates?status=current')
  await expect(rows(page)).toHaveCount(2)
  await choose(page, 'Kind', 'workflow')
  await expect(rows(page)).toHaveCount(1)
  await page.getByRole('searchbox').fill('onboarding')
  await expect(page).toHaveURL('/templates?q=onboarding&status=current&kind=workflow')
  await reload(page)
  await expect(rows(page)).toHaveCount(1)
  await expect(page.getByRole('searchbox')).toHaveValue('onboarding')
  await expect(page.getByRole('combobox', { name: 'Status' })).toHaveText('Current')

  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect(page).toHaveURL('/templates')
  await page.goBack()
  await expect(rows(page)).toHaveCount(1)
  await expect(page.getByRole('searchbox')).toHaveValue('onboarding')
  await page.goBack()
  await expect(page).toHaveURL('/templates?status=current')
  await expect(rows(page)).toHaveCount(2)

  // Counts begin with the greatest; the second click turns the order round.
  await page.goto('/templates')
  await page.getByRole('columnheader', { name: 'Instances' }).getByRole('button').click()
  await expect(page).toHaveURL('/templates?sort=instances&dir=desc')
  await expect(page.getByRole('columnheader', { name: 'Instances' })).toHaveAttribute('aria-sort', 'descending')
  await expect(rows(page).first()).toContainText(ONBOARDING)
  await page.getByRole('columnheader', { name: 'Instances' }).getByRole('button').click()
  await expect(rows(page).first()).toContainText('tpl:file:status-report/v1')
  await reload(page)
  await expect(rows(page).first()).toContainText('tpl:file:status-report/v1')
})

test('the columns that were chosen stay chosen', async ({ page, own }) => {
  await open(page, '/templates')
  await expect(page.getByRole('columnheader', { name: 'Digest' })).toBeVisible()
  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Digest' }).click()
  await expect(page.getByRole('columnheader', { name: 'Digest' })).toHaveCount(0)
  await page.keyboard.press('Escape')

  // Already in the page that the server sends: no column appears and goes.
  const html = await (await page.request.get('/templates', byToken(own))).text()
  expect(html).toContain('active_piece_count')
  expect(html).not.toContain('title="manifest_digest"')
})

test('a click opens a row beside the list; the keyboard moves, opens and follows', async ({ page, db }) => {
  await open(page, '/templates')
  await rows(page).filter({ hasText: ONBOARDING }).click()
  const drawer = page.getByRole('dialog')
  await expect(drawer).toContainText(ONBOARDING)
  await expect(drawer.getByRole('listitem')).toContainText(['Welcome to the team', 'Accounts and equipment', 'Security briefing', 'Your first day', 'Thirty-day review'])

  // The list stays and may be used: another row, another template.
  await rows(page).filter({ hasText: 'status-report/v2' }).getByRole('rowheader').click()
  await expect(drawer).toContainText('tpl:file:status-report/v2')
  await expect(drawer).toContainText('6 pieces')
  await page.keyboard.press('Escape')
  await expect(drawer).toBeHidden()
  await expect(rows(page).filter({ hasText: 'status-report/v2' })).toBeFocused()

  await page.keyboard.press('ArrowDown')
  await expect(rows(page).nth(1)).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Space')
  await expect(drawer).toContainText(ONBOARDING)
  await page.keyboard.press('Escape')
  await expect(rows(page).nth(2)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(`/templates/${await collection(db, ONBOARDING)}`)
})

test('an empty list says why and offers to clear the filters', async ({ page }) => {
  await open(page, '/templates?q=no-such-template')
  await expect(page.getByText('No template matches these filters')).toBeVisible()
  await page.getByRole('main').getByRole('button', { name: 'Clear filters' }).last().click()
  await expect(rows(page)).toHaveCount(4)
})

test('an export takes the filters along', async ({ page, own }) => {
  await open(page, '/templates?status=superseded&sort=key')
  await page.getByRole('button', { name: 'Export' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'CSV' }).click()])
  expect(download.suggestedFilename()).toMatch(/\.csv$/)
  const lines = (await (await page.request.get(download.url(), byToken(own))).text()).trim().split('\n')
  expect(lines).toHaveLength(1 + 2)
  expect(lines.slice(1).every(line => line.includes('superseded'))).toBe(true)

  await page.getByRole('button', { name: 'Export' }).click()
  const link = await page.getByRole('menuitem', { name: 'JSON' }).getAttribute('href')
  const exported: { collection_key: string }[] = await (await page.request.get(link!, byToken(own))).json()
  expect(exported.map(row => row.collection_key)).toEqual(['tpl:file:status-report/v1', 'tpl:wf:onboarding/v1'])
})

test('pages live in the address too', async ({ page, db }) => {
  await sql`
    with made as (
      insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by)
      select 'tpl:many:' || lpad(n::text, 2, '0') || '/v1', 'many', 'One of many', 'e2e' from generate_series(1, 60) n
      returning id)
    select public.fn_iu_collection_mark_template(id, 'e2e', null) from made`.execute(db)
  await open(page, '/templates?kind=many&sort=key')
  await expect(pages(page)).toContainText('50 of 60 templates')
  await pages(page).getByRole('link', { name: 'Next' }).click()
  await expect(pages(page)).toContainText('10 of 60 templates')
  await expect(rows(page).first()).toContainText('tpl:many:51/v1')
  await reload(page)
  await expect(rows(page).first()).toContainText('tpl:many:51/v1')
  await expect(page).toHaveURL(/kind=many&sort=key&cursor=/)
  await pages(page).getByRole('link', { name: 'Previous' }).click()
  await expect(rows(page).first()).toContainText('tpl:many:01/v1')
  await page.goBack()
  await expect(rows(page).first()).toContainText('tpl:many:51/v1')
  // Another filter begins at its first page.
  await page.getByRole('searchbox').fill('many:0')
  await expect(rows(page)).toHaveCount(9)
  await expect(page).not.toHaveURL(/cursor=/)
})

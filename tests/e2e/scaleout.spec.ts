import type { Page } from '@playwright/test'
import { sql } from 'kysely'
import { checkA11y, expect, test, tolerate } from '../helpers/e2e'
import { collection, logged, open, replayOperation, world } from './support'

const ACTOR = 'iu-core-scale-out-spec'
const SIZES = [{ width: 1440, height: 900 }, { width: 390, height: 844 }]

const result = (page: Page) => page.getByRole('region', { name: 'Result' })
const preview = (page: Page) => page.getByRole('button', { name: 'Preview', exact: true }).click()

/** Checks the page as it stands in both widths, light and dark, and that it does not scroll sideways. */
async function everyLook(page: Page) {
  for (const size of SIZES) {
    await page.setViewportSize(size)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await expect(page.locator('html')).toHaveClass(new RegExp(`\\b${colorScheme}\\b`))
      await checkA11y(page)
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true)
  }
  await page.setViewportSize(SIZES[0]!)
}

/** Fills in one row of the plan. */
async function fillRow(page: Page, row: number, template: string, count: number, prefix: string) {
  const group = page.getByRole('group', { name: `Row ${row} of the plan` })
  await group.getByRole('button', { name: 'Template', exact: true }).click()
  await page.getByPlaceholder('Key, title or family').fill(template)
  await page.getByRole('option', { name: template }).click()
  await group.getByLabel('How many').fill(String(count))
  await group.getByLabel('Prefix').fill(prefix)
}

test.describe.configure({ mode: 'default' })
test.beforeAll(({ db }) => replayOperation(db))

test('a mixed plan is previewed, run live with its gates opened inside, retired and rolled back', async ({ page, db }) => {
  const before = await world(db)
  await open(page, '/')
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Scale out' }).click()
  await fillRow(page, 1, 'tpl:wf:onboarding/v2', 12, 'spec-wf-')
  await page.getByRole('button', { name: 'Another template' }).click()
  await fillRow(page, 2, 'tpl:file:status-report/v2', 8, 'spec-file-')
  await expect(page.getByText('20 instances of at most 10,000')).toBeVisible()
  await page.getByText('Live', { exact: true }).click()
  await page.getByLabel('Actor').fill(ACTOR)
  await page.getByRole('switch', { name: 'Open them inside the transaction' }).click()
  await preview(page)

  await expect(result(page).getByText('Preview of a live run')).toBeVisible()
  const report = result(page).getByRole('row', { name: 'tpl:file:status-report/v2' })
  await expect(report).toContainText('spec-file-001')
  await expect(report).toContainText('spec-file-008')
  await expect(result(page).getByRole('listitem').filter({ hasText: /20\s*log rows added/ })).toBeVisible()
  expect(await world(db)).toEqual(before)
  await everyLook(page)

  await result(page).getByRole('button', { name: 'Compose 20 instances' }).click()
  await expect(page.getByRole('heading', { level: 1, name: `Scale-out of ${ACTOR}` })).toBeVisible()
  expect(await logged(db, ACTOR)).toBe(20)
  await everyLook(page)

  await page.getByRole('link', { name: 'Preview retiring them' }).click()
  await page.getByText('Live', { exact: true }).click()
  await page.getByLabel('Reason').fill('Replaced by another batch')
  await preview(page)
  await expect(result(page).getByRole('listitem').filter({ hasText: /20\s*would be retired/ })).toBeVisible()
  await everyLook(page)
  await result(page).getByRole('button', { name: 'Retire 20 instances' }).click()
  await expect(page.getByRole('heading', { level: 1, name: `Retirement of what ${ACTOR} made` })).toBeVisible()

  await open(page, `/instances/${await collection(db, 'tpl-inst:auto:spec-wf-001')}`)
  await expect(page.getByRole('main')).toContainText('retired just now “Replaced by another batch”')
  await everyLook(page)

  await open(page, `/rollback?actor=${ACTOR}`)
  await preview(page)
  await expect(result(page).getByRole('row')).toHaveCount(1 + 20)
})

test('what the form does not take is said at its field, a refusal by its rule', async ({ page }) => {
  await open(page, '/scaleout')
  await preview(page)
  for (const words of ['a template is needed', 'a prefix is needed', 'an actor is needed']) await expect(page.getByText(words)).toBeVisible()
  await everyLook(page)

  tolerate(/status of 409/)
  await fillRow(page, 1, 'tpl:wf:onboarding/v2', 3, 'refused-')
  await page.getByLabel('Actor').fill(ACTOR)
  await preview(page)
  await expect(result(page).getByText('The composer gate is closed').first()).toBeVisible()
})

test('a run shows how far it is and can be stopped: nothing remains', async ({ page, db }) => {
  await open(page, '/scaleout')
  await fillRow(page, 1, 'tpl:wf:onboarding/v2', 1_500, 'long-')
  await page.getByLabel('Actor').fill('iu-core-stopped')
  await page.getByRole('switch', { name: 'Open it inside the transaction' }).click()
  await preview(page)
  const runs = result(page).getByRole('button', { name: 'Dry-run 1,500 instances' })
  await expect(runs).toBeEnabled({ timeout: 30_000 })

  // Somebody else has the last key under way: the run has to wait for them, so there is time to look and to stop.
  const other = await db.startTransaction().execute()
  try {
    await sql`insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by)
              values ('tpl-inst:auto:long-999', 'file', 'Held', 'spec')`.execute(other)
    await runs.click()
    const underWay = page.getByRole('region', { name: 'Under way' })
    await expect(underWay).toContainText('1,000 of 1,500 instances')
    await checkA11y(page)
    await underWay.getByRole('button', { name: 'Stop' }).click()
    await expect(page.getByRole('main')).toContainText('It was stopped')
    await expect(page).toHaveURL(/\/runs\//)
  }
  finally {
    await other.rollback().execute()
  }
  expect(await logged(db, 'iu-core-stopped')).toBe(0)
})

test('the matrix of shared pieces is reached from templates and families; a cell shows the pieces', async ({ page, db }) => {
  await open(page, '/families')
  await page.getByRole('link', { name: 'Shared pieces' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Shared pieces' })).toBeVisible()
  await everyLook(page)
  await page.getByRole('button', { name: 'tpl:file:status-report/v2 and tpl:file:status-report/v1: 5 shared pieces' }).click()
  await expect(page.getByRole('heading', { level: 2, name: 'Held by tpl:file:status-report/v2 and tpl:file:status-report/v1' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Pieces held by both' }).getByRole('row')).toHaveCount(1 + 5)
  await everyLook(page)

  // The address is the view.
  const [one, other] = [await collection(db, 'tpl:wf:onboarding/v2'), await collection(db, 'tpl:wf:onboarding/v1')]
  await open(page, `/sharing?one=${one}&other=${other}`)
  await expect(page.getByRole('heading', { level: 2, name: 'Held by tpl:wf:onboarding/v2 and tpl:wf:onboarding/v1' })).toBeVisible()
  await page.getByRole('searchbox').fill('nothing like this')
  await expect(page.getByText('No template fits')).toBeVisible()
  await open(page, '/templates')
  await page.getByRole('link', { name: 'Shared pieces' }).click()
  await expect(page).toHaveURL(/\/sharing$/)
})

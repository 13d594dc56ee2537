import type { Page } from '@playwright/test'
import { checkA11y, expect, test, tolerate } from '../helpers/e2e'
import { byToken, onEmptyDatabase, open } from './support'
import type { Db } from '../../server/db/client'

const WIDTHS = [{ width: 1440, height: 900 }, { width: 390, height: 844 }]
const ADDRESS = 'wf/onboarding/parking'

const result = (page: Page) => page.getByRole('region', { name: 'Result' })
const piece = (db: Db, address: string) => db.selectFrom('v_iu_piece').selectAll().where('canonical_address', '=', address).executeTakeFirst()

/** Checks the page as it stands in both widths, light and dark; nothing is wider than a phone. */
async function everyLook(page: Page) {
  for (const size of WIDTHS) {
    await page.setViewportSize(size)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await expect(page.locator('html')).toHaveClass(new RegExp(`\\b${colorScheme}\\b`))
      await checkA11y(page)
    }
  }
  await page.setViewportSize(WIDTHS[0]!)
}

/** Fills in who asks, previews, looks at the preview in every way, runs it and ends on the result page. */
async function previewAndRun(page: Page, run: string) {
  await page.getByLabel('Actor').fill('iu-core-editor')
  await page.getByRole('switch', { name: 'Open it inside the transaction' }).click()
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await result(page).getByRole('button', { name: run }).waitFor()
  await everyLook(page)
  await result(page).getByRole('button', { name: run }).click()
  await expect(page).toHaveURL(/\/runs\//)
}

/** One piece from its creation to its end; each step starts where the one before it ended. */
test('create, edit, split, retire: each previewed first, with its result and its links', async ({ page, db }) => {
  test.slow()
  await open(page, '/pieces')
  await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText('of 174 pieces · by address')
  await everyLook(page)
  await page.getByRole('link', { name: 'New piece' }).click()
  await page.getByLabel('Canonical address').fill(ADDRESS)
  await page.getByLabel('Title').fill('Parking')
  await page.getByLabel('Text').fill('Ask the front desk for a badge.\n\nBicycles stand behind the house.\n')
  await previewAndRun(page, 'Create the piece')
  await page.getByRole('main').getByRole('link', { name: 'Parking', exact: true }).last().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Parking' })).toBeVisible()
  await expect(page.getByText('No collection holds this piece')).toBeVisible()
  expect(await piece(db, ADDRESS)).toMatchObject({ title: 'Parking', lifecycle_status: 'active', created_by: 'iu-core-editor' })

  await page.getByRole('link', { name: 'Edit' }).click()
  await page.getByLabel('Text').fill('Ask the gatehouse for a badge.\n\nBicycles stand behind the house.\n')
  await previewAndRun(page, 'Save the edit')
  const difference = page.getByRole('region', { name: 'Difference of the text' })
  await expect(difference).toContainText('Ask the front desk for a badge.')
  await expect(difference).toContainText('Ask the gatehouse for a badge.')
  await page.getByRole('main').getByRole('link', { name: 'Parking', exact: true }).last().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Parking' })).toBeVisible()
  await expect(page.getByText('Ask the gatehouse for a badge.')).toBeVisible()

  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Split' }).click()
  // Each half of the text is offered as a part.
  await expect(page.getByLabel('Text').nth(0)).toHaveValue('Ask the gatehouse for a badge.')
  await expect(page.getByLabel('Text').nth(1)).toHaveValue('Bicycles stand behind the house.\n')
  await page.getByLabel('Title').nth(1).fill('Bicycles')
  await page.getByLabel('Reason').fill('Two topics')
  await previewAndRun(page, 'Split the piece')
  await page.getByRole('main').getByRole('link', { name: 'Parking', exact: true }).last().click()
  const main = page.getByRole('main')
  await expect(main).toContainText('This piece was split')
  await expect(main).toContainText('Two topics')
  await expect(main.getByRole('link', { name: 'Edit' })).toHaveCount(0)
  await everyLook(page)
  await main.getByRole('link', { name: 'Bicycles' }).first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Bicycles' })).toBeVisible()
  await expect(main).toContainText(/split off\s*Parking/)

  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Retire' }).click()
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await expect(page.getByLabel('Actor')).toHaveAccessibleDescription(/an actor is needed/)
  await page.getByLabel('Reason').fill('Nobody comes by bicycle')
  await previewAndRun(page, 'Retire the piece')
  await expect(main).toContainText('Nobody comes by bicycle')
  expect(await piece(db, `${ADDRESS}-2`)).toMatchObject({ lifecycle_status: 'retired' })
  await open(page, '/pieces?status=retired')
  await expect(page.getByRole('row').filter({ hasText: 'Bicycles' })).toBeVisible()
})

test('the preview of a retirement names every collection that holds the piece, and a closed gate refuses it', async ({ page, db }) => {
  const { id } = (await piece(db, 'wf/incident-review/impact'))!
  tolerate(/status of 409/)
  await open(page, `/pieces/${id}/retire`)
  await page.getByLabel('Reason').fill('Folded into causes')
  await page.getByLabel('Actor').fill('iu-core-editor')
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await expect(result(page)).toContainText('The gate for writing pieces is closed')
  await page.getByRole('switch', { name: 'Open it inside the transaction' }).click()
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await expect(result(page)).toContainText('Still held by 1 collection')
  await expect(result(page)).toContainText('wf:incident-review')
  expect(await piece(db, 'wf/incident-review/impact')).toMatchObject({ lifecycle_status: 'active' })
})

test('an edit of a text that somebody has changed meanwhile is refused', async ({ page, db }) => {
  const { id } = (await piece(db, 'wf/onboarding/first-day'))!
  tolerate(/status of 409/)
  await open(page, `/pieces/${id}/edit`)
  await page.getByLabel('Text').fill('Mine')
  await db.updateTable('information_unit').set({ body: 'Theirs' }).where('id', '=', id!).execute()
  await page.getByLabel('Actor').fill('iu-core-editor')
  await page.getByRole('switch', { name: 'Open it inside the transaction' }).click()
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await expect(result(page)).toContainText('The text of a piece was changed meanwhile')
  expect((await piece(db, 'wf/onboarding/first-day'))!.body).toBe('Theirs')
})

test('two pieces are merged: the other one is picked, its text joins the first', async ({ page, db }) => {
  const { id } = (await piece(db, 'wf/onboarding/accounts'))!
  await open(page, `/pieces/${id}/merge`)
  await page.getByRole('button', { name: 'Merge with', exact: true }).click()
  await page.getByPlaceholder('Address or title').fill('security-briefing')
  await page.getByRole('option', { name: /security-briefing/ }).click()
  await expect(page.getByRole('button', { name: 'Leave out Security briefing' })).toBeVisible()
  const { body } = (await piece(db, 'wf/onboarding/security-briefing'))!
  await expect(page.getByLabel('Text')).toHaveValue(new RegExp(body!.trim().slice(0, 40)))
  await page.getByLabel('Canonical address').fill('wf/onboarding/set-up')
  await previewAndRun(page, 'Merge the pieces')
  expect(await piece(db, 'wf/onboarding/security-briefing')).toMatchObject({ lifecycle_status: 'superseded' })
  expect(await piece(db, 'wf/onboarding/set-up')).toMatchObject({ lifecycle_status: 'active' })
})

test('the list is filtered, opens a piece beside itself and leads to it by keyboard; the search finds it', async ({ page }) => {
  await open(page, '/pieces?q=wf/incident-review/')
  const row = page.getByRole('row').filter({ hasText: 'wf/incident-review/timeline' })
  await row.click({ position: { x: 5, y: 5 } })
  const drawer = page.getByRole('dialog', { name: 'Timeline' })
  await expect(drawer.getByText('Held by 1 collection')).toBeVisible()
  await everyLook(page)
  await row.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Timeline' })).toBeVisible()

  await open(page, '/pieces?q=no-such-piece')
  await page.getByRole('main').getByRole('button', { name: 'Clear filters' }).last().click()
  await expect(page).toHaveURL(/\/pieces$/)
  await page.keyboard.press('ControlOrMeta+k')
  await page.keyboard.type('incident-review/timeline')
  await page.getByRole('dialog').getByRole('option', { name: /incident-review\/timeline/ }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Timeline' })).toBeVisible()
})

test('a change that there is none of, and one of an unknown piece, are not found', async ({ page, db, own }) => {
  const { id } = (await piece(db, 'wf/incident-review/timeline'))!
  for (const path of [`/pieces/${id}/delete`, '/pieces/00000000-0000-4000-8000-000000000000/edit']) {
    expect((await page.request.get(path, byToken(own))).status(), path).toBe(404)
  }
})

onEmptyDatabase('without pieces the list says what a piece is and offers to write the first', async ({ page }) => {
  await open(page, '/pieces')
  await expect(page.getByText('There are no pieces yet')).toBeVisible()
  await everyLook(page)
})

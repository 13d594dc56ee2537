import type { Page } from '@playwright/test'
import { checkA11y, expect, test } from '../helpers/e2e'
import { collection, compose, open, world } from './support'

const ACTOR = 'iu-core-erase-spec'
const SIZES = [{ width: 1440, height: 900 }, { width: 390, height: 844 }]
const KEY = 'tpl-inst:auto:erase-001'

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

test.beforeAll(async ({ db }) => {
  for (const suffix of ['erase-001', 'erase-002']) await compose(db, { suffix, actor: ACTOR })
})

test('an actor’s lineage is previewed, erased with the name typed, and the collections stay', async ({ page, db }) => {
  const before = await world(db)
  const id = await collection(db, KEY)

  // Found where one looks for it, and the actor goes along.
  await open(page, `/retire?actor=${ACTOR}`)
  await page.getByRole('link', { name: 'Erase lineage' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Erase lineage' })).toBeVisible()
  await expect(page.getByLabel('Actor')).toHaveValue(ACTOR)
  await everyLook(page)

  // Dry it says what would be lost and changes nothing.
  await preview(page)
  await expect(result(page).getByText('Preview of a dry run')).toBeVisible()
  await expect(result(page).getByRole('heading', { name: 'What would be lost' })).toBeVisible()
  await expect(result(page).getByRole('heading', { name: 'What stays' })).toBeVisible()
  await expect(result(page).getByRole('list', { name: 'Collections that lose their lineage' }).getByRole('listitem')).toHaveCount(2)
  await result(page).getByRole('button', { name: 'Record the dry run' }).click()
  await expect(page.getByRole('heading', { level: 1, name: `Erasure of the lineage of ${ACTOR}` })).toBeVisible()
  await expect(page.getByRole('main')).toContainText('A dry run changes nothing')
  expect(await world(db)).toEqual(before)

  // The record leads back to the form, filled in.
  await page.getByRole('link', { name: 'Preview again' }).click()
  await expect(page.getByLabel('Actor')).toHaveValue(ACTOR)
  await page.getByText('Live', { exact: true }).click()
  await preview(page)
  await expect(result(page).getByText('Preview of a live erasure')).toBeVisible()
  await expect(result(page).getByRole('listitem').filter({ hasText: /2\s*lineage rows deleted/ })).toBeVisible()
  await everyLook(page)
  expect(await world(db)).toEqual(before)

  await result(page).getByRole('button', { name: 'Erase the lineage of 2 collections' }).click()
  const dialogue = page.getByRole('dialog', { name: 'Erase the lineage of 2 collections?' })
  const confirm = dialogue.getByRole('button', { name: 'Erase the lineage of 2 collections' })
  await expect(dialogue.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expect(confirm).toBeDisabled()
  await checkA11y(page)
  await dialogue.getByLabel('Reason').fill('They are documents of their own now')
  await dialogue.getByLabel('Type the actor’s name').fill(ACTOR)
  await confirm.click()

  await expect(page.getByRole('heading', { level: 1, name: `Erasure of the lineage of ${ACTOR}` })).toBeVisible()
  const main = page.getByRole('main')
  await expect(main).toContainText('Live erasure')
  await expect(main.getByRole('heading', { name: 'What is lost' })).toBeVisible()
  await expect(main).toContainText('The collections stay, but what they were made from is gone.')
  await expect(main.getByRole('link', { name: KEY })).toHaveCount(0)
  await everyLook(page)

  const after = await world(db)
  expect(after.iu_piece_collection).toEqual(before.iu_piece_collection)
  expect(after.iu_piece_membership).toEqual(before.iu_piece_membership)
  expect(after.iu_collection_template_instance_lineage!.rows).toBe(before.iu_collection_template_instance_lineage!.rows - 2)
  expect(await collection(db, KEY)).toBe(id)
})

test('an actor without lineage is told so, and there is nothing to run', async ({ page }) => {
  await open(page, '/erase-lineage?actor=nobody-at-all')
  await preview(page)
  await expect(result(page)).toContainText('nobody-at-all has no lineage')
  await expect(result(page).getByRole('button', { name: 'Record the dry run' })).toBeDisabled()
})

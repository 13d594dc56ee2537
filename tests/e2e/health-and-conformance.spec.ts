import { sql } from 'kysely'
import { checkA11y, expect, test } from '../helpers/e2e'

const SIZES = [{ width: 1440, height: 900 }, { width: 390, height: 844 }]
const SCHEMES = ['light', 'dark'] as const

const DISABLE = 'alter table dot_config disable trigger dot_config_change_updated'
const ENABLE = 'alter table dot_config enable trigger dot_config_change_updated'
const MARK = (marked: boolean) => sql`
  update iu_collection_template_registry set is_template = ${marked}
  where collection_id = (select id from iu_piece_collection where collection_key = 'tpl:wf:onboarding/v1')`

test.describe.configure({ mode: 'serial' })

test('health: all green, then what is red is named, leads there, and the overview says so', async ({ page, db }) => {
  await page.goto('/health')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('All surfaces are green')
  await expect(page.getByRole('list', { name: 'Surfaces' }).getByText('green', { exact: true })).toHaveCount(10)

  await MARK(false).execute(db)
  try {
    await page.getByRole('button', { name: 'Check again' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('2 surfaces to look at')
    const found = page.getByRole('list', { name: 'Version chains: to look at' })
    await expect(page.getByRole('listitem').filter({ has: found })).toContainText('What to do: Mark the version as a template again')
    await found.getByRole('link', { name: 'tpl:wf:onboarding/v1' }).click()
    await expect(page).toHaveURL(/\/templates\/[0-9a-f-]{36}$/)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()

    await page.goto('/')
    await expect(page.getByRole('banner').or(page.locator('main')).getByText(/health is red: lineage/i)).toBeVisible()
    await page.getByRole('link', { name: '2 red' }).click()
    await expect(page).toHaveURL(/\/health$/)
  }
  finally {
    await MARK(true).execute(db)
  }
})

test('conformance: everything passes, then what was altered is shown side by side', async ({ page, db }) => {
  await page.goto('/conformance')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^7\/7 PASS at \d+ objects$/)
  await expect(page.getByText('Nothing differs')).toBeVisible()

  await sql.raw(DISABLE).execute(db)
  try {
    await page.getByRole('button', { name: 'Compare again' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^6\/7 classes pass at \d+ objects$/)
    await expect(page.getByRole('row', { name: /^Triggers/ })).toContainText('differs')
    await page.getByText('public.dot_config.dot_config_change_updated').click()
    const sides = page.getByRole('listitem').filter({ hasText: 'public.dot_config.dot_config_change_updated' }).locator('pre')
    await expect(sides.nth(0)).not.toContainText('disabled')
    await expect(sides.nth(1)).toContainText('! disabled')
  }
  finally {
    await sql.raw(ENABLE).execute(db)
  }
})

test('both are reached by the navigation and by keys', async ({ page }) => {
  await page.goto('/')
  await page.waitForLoadState('networkidle')
  await page.keyboard.press('g')
  await page.keyboard.press('k')
  await expect(page).toHaveURL(/\/health$/)
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await expect(page).toHaveURL(/\/conformance$/)
})

for (const colorScheme of SCHEMES) {
  for (const size of SIZES) {
    test(`axe finds nothing at ${size.width} in ${colorScheme}, green or red`, async ({ page, db }, testInfo) => {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize(size)
      for (const path of ['/health', '/conformance']) {
        await page.goto(path)
        await checkA11y(page)
      }
      await sql.raw(DISABLE).execute(db)
      await MARK(false).execute(db)
      try {
        for (const path of ['/health', '/conformance']) {
          await page.goto(path)
          for (const summary of await page.locator('main summary').all()) await summary.click()
          await checkA11y(page)
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width)
          await page.screenshot({ path: testInfo.outputPath(`${path.slice(1)}.png`), fullPage: true })
        }
      }
      finally {
        await sql.raw(ENABLE).execute(db)
        await MARK(true).execute(db)
      }
    })
  }
}

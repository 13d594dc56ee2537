import { checkA11y, expect, test } from '../helpers/e2e'
import { open, replayOperation } from './support'

/** What the operation reports of itself. */
const DOCUMENTED: [surface: string, delta: number][] = [
  ['event_outbox iu', 89], ['information_unit', 1], ['iu_piece_collection', 14], ['iu_piece_membership', 75], ['iu_auto_instantiate_event_log', 13],
  ['iu_collection_template_instance_lineage', 13], ['iu_collection_template_registry', 1], ['iu_collection_template_version', 2],
]

test('the regression matrix: a snapshot, the operation, the documented deltas green, a wrong one red, and all of it in the address', async ({ page, db }) => {
  await open(page, '/invariants')
  await expect(page.getByRole('main')).toContainText('No snapshot was taken yet')
  await page.getByLabel('Name').fill('before-25000x')
  await page.getByRole('button', { name: 'Take a snapshot' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'The snapshot before-25000x is taken.' })).toBeVisible()
  const verdict = page.getByRole('status').filter({ hasText: /^\s*(Green|Red)/ })
  await expect(verdict).toContainText('Green')

  await expect(page.getByText('a name is needed')).toHaveCount(0)

  await replayOperation(db)
  await page.getByRole('button', { name: 'Count again' }).click()
  await expect(verdict).toContainText('Red')
  const row = (surface: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: surface, exact: true }) })
  await expect(row('information_unit')).toContainText('not expected')
  for (const [surface, delta] of DOCUMENTED) {
    const field = page.getByLabel(`Expected delta of ${surface}`, { exact: true })
    await field.fill(String(delta))
    await field.blur()
    await expect(row(surface)).toContainText('as expected')
  }
  await expect(verdict).toContainText('Green')
  await expect(row('iu_vector_sync_point')).toContainText('unchanged')

  // A colleague who opens the address sees the same, from the server.
  await open(page, page.url())
  await expect(verdict).toContainText('Green')
  const members = page.getByLabel('Expected delta of iu_piece_membership', { exact: true })
  await expect(members).toHaveValue('75')
  await members.fill('74')
  await members.blur()
  await expect(verdict).toContainText('Red: 1 surface')
  await expect(row('iu_piece_membership')).toContainText('not expected')
})

for (const colorScheme of ['light', 'dark'] as const) {
  for (const size of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    test(`both pages pass axe, ${colorScheme}, ${size.width} wide`, async ({ page }) => {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize(size)
      for (const path of ['/retention', '/invariants']) {
        await open(page, path)
        await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
        await checkA11y(page)
      }
    })
  }
}

import { NAMES } from '../helpers/names'
import { expect, test } from '../helpers/e2e'
import { comesAlive, open } from './support'
import type { Db } from '../../server/db/client'

const called = (db: Db, name: string) => db.updateTable('iu_collection_template_version').set({ template_family: name }).execute()

test('a family is opened by its address, whatever it is called', async ({ page, db }) => {
  for (const name of NAMES) {
    await test.step(name, async () => {
      await called(db, name)
      const answer = await open(page, `/families/${encodeURIComponent(name)}`)
      expect(answer!.status()).toBe(200)
      // As the server sent it, before any script ran.
      expect(await answer!.text()).toContain('Onboarding procedure')
      await expect(page.getByRole('heading', { level: 1, name: 'Onboarding procedure' })).toBeVisible()
    })
  }
})

test('a family is opened from the list, compared and loaded again, whatever it is called', async ({ page, db }) => {
  for (const name of ['why?because=yes&no', '%3F', 'C#', 'a/b', '../up', ' +plus+ ', '/?#%']) {
    await test.step(name, async () => {
      await called(db, name)
      await open(page, '/families')
      await page.getByRole('table').getByRole('link', { name: 'Onboarding procedure' }).click()
      await expect(page.getByRole('heading', { level: 1, name: 'Onboarding procedure' })).toBeVisible()
      await page.getByRole('link', { name: 'Compare v1 with v2' }).click()
      await expect(page).toHaveURL(/\?to=/)
      await page.reload()
      await comesAlive(page)
      await expect(page.getByRole('heading', { name: 'What changed from v1 to v2' })).toBeVisible()
    })
  }
})

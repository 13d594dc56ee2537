import { checkA11y, expect, test, tolerate } from '../helpers/e2e'
import { PASSWORD, emailOf } from '../helpers/people'

test.use({ as: null })

test('somebody who is not signed in is shown the door, and comes back to where he wanted to go', async ({ page }) => {
  await page.goto('/templates?status=current')
  await expect(page).toHaveURL('/sign-in?to=/templates?status=current')
  await checkA11y(page)
  await page.getByLabel('E-mail address').fill(emailOf('viewer'))
  await page.getByLabel('Password').fill('not the password')
  tolerate(/status of 401/)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('main').getByRole('alert')).toHaveText('The e-mail address or the password is wrong.')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL('/templates?status=current')
  await expect(page.getByText(emailOf('viewer'))).toBeVisible()
})

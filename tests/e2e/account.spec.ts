/** What a person does with the own account: password, sessions, tokens. */
import { expect, test, tolerate } from '../helpers/e2e'
import { PASSWORD, emailOf, signIn } from '../helpers/people'
import { open } from './support'

// Each test signs in anew: what ends sessions here must not end the one that other tests share.
test.use({ as: 'operator' })

test('a new password ends the other sessions and leaves this one', async ({ page, own }) => {
  tolerate(/status of 400/)
  const other = await signIn(own.server.url, emailOf('operator'))
  const asOther = () => own.server.fetch('/api/account', { headers: { cookie: other } })
  expect((await asOther()).status).toBe(200)
  await open(page, '/account')
  const section = page.getByRole('region', { name: 'Password' })
  const present = section.getByLabel('Present password')
  const next = section.getByLabel('New password')
  const change = section.getByRole('button', { name: 'Change the password' })
  await present.fill('not the password')
  await next.fill('other-words-for-the-lamp')
  await change.click()
  await expect(present).toHaveAccessibleDescription('is not the password of this account')
  await present.fill(PASSWORD)
  await next.fill(emailOf('operator'))
  await change.click()
  await expect(next).toHaveAccessibleDescription(/guess/)
  await next.fill('other-words-for-the-lamp')
  await change.click()
  await expect(page.getByText('The password is changed; your other sessions have ended', { exact: true })).toBeVisible()
  expect((await asOther()).status).toBe(401)
  await expect(page.getByRole('region', { name: 'Sessions' }).getByRole('listitem')).toHaveCount(1)
  await expect(present).toHaveValue('')
  // Back to what the next test signs in with.
  await present.fill('other-words-for-the-lamp')
  await next.fill(PASSWORD)
  await change.click()
  await expect(present).toHaveValue('')
})

test('the other sessions are ended one by one', async ({ page, own }) => {
  const other = await signIn(own.server.url, emailOf('operator'))
  await open(page, '/account')
  const sessions = page.getByRole('region', { name: 'Sessions' })
  const ends = sessions.getByRole('button', { name: 'End the session from 127.0.0.1' })
  // One is left of the test before this one.
  await expect(ends).toHaveCount(2)
  await ends.first().click()
  await expect(ends).toHaveCount(1)
  await ends.first().click()
  await expect(ends).toHaveCount(0)
  await expect(sessions.getByRole('listitem')).toHaveCount(1)
  expect((await own.server.fetch('/api/account', { headers: { cookie: other } })).status).toBe(401)
})

test('a token is shown once, works, and is revoked', async ({ page, own }) => {
  tolerate(/status of 400/)
  await open(page, '/account')
  const tokens = page.getByRole('region', { name: 'Tokens' })
  await tokens.getByRole('button', { name: 'Make a token' }).click()
  await expect(tokens.getByLabel('What it is for')).toHaveAccessibleDescription(/needed/)
  await tokens.getByLabel('What it is for').fill('health monitor')
  await tokens.getByRole('button', { name: 'Make a token' }).click()
  const secret = (await tokens.locator('pre').textContent())!.trim()
  expect(secret).toMatch(/^iu_/)
  const asToken = (path: string) => own.server.fetch(path, { headers: { authorization: `Bearer ${secret}` } })
  expect((await asToken('/api/templates')).status).toBe(200)
  expect((await asToken('/api/people')).status).toBe(403)
  await page.reload()
  await expect(tokens).toContainText('health monitor')
  await expect(page.locator('body')).not.toContainText(secret)
  await open(page, '/account')
  await tokens.getByRole('button', { name: 'Revoke health monitor' }).click()
  await expect(tokens.getByRole('listitem').filter({ hasText: 'health monitor' })).toContainText('revoked')
  expect((await asToken('/api/templates')).status).toBe(401)
})

test('ending all sessions leads to the door', async ({ page }) => {
  await open(page, '/account')
  await page.getByRole('region', { name: 'Sessions' }).getByRole('button', { name: 'End all sessions' }).click()
  await expect(page).toHaveURL('/sign-in')
})

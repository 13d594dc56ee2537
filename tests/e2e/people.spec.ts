/** Who is let in, as what, and out again; and what each role sees of the pages. */
import { checkA11y, expect, test, tolerate } from '../helpers/e2e'
import { PASSWORD, addSecondFactor, emailOf, signIn } from '../helpers/people'
import { comesAlive, open } from './support'

test('a person is added, comes in by the link, gets another role, and is disabled', async ({ page, browser, own }) => {
  test.slow()
  tolerate(/status of (400|409)/)
  await open(page, '/people')
  await page.getByRole('button', { name: 'Add a person' }).click()
  const dialogue = page.getByRole('dialog', { name: 'Add a person' })
  await dialogue.getByLabel('E-mail address').fill(emailOf('viewer'))
  await dialogue.getByLabel('Name').fill('The second')
  await checkA11y(page)
  await dialogue.getByRole('button', { name: 'Add the person' }).click()
  await expect(dialogue).toContainText('There is a person of this address')
  await dialogue.getByLabel('E-mail address').fill('second@example.org')
  await dialogue.getByRole('button', { name: 'Add the person' }).click()
  await expect(dialogue).toBeHidden()
  const link = (await page.getByRole('main').locator('pre').textContent())!.trim()
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/set-up#/)
  const row = page.getByRole('row').filter({ hasText: 'second@example.org' })
  await expect(row).toContainText('invited')

  const context = await browser.newContext()
  const theirs = await context.newPage()
  await theirs.goto(link)
  await comesAlive(theirs)
  await theirs.getByLabel('Password').fill(PASSWORD)
  await theirs.getByRole('button', { name: 'Save and sign in' }).click()
  await expect(theirs).not.toHaveURL(/set-up/)
  await context.close()
  const cookie = await signIn(own.server.url, 'second@example.org')
  const asThem = (path: string, init?: RequestInit) => own.server.fetch(path, { ...init, headers: { cookie, ...init?.headers } })
  const preview = () => asThem('/api/rollbacks/preview', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ actor: 'iu-core-none' }),
  })
  expect((await asThem('/api/templates')).status).toBe(200)
  expect((await preview()).status).toBe(403)

  await open(page, '/people')
  await row.getByRole('combobox').click()
  await page.getByRole('option', { name: 'operator' }).click()
  await expect(row.getByRole('combobox')).toContainText('operator')
  // The role counts from the next request on, in the session that was there.
  await expect.poll(async () => (await preview()).status).toBe(200)

  await row.getByRole('button', { name: 'More for The second' }).click()
  await page.getByRole('menuitem', { name: 'Disable' }).click()
  const question = page.getByRole('alertdialog', { name: 'Disable: The second' })
  await checkA11y(page)
  await question.getByRole('button', { name: 'Cancel' }).click()
  await expect(row).not.toContainText('disabled')
  await row.getByRole('button', { name: 'More for The second' }).click()
  await page.getByRole('menuitem', { name: 'Disable' }).click()
  await question.getByRole('button', { name: 'Disable' }).click()
  await expect(row).toContainText('disabled')
  expect((await asThem('/api/templates')).status).toBe(401)
  await expect(signIn(own.server.url, 'second@example.org')).rejects.toThrow('401')
})

test('a lost second factor is taken off; not the own one', async ({ page, own }) => {
  const email = emailOf('viewer')
  for (const one of [email, emailOf('administrator')]) await addSecondFactor(own.db, one)
  await open(page, '/people')
  const row = page.getByRole('row').filter({ hasText: email })
  const item = page.getByRole('menuitem', { name: 'Take the second factor off' })
  await page.getByRole('button', { name: 'More for The administrator' }).click()
  await expect(item).toBeDisabled()
  await page.keyboard.press('Escape')
  await row.getByRole('button', { name: /^More for/ }).click()
  await item.click()
  const question = page.getByRole('alertdialog', { name: 'Take the second factor off: The viewer' })
  await checkA11y(page)
  await question.getByRole('button', { name: 'Take it off' }).click()
  await expect(row.getByRole('cell', { name: 'off', exact: true })).toBeVisible()
  await row.getByRole('button', { name: /^More for/ }).click()
  await expect(item).toBeDisabled()
})

test('the last administrator stays one', async ({ page }) => {
  tolerate(/status of 409/)
  await open(page, '/people')
  const row = page.getByRole('row').filter({ hasText: emailOf('administrator') })
  await row.getByRole('combobox').click()
  await page.getByRole('option', { name: 'viewer' }).click()
  await expect(row.getByRole('alert')).toBeVisible()
  await expect(row.getByRole('combobox')).toContainText('administrator')
})

test.describe('as a viewer', () => {
  test.use({ as: 'viewer' })

  test('every page reads; what writes says which role it needs', async ({ page }) => {
    tolerate(/status of 403/)
    for (const path of ['/orchestrate', '/rollback', '/scaleout', '/retire', '/erase-lineage']) {
      await open(page, path)
      await expect(page.getByRole('button', { name: 'Preview' })).toBeDisabled()
      await expect(page.getByText('This needs the role operator.')).toBeVisible()
    }
    await open(page, '/gates')
    for (const button of await page.getByRole('button', { name: /^Open iu_core/ }).all()) {
      await expect(button).toBeDisabled()
      await expect(button).toHaveAttribute('title', 'This needs the role administrator.')
    }
    await expect(page.getByRole('navigation').getByRole('link', { name: 'People' })).toHaveCount(0)
    await page.goto('/people')
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('You may not see this')
    await page.goto('/audit')
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('You may not see this')
  })
})

test.describe('as an operator', () => {
  test.use({ as: 'operator' })

  test('previews are there; opening a gate for a run is not', async ({ page }) => {
    await open(page, '/orchestrate')
    await expect(page.getByRole('button', { name: 'Preview' })).toBeEnabled()
    await expect(page.getByText('Opening them inside the transaction needs the role administrator.')).toBeVisible()
    await expect(page.getByRole('switch', { name: /gate/i })).toHaveCount(0)
    await open(page, '/retention')
    await expect(page.getByRole('button', { name: 'Add a policy' })).toBeDisabled()
  })
})

/** Ways in and out: the door, a link, the second factor, and a session that ends while a page is open. */
import type { Browser, Page } from '@playwright/test'
import { sql } from 'kysely'
import { makeInvitation } from '../../server/auth/invitations'
import { checkA11y, expect, test, tolerate } from '../helpers/e2e'
import { PASSWORD, emailOf } from '../helpers/people'
import { totp } from '../helpers/totp'
import { comesAlive, open } from './support'

const WRONG = 'The e-mail address or the password is wrong.'

test.use({ as: null })

async function signIn(page: Page, email: string, password = PASSWORD) {
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
/** Another browser, in which nobody is signed in yet. */
async function inAnotherBrowser(browser: Browser, baseURL: string | undefined, work: (page: Page) => Promise<void>) {
  const context = await browser.newContext({ baseURL })
  await work(await context.newPage())
  await context.close()
}

test('somebody who is not signed in is shown the door, and comes back to where he wanted to go', async ({ page }) => {
  tolerate(/status of 401/)
  await page.goto('/templates?status=current')
  await expect(page).toHaveURL('/sign-in?to=/templates?status=current')
  await comesAlive(page)
  await checkA11y(page)
  await signIn(page, emailOf('viewer'), 'not the password')
  await expect(page.getByRole('main').getByRole('alert')).toHaveText(WRONG)
  await signIn(page, 'nobody@example.org')
  await expect(page.getByRole('main').getByRole('alert')).toHaveText(WRONG)
  await signIn(page, emailOf('viewer'))
  await expect(page).toHaveURL('/templates?status=current')
  await comesAlive(page)

  await page.getByRole('button', { name: `Signed in as ${emailOf('viewer')}, viewer` }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page).toHaveURL('/sign-in')
  await page.goBack()
  await expect(page).toHaveURL(/\/sign-in/)
})

test('nobody is sent to another host from here', async ({ page }) => {
  for (const to of ['//example.org/', 'https://example.org/', '/\\example.org']) {
    await open(page, `/sign-in?to=${encodeURIComponent(to)}`)
    await signIn(page, emailOf('viewer'))
    await expect(page).toHaveURL('/')
    await page.context().clearCookies()
  }
})

test('the link for a new person makes a password, and is good once', async ({ page, db }) => {
  tolerate(/status of 4(00|09)/)
  const { rows: [person] } = await sql<{ id: string }>`
    insert into console.person (email, name) values ('new@example.org', 'Somebody new') returning id`.execute(db)
  const { path } = await makeInvitation(db, { personId: person!.id, by: 'a test', address: null })
  await open(page, path)
  await expect(page).toHaveURL('/set-up')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Choose your password')
  await expect(page.getByLabel('E-mail address')).toHaveValue('new@example.org')
  await expect(page.getByLabel('E-mail address')).toBeDisabled()
  await checkA11y(page)

  const password = page.getByLabel('Password')
  await password.fill('short')
  await page.getByRole('button', { name: 'Save and sign in' }).click()
  await expect(password).toHaveAccessibleDescription(/at least 12 characters/)
  await password.fill('passwordpassword')
  await page.getByRole('button', { name: 'Save and sign in' }).click()
  await expect(password).toHaveAccessibleDescription(/guess/)
  await password.fill(PASSWORD)
  await page.getByRole('button', { name: 'Save and sign in' }).click()
  await expect(page).toHaveURL(/\/(sign-in)?$/)

  await page.goto('about:blank')
  await open(page, path)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This link cannot be used')
  await expect(page.getByRole('main').getByRole('alert')).toHaveText('This link is not good any more.')
  await checkA11y(page)
  await page.getByRole('link', { name: 'Sign in' }).click()
  await signIn(page, 'new@example.org')
  await expect(page).toHaveURL('/')
})

test('a link without what stands behind its # says so', async ({ page }) => {
  await open(page, '/set-up')
  await expect(page.getByRole('main').getByRole('alert')).toContainText('what stands behind its # is missing')
})

test('a second factor: turned on with the app, asked for at the door, with backup codes, and turned off', async ({ page, browser, baseURL }) => {
  test.slow()
  tolerate(/status of 4(00|01)/)
  await open(page, '/sign-in?to=/account')
  await signIn(page, emailOf('operator'))
  await expect(page).toHaveURL('/account')
  await comesAlive(page)
  const section = page.getByRole('region', { name: 'Second factor' })
  await section.getByLabel('Password once more').fill('not the password')
  await section.getByRole('button', { name: 'Turn it on' }).click()
  await expect(section.getByLabel('Password once more')).toHaveAccessibleDescription('is not the password of this account')
  await section.getByLabel('Password once more').fill(PASSWORD)
  await section.getByRole('button', { name: 'Turn it on' }).click()
  await expect(section.getByRole('img', { name: 'QR code for the authenticator app' })).toBeVisible()
  await checkA11y(page)
  const [key, codes] = await section.locator('code, pre').allTextContents()
  const uri = `otpauth://totp/x?secret=${key!.trim()}`
  await section.getByLabel('The app’s first code').fill('000000')
  await section.getByRole('button', { name: 'Turn it on' }).click()
  await expect(section).toContainText(/wrong/)
  await section.getByLabel('The app’s first code').fill(totp(uri))
  await section.getByRole('button', { name: 'Turn it on' }).click()
  await expect(section).toContainText('Signing in takes a code of your app.')

  const [backup] = codes!.trim().split('\n')
  await inAnotherBrowser(browser, baseURL, async (other) => {
    await open(other, '/sign-in')
    await signIn(other, emailOf('operator'))
    await expect(other.getByRole('heading', { level: 1 })).toHaveText('Second factor')
    // The password alone opens nothing.
    expect((await other.request.get('/api/templates')).status()).toBe(401)
    await other.getByLabel('Code').fill('000000')
    await other.getByRole('button', { name: 'Go on' }).click()
    await expect(other.getByRole('main').getByRole('alert')).toBeVisible()
    await other.getByLabel('Code').fill(backup!)
    await other.getByRole('button', { name: 'Go on' }).click()
    await expect(other).toHaveURL('/')
  })
  await inAnotherBrowser(browser, baseURL, async (other) => {
    await open(other, '/sign-in')
    await signIn(other, emailOf('operator'))
    await other.getByLabel('Code').fill(backup!)
    await other.getByRole('button', { name: 'Go on' }).click()
    await expect(other.getByRole('main').getByRole('alert')).toBeVisible()
    await other.getByLabel('Code').fill(totp(uri, 1))
    await other.getByRole('button', { name: 'Go on' }).click()
    await expect(other).toHaveURL('/')
  })

  await section.getByLabel('Password once more').fill(PASSWORD)
  await section.getByRole('button', { name: 'Turn it off' }).click()
  await expect(section).toContainText('Signing in takes the password alone.')
})

test('a session that ends while a page is open: what was typed stays, and a sign-in beside it brings everything back', async ({ page, db }) => {
  tolerate(/status of 401/)
  await open(page, '/sign-in?to=/rollback')
  await signIn(page, emailOf('operator'))
  await expect(page).toHaveURL('/rollback')
  await comesAlive(page)
  await page.getByLabel('Actor').fill('iu-core-typed')
  await sql`delete from console.session`.execute(db)
  await page.getByRole('button', { name: 'Preview' }).click()
  const notice = page.getByRole('alert').filter({ hasText: 'You are signed out' })
  await expect(notice).toBeVisible()
  await checkA11y(page)
  await expect(page.getByLabel('Actor')).toHaveValue('iu-core-typed')
  const [beside] = await Promise.all([page.waitForEvent('popup'), notice.getByRole('link', { name: 'Sign in again' }).click()])
  await comesAlive(beside)
  await signIn(beside, emailOf('operator'))
  await expect(beside).toHaveURL('/rollback')
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(notice).toBeHidden()
  await expect(page.getByLabel('Actor')).toHaveValue('iu-core-typed')
})

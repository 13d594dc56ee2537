/** What the browser gets to keep of a session, how passwords go in, and that the way out is always in sight. */
import type { Locator, Page } from '@playwright/test'
import { sql } from 'kysely'
import { makeInvitation } from '../../server/auth/invitations'
import { startConsole } from '../helpers/console'
import { expect, test, tolerate } from '../helpers/e2e'
import { startIdentityProvider } from '../helpers/identity-provider'
import { PASSWORD, emailOf } from '../helpers/people'
import { DETAIL_PAGES, PAGES, addressOf } from './pages'
import { byToken, comesAlive, open } from './support'

const FOR_ANYONE = ['/set-up', '/sign-in']

test.describe('a field for a password', () => {
  test.use({ as: null })

  /** By keys alone, out of a field that shows what is in it. */
  async function pastes(from: Locator, into: Locator) {
    const text = 'pasted by a manager'
    await from.fill(text)
    await from.press('ControlOrMeta+a')
    await from.press('ControlOrMeta+c')
    await into.fill('')
    await into.press('ControlOrMeta+v')
    await expect(into).toHaveValue(text)
    await into.press('End')
    await into.press('Backspace')
    await expect(into).toHaveValue(text.slice(0, -1))
    await into.fill('')
  }
  /** All that ask for one are masked, and say to a password manager what they are. */
  async function expectMasked(page: Page, kinds: string[]) {
    const fields = page.getByLabel(/password/i).and(page.locator('input'))
    await expect(fields).toHaveCount(kinds.length)
    const found = await fields.evaluateAll(inputs => (inputs as HTMLInputElement[]).map(({ type, autocomplete, readOnly, maxLength, form }) => ({ type, autocomplete, readOnly, maxLength, inForm: form !== null })))
    expect(found).toEqual(kinds.map(autocomplete => ({ type: 'password', autocomplete, readOnly: false, maxLength: -1, inForm: true })))
  }

  test('at the door', async ({ page }) => {
    await open(page, '/sign-in')
    await expectMasked(page, ['current-password'])
    await pastes(page.getByLabel('E-mail address'), page.getByLabel('Password'))
  })

  test('behind a link', async ({ page, db }) => {
    const { rows: [person] } = await sql<{ id: string }>`
      insert into console.person (email, name) values ('pasting@example.org', 'Somebody new') returning id`.execute(db)
    await open(page, (await makeInvitation(db, { personId: person!.id, by: 'a test', address: null })).path)
    await expectMasked(page, ['new-password'])
    await pastes(page.getByLabel('Name'), page.getByLabel('Password'))
  })

  test.describe('in the account', () => {
    test.use({ as: 'viewer' })
    test('all three', async ({ page }) => {
      await open(page, '/account')
      await expectMasked(page, ['current-password', 'new-password', 'current-password'])
      for (const label of ['Present password', 'New password', 'Password once more']) await pastes(page.getByLabel('What it is for'), page.getByLabel(label))
    })
  })
})

test('the way out is in sight on every page, wide and narrow', async ({ page, db, own }) => {
  test.setTimeout(240_000)
  await own.server.fetch('/api/rollbacks/preview', {
    ...byToken(own), method: 'POST', headers: { ...byToken(own).headers, 'content-type': 'application/json' }, body: JSON.stringify({ actor: 'iu-core-25000x-bulk' }),
  })
  const signedIn = page.getByRole('button', { name: `Signed in as ${emailOf('administrator')}, administrator` })
  const signOut = page.getByRole('menuitem', { name: 'Sign out' })
  const addresses = [...PAGES.filter(path => !FOR_ANYONE.includes(path)), ...await Promise.all(DETAIL_PAGES.map(route => addressOf(db, route))), '/no-such-page']
  expect(addresses.length).toBeGreaterThan(20)
  for (const path of addresses) {
    await page.setViewportSize({ width: 1440, height: 900 })
    if (path === '/no-such-page') tolerate(/status of 404/)
    await open(page, path)
    await expect(signedIn.filter({ visible: true }), path).toBeInViewport()
    await signedIn.filter({ visible: true }).click()
    await expect(signOut, path).toBeInViewport()
    await page.keyboard.press('Escape')
    await expect(signOut).toBeHidden()
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole('button', { name: 'Open the navigation' }).click()
    await expect(page.getByRole('dialog').getByRole('button', { name: /^Signed in as/ }), path).toBeVisible()
  }
  await page.getByRole('dialog').getByRole('button', { name: /^Signed in as/ }).click()
  await signOut.click()
  await expect(page).toHaveURL('/sign-in')
})

test.describe('what is kept in the browser', () => {
  test.use({ as: null })
  /** What an operator chose to see; nothing else. */
  const ALLOWED = { localStorage: ['nuxt-color-mode'], sessionStorage: [] as string[], cookies: /^columns-[a-z-]+$/ }

  /** Everything that a script of the page could read, and what it could not. */
  const kept = (page: Page) => page.evaluate(async () => ({
    localStorage: { ...localStorage } as Record<string, string>,
    sessionStorage: { ...sessionStorage } as Record<string, string>,
    cookies: document.cookie.split('; ').filter(Boolean),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    history: JSON.stringify(history.state),
  }))
  async function expectNothingSensitive(page: Page, secrets: string[]) {
    const now = await kept(page)
    expect(Object.keys(now.localStorage).filter(key => !ALLOWED.localStorage.includes(key))).toEqual([])
    expect(Object.keys(now.sessionStorage).filter(key => !ALLOWED.sessionStorage.includes(key))).toEqual([])
    expect(now.cookies.map(cookie => cookie.split('=')[0]!).filter(name => !ALLOWED.cookies.test(name))).toEqual([])
    expect([now.databases, now.caches, now.workers]).toEqual([[], [], 0])
    for (const secret of secrets) expect(decodeURIComponent(JSON.stringify(now)).includes(secret), secret).toBe(false)
  }

  test('is how he likes to see things, and nothing of who he is or what he saw', async ({ page, context }) => {
    test.slow()
    await open(page, '/sign-in?to=/account')
    await page.getByLabel('E-mail address').fill(emailOf('operator'))
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page).toHaveURL('/account')
    await comesAlive(page)
    const tokens = page.getByRole('region', { name: 'Tokens' })
    await tokens.getByLabel('What it is for').fill('a script')
    await tokens.getByRole('button', { name: 'Make a token' }).click()
    const token = (await tokens.locator('pre').textContent())!.trim()
    const session = (await context.cookies()).find(({ name }) => name === '__Host-iu-session')!
    expect([session.httpOnly, session.secure, session.sameSite]).toEqual([true, true, 'Lax'])
    const secrets = [PASSWORD, token, session.value, decodeURIComponent(session.value), emailOf('operator'), 'tpl:wf:onboarding']
    await expectNothingSensitive(page, secrets)

    // What may be kept: light or dark, and which columns are shown.
    await page.getByRole('button', { name: 'Light or dark' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Dark' }).click()
    await open(page, '/templates')
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitemcheckbox').first().click()
    for (const path of ['/', '/events', '/gates', '/runs', '/rollback', '/orchestrate', '/pieces', '/templates']) {
      await open(page, path)
      await expectNothingSensitive(page, secrets)
    }
    const now = await kept(page)
    expect(Object.keys(now.localStorage)).toEqual(['nuxt-color-mode'])
    expect(now.cookies.map(cookie => cookie.split('=')[0])).toContain('columns-templates')

    await page.getByRole('button', { name: /^Signed in as/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await expect(page).toHaveURL('/sign-in')
    await comesAlive(page)
    await expectNothingSensitive(page, secrets)
    expect((await context.cookies()).filter(({ name }) => !ALLOWED.cookies.test(name))).toEqual([])
  })

  test('after a look at the door is nothing: a session begins when it is asked for, with an identity provider as well', async ({ browser, own }) => {
    const client = { id: 'iu-console', secret: 'what the provider and the console know' }
    const provider = await startIdentityProvider(client)
    const server = await startConsole(own.databaseUrl, { IU_OIDC_ISSUER: provider.issuer, IU_OIDC_CLIENT_ID: client.id, IU_OIDC_CLIENT_SECRET: client.secret, IU_OIDC_NAME: 'Example sign-on' })
    const context = await browser.newContext({ baseURL: server.url })
    const sessions = async () => (await sql`select from console.session`.execute(own.db)).rows.length
    try {
      const before = await sessions()
      const page = await context.newPage()
      for (const path of ['/sign-in', '/templates', '/sign-in?to=/templates']) {
        await open(page, path)
        await expect(page).toHaveURL(/\/sign-in/)
        await expect(page.getByRole('link', { name: 'Sign in with Example sign-on' })).toBeVisible()
        await page.waitForLoadState('networkidle')
      }
      expect(await context.cookies()).toEqual([])
      expect([provider.asked, await sessions()]).toEqual([[], before])
      // What it is told apart by: whoever clicks does go there, with the first click.
      await page.getByRole('link', { name: 'Sign in with Example sign-on' }).click()
      await expect.poll(() => provider.asked.length).toBe(1)
    }
    finally {
      await context.close()
      await server.stop()
      await provider.stop()
    }
  })
})

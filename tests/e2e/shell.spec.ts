import type { Db } from '../../server/db/client'
import { expect, test, tolerate } from '../helpers/e2e'
import { DETAIL_PAGES, PAGES, addressOf, expectNothingSticksOut } from './pages'
import { ONBOARDING, SUPPORT_TEAM, byToken, collection, comesAlive, open, replayOperation } from './support'

const UNKNOWN = '00000000-0000-4000-8000-000000000000'

test.beforeAll(async ({ db, own }) => {
  await replayOperation(db)
  // So that there is a run to come by.
  await fetch(`${own.server.url}/api/rollbacks/preview`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'authorization': `Bearer ${own.tokens.administrator}` }, body: JSON.stringify({ actor: 'iu-core-25000x-bulk' }),
  })
})

/** Those that no link leads to: the doors, and the account, which is behind one's name. */
const WITHOUT_LINK = ['/sign-in', '/set-up', '/account']
/** The address of every page, one of each kind that is about one thing. */
const everyAddress = async (db: Db) => [...PAGES, ...await Promise.all(DETAIL_PAGES.map(route => addressOf(db, route)))]

test('every page is reached by clicking from the overview, answers well and has one heading', async ({ page, db, own }) => {
  // Some two hundred addresses.
  test.slow()
  const found = new Set(['/'])
  for (const address of found) {
    const answer = await page.request.get(address, byToken(own))
    const html = await answer.text()
    expect.soft(answer.status(), address).toBe(200)
    // A download, not a page.
    if (address.startsWith('/api/')) continue
    expect.soft(html.match(/<h1[\s>]/g), address).toHaveLength(1)
    expect.soft(html, address).toMatch(/<title>[^<]+ · IU Console<\/title>/)
    for (const [, link] of html.matchAll(/<a [^>]*href="(\/[^"#]*)"/g)) found.add(link!.replaceAll('&amp;', '&'))
  }
  const paths = new Set([...found].map(address => decodeURIComponent(address.split('?')[0]!)))
  for (const path of await everyAddress(db)) if (!WITHOUT_LINK.includes(path)) expect(paths).toContain(decodeURIComponent(path))
})

test('the search finds a template, a family, an instance, an actor and a page by keyboard alone', async ({ page, db }) => {
  await open(page, '/')
  const finds: [typed: string, option: RegExp, address: string | RegExp][] = [
    [ONBOARDING, /tpl:wf:onboarding\/v2/, `/templates/${await collection(db, ONBOARDING)}`],
    ['onboarding', /^tpl:wf:onboardingOnboarding procedure/, /\/families\/tpl(:|%3A)wf(:|%3A)onboarding$/],
    [SUPPORT_TEAM, /v2-1/, `/instances/${await collection(db, SUPPORT_TEAM)}`],
    ['25000x-durable', /^iu-core-25000x-durable/, '/events?actor=iu-core-25000x-durable'],
    ['gates', /^Gates/, '/gates'],
  ]
  for (const [typed, option, address] of finds) {
    await page.keyboard.press('ControlOrMeta+k')
    const dialogue = page.getByRole('dialog', { name: 'Find anything' })
    await expect(dialogue.getByRole('textbox')).toBeFocused()
    await page.keyboard.type(typed)
    const wanted = dialogue.getByRole('option', { name: option })
    await expect(wanted).toBeVisible()
    // Arrows until it is marked, as an operator does; the first hit is marked already.
    await expect(async () => {
      if (await wanted.getAttribute('data-highlighted') === null) await page.keyboard.press('ArrowDown')
      await expect(wanted).toHaveAttribute('data-highlighted', '', { timeout: 100 })
    }).toPass()
    await page.keyboard.press('Enter')
    await expect(dialogue).toBeHidden()
    await expect(page).toHaveURL(address)
  }
})

test('the search says what it did not find', async ({ page }) => {
  await open(page, '/')
  await page.getByRole('button', { name: 'Find anything' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('<b>nothing</b>')
  await expect(page.getByText('Nothing is called “<b>nothing</b>”.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
})

test('keys: / filters, g and a letter go to a page, ? shows them; typing is left alone', async ({ page }) => {
  await open(page, '/')
  await page.keyboard.press('g')
  await page.keyboard.press('t')
  await expect(page.getByRole('heading', { level: 1, name: 'Templates' })).toBeVisible()
  await page.keyboard.press('/')
  const filter = page.getByRole('searchbox')
  await expect(filter).toBeFocused()
  await page.keyboard.type('g/?')
  await expect(filter).toHaveValue('g/?')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await filter.blur()

  await page.keyboard.press('?')
  const shortcuts = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await expect(shortcuts).toContainText('Filter this page')
  await page.keyboard.press('Escape')
  await expect(shortcuts).toBeHidden()
  for (const [key, heading] of [['e', 'Events'], ['f', 'Families'], ['o', 'Orchestrate'], ['r', 'Roll back by actor'], ['g', 'Gates']] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
  }
})

test('light, dark and as the system: chosen once, there from the first paint', async ({ page }) => {
  // What the page is like at the moment its body begins.
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.body) return
      sessionStorage.setItem('first', document.documentElement.className)
      observer.disconnect()
    }).observe(document, { childList: true, subtree: true })
  })
  const first = () => page.evaluate(() => sessionStorage.getItem('first'))
  const choose = async (mode: string) => {
    await page.getByRole('button', { name: 'Light or dark' }).click()
    await page.getByRole('menuitemcheckbox', { name: mode }).click()
    await page.keyboard.press('Escape')
  }
  const root = page.locator('html')

  await page.emulateMedia({ colorScheme: 'light' })
  await open(page, '/templates')
  await expect(root).toHaveClass(/\blight\b/)
  await choose('Dark')
  await expect(root).toHaveClass(/\bdark\b/)
  await page.reload()
  expect(await first()).toContain('dark')
  await comesAlive(page)
  await expect(root).toHaveClass(/\bdark\b/)

  await choose('Light')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.reload()
  expect(await first()).toContain('light')
  await comesAlive(page)

  await choose('As the system')
  await expect(root).toHaveClass(/\bdark\b/)
  await page.emulateMedia({ colorScheme: 'light' })
  await expect(root).toHaveClass(/\blight\b/)
})

test('nothing moves for who asked for less motion', async ({ page }) => {
  const moving = () => page.evaluate(() => [...document.querySelectorAll('*')].filter((element) => {
    const { animationDuration, animationName, transitionDuration } = getComputedStyle(element)
    const longest = (durations: string) => Math.max(...durations.split(',').map(Number.parseFloat))
    return longest(transitionDuration) > 0.001 || (animationName !== 'none' && longest(animationDuration) > 0.001)
  }).length)
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  await open(page, '/events')
  expect(await moving()).toBeGreaterThan(0)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  expect(await moving()).toBe(0)
})

test('breadcrumbs lead back up', async ({ page, db }) => {
  await open(page, `/instances/${await collection(db, SUPPORT_TEAM)}`)
  const crumbs = page.getByRole('navigation', { name: 'Breadcrumb' })
  await expect(crumbs).toContainText(SUPPORT_TEAM)
  await crumbs.getByRole('link', { name: ONBOARDING }).click()
  await expect(page).toHaveURL(`/templates/${await collection(db, ONBOARDING)}`)
  await crumbs.getByRole('link', { name: 'Templates' }).click()
  await expect(page).toHaveURL('/templates')
})

test('an address that leads nowhere is told as that, with a way on', async ({ page }) => {
  tolerate(/status of 40[04]/)
  for (const path of ['/nowhere', `/templates/${UNKNOWN}`, `/instances/${UNKNOWN}`, `/pieces/${UNKNOWN}`, `/runs/${UNKNOWN}`, '/families/no-such-family']) {
    const answer = await open(page, path)
    expect(answer!.status(), path).toBe(404)
    await expect(page.getByRole('heading', { level: 1, name: 'There is nothing at this address' })).toBeVisible()
  }
  const malformed = await open(page, '/templates/not-an-id')
  expect(malformed!.status()).toBe(400)
  await expect(page.getByRole('heading', { level: 1, name: 'This address cannot be read' })).toBeVisible()
  await page.getByRole('button', { name: 'Back to the overview' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'All is well' })).toBeVisible()
})

test('in a low window the navigation shows the page one is on', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 500 })
  await open(page, '/people')
  const link = (name: string) => page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name })
  await expect(link('People')).toBeInViewport({ ratio: 1 })
  await expect(link('Overview')).not.toBeInViewport()
  await page.getByRole('link', { name: 'IU Console' }).click()
  await expect(link('Overview')).toBeInViewport({ ratio: 1 })
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } })

  test('no page scrolls sideways', async ({ page, db }) => {
    for (const path of await everyAddress(db)) {
      await open(page, path)
      await expectNothingSticksOut(page)
    }
  })

  test('the navigation slides in and goes when it has done its work', async ({ page }) => {
    await open(page, '/')
    await expect(page.getByRole('navigation', { name: 'Console' })).toBeHidden()
    await page.getByRole('button', { name: 'Open the navigation' }).click()
    const drawer = page.getByRole('dialog', { name: 'IU Console' })
    await drawer.getByRole('link', { name: 'Events' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Events' })).toBeVisible()
    await expect(drawer).toBeHidden()
  })
})

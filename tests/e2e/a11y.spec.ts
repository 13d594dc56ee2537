import type { Page } from '@playwright/test'
import type { OwnConsole } from '../helpers/console'
import { checkA11y, expect, test } from '../helpers/e2e'
import { DETAIL_PAGES, PAGES, addressOf, expectNothingSticksOut } from './pages'
import { ONBOARDING, collection, onEmptyDatabase, open, removePiece, replayOperation } from './support'

const WIDTHS = [{ width: 1440, height: 900 }, { width: 390, height: 844 }]
const SCHEMES = ['light', 'dark'] as const
const EDITED = 'tpl-inst:auto:25000x-bulk-wf-001'

test.describe.configure({ mode: 'parallel' })

/** Checks the page as it stands, light and dark. */
async function bothSchemes(page: Page) {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme })
    await expect(page.locator('html')).toHaveClass(new RegExp(`\\b${colorScheme}\\b`))
    await checkA11y(page)
  }
}

/** Has one run of its own kept, so that there is one to open. */
async function somethingOnRecord({ server, tokens }: OwnConsole) {
  const answer = await server.fetch('/api/rollbacks/preview', {
    method: 'POST', headers: { 'content-type': 'application/json', 'authorization': `Bearer ${tokens.administrator}` }, body: JSON.stringify({ actor: 'iu-core-25000x-bulk' }),
  })
  expect(answer.status).toBe(200)
}

/** Checks a page in both widths, light and dark. */
async function everyLook(page: Page, path: string) {
  await open(page, path)
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
  for (const size of WIDTHS) {
    await page.setViewportSize(size)
    await bothSchemes(page)
    await expectNothingSticksOut(page)
  }
}

test.describe('with the replayed operation and one instance edited by hand', () => {
  test.beforeAll(async ({ db, own }) => {
    await replayOperation(db)
    await somethingOnRecord(own)
    await removePiece(db, EDITED, 'wf/onboarding/accounts')
  })

  for (const path of PAGES) test(path, ({ page }) => everyLook(page, path))

  for (const route of DETAIL_PAGES) test(route, async ({ page, db }) => everyLook(page, await addressOf(db, route)))

  test('a family with a piece added', ({ page }) => everyLook(page, `/families/${encodeURIComponent('tpl:file:status-report')}`))
  test('an instance edited by hand', async ({ page, db }) => everyLook(page, `/instances/${await collection(db, EDITED)}`))

  test('what opens over a page: search, shortcuts, drawers, dialogues, menus', async ({ page }) => {
    const dialogue = page.getByRole('dialog')
    const openers: [path: string, action: () => Promise<void>][] = [
      ['/', async () => {
        await page.keyboard.press('ControlOrMeta+k')
        await page.keyboard.type('bulk')
        await dialogue.getByRole('option', { name: /bulk/ }).first().waitFor()
      }],
      ['/', () => page.keyboard.press('?')],
      ['/templates', () => page.getByRole('row').filter({ hasText: ONBOARDING }).click()],
      ['/events?match=diverged', async () => {
        await page.getByRole('cell', { name: '25000x-bulk-wf-001' }).click({ position: { x: 5, y: 5 } })
        await dialogue.getByRole('row').first().waitFor()
      }],
      ['/gates', () => page.getByRole('button', { name: 'Open iu_core.composer_enabled' }).click()],
      [`/families/${encodeURIComponent('tpl:wf:onboarding')}`, () => page.getByRole('button', { name: 'Retire a version' }).click()],
      [`/families/${encodeURIComponent('tpl:wf:onboarding')}`, () => page.getByRole('button', { name: 'Register a version' }).click()],
    ]
    for (const [path, action] of openers) {
      await open(page, path)
      await action()
      await expect(dialogue).toBeVisible()
      await bothSchemes(page)
    }
    await page.setViewportSize(WIDTHS[1]!)
    await open(page, '/')
    await page.getByRole('button', { name: 'Open the navigation' }).click()
    await expect(dialogue).toBeVisible()
    await bothSchemes(page)
  })

  test('a run on paper: its record in dark on white, nothing of the frame around it', async ({ page, db }) => {
    const address = await addressOf(db, '/runs/[id]')
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, media: 'print' })
      await open(page, address)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(page.getByRole('navigation')).toHaveCount(0)
      await expect(page.getByRole('banner')).toHaveCount(0)
      await expect(page.locator('body')).toHaveCSS('background-color', 'rgb(255, 255, 255)')
      await checkA11y(page)
    }
  })

  test('menus', async ({ page }) => {
    await open(page, '/templates')
    for (const button of ['Columns', 'Export', 'Light or dark']) {
      await page.getByRole('button', { name: button }).click()
      await expect(page.getByRole('menu')).toBeVisible()
      await bothSchemes(page)
      await page.keyboard.press('Escape')
    }
  })

  test('a preview, its confirmation, a run and a refusal', async ({ page, own }) => {
    await open(page, '/rollback?actor=iu-core-25000x-bulk')
    await page.getByText('Live', { exact: true }).click()
    await page.getByRole('button', { name: 'Preview', exact: true }).click()
    await page.getByRole('button', { name: 'Roll back 12 instances' }).waitFor()
    for (const size of WIDTHS) {
      await page.setViewportSize(size)
      await bothSchemes(page)
    }
    await page.getByRole('button', { name: 'Roll back 12 instances' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await bothSchemes(page)
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: /^preview [0-9a-f]{8}$/ }).click()
    await page.getByRole('heading', { level: 1, name: 'Rollback of' }).waitFor()
    await bothSchemes(page)

    const refused = await page.request.put(`${own.server.url}/api/gates/iu_core.composer_enabled`, { data: { open: true, actor: 'a', reason: '' } })
    expect(refused.status()).toBe(400)
    await open(page, '/orchestrate')
    await page.getByRole('button', { name: 'Preview', exact: true }).click()
    await expect(page.getByText('a suffix is needed')).toBeVisible()
    await bothSchemes(page)
  })
})

onEmptyDatabase.describe('on an empty database', () => {
  for (const path of PAGES) onEmptyDatabase(`${path} stands`, ({ page }) => everyLook(page, path))

  const EMPTY: Record<string, string | RegExp> = {
    '/': 'No event has made an instance yet',
    '/templates': 'There are no templates yet',
    '/families': 'There are no families yet',
    '/events': 'Nothing has been orchestrated yet',
    '/orchestrate': 'Nothing previewed yet',
    '/rollback': 'Nothing previewed yet',
    '/outbox': 'The outbox is empty',
    '/outbox/delivery': 'Without a route every event stays in the outbox',
    '/sharing': 'There are no templates yet',
    '/invariants': 'No snapshot was taken yet',
    '/retention': 'Nothing was ever removed',
    '/gates': /All \d+ gates are closed/,
  }
  onEmptyDatabase('a list says why it is empty', async ({ page }) => {
    for (const [path, words] of Object.entries(EMPTY)) {
      await open(page, path)
      await expect(page.getByText(words)).toBeVisible()
    }
  })
})

import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/e2e'
import { byToken, collection, compose, open, reload, removePiece, replayOperation } from './support'

const log = (page: Page) => page.getByRole('table', { name: 'Auto-instantiate event log' })
const rows = (page: Page) => log(page).getByRole('row').filter({ has: page.getByRole('cell') })
const summary = (page: Page) => page.getByRole('table', { name: 'Instances per template and mode' })
async function choose(page: Page, menu: string, item: string) {
  await page.getByRole('search').getByLabel(menu, { exact: true }).click()
  await page.getByRole('option', { name: item, exact: true }).click()
}

test('on the fresh demo data: why there is nothing, and what would change that', async ({ page }) => {
  await open(page, '/events')
  await expect(page.getByText('Nothing has been orchestrated yet')).toBeVisible()
  await expect(page.getByText('npm run db:replay')).toBeVisible()
  await page.getByRole('link', { name: 'Orchestrate an instance' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Orchestrate' })).toBeVisible()
})

test.describe('after the replayed operation', () => {
  test.beforeAll(({ db }) => replayOperation(db))

  test('the summary and the log', async ({ page }) => {
    await open(page, '/events')
    await expect(summary(page).getByRole('row').filter({ hasText: 'status-report/v2' })).toContainText(/live\s*4\s*4\s*1\s*4\s*4\s*4 match/)
    await expect(summary(page).getByRole('row').filter({ hasText: 'onboarding/v2' })).toContainText(/live\s*9\s*9\s*2\s*9\s*9\s*9 match/)
    await expect(rows(page)).toHaveCount(13)
    await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText('13 of 13 events')
    const durable = rows(page).filter({ hasText: '25000x-durable-001' })
    await expect(durable).toContainText('live')
    await expect(durable).toContainText('iu-core-25000x-durable')
    await expect(durable).toContainText('matches')
    await expect(durable.getByRole('time')).toHaveAttribute('title', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)

    // A figure of the summary leads to its rows.
    await summary(page).getByRole('link', { name: '4 instances: show their events' }).click()
    await expect(rows(page)).toHaveCount(4)
  })

  test('filters live in the address, and an export takes them along', async ({ page, own }) => {
    await open(page, '/events')
    await choose(page, 'Actor', 'iu-core-25000x-bulk')
    await expect(rows(page)).toHaveCount(12)
    await choose(page, 'Template', 'tpl:file:status-report/v2')
    await expect(rows(page)).toHaveCount(4)
    await page.getByRole('searchbox').fill('file-003')
    await expect(rows(page)).toHaveCount(1)
    await reload(page)
    await expect(rows(page)).toHaveCount(1)
    await page.goBack()
    await expect(rows(page)).toHaveCount(12)

    await page.getByRole('button', { name: 'Export' }).click()
    const link = await page.getByRole('menuitem', { name: 'JSON' }).getAttribute('href')
    const exported: { triggered_by: string }[] = await (await page.request.get(link!, byToken(own))).json()
    expect(exported).toHaveLength(12)
    expect(new Set(exported.map(row => row.triggered_by))).toEqual(new Set(['iu-core-25000x-bulk']))

    await choose(page, 'Mode', 'Dry run')
    await expect(page.getByText('No event matches these filters')).toBeVisible()
    await page.getByRole('main').getByRole('button', { name: 'Clear filters' }).last().click()
    await expect(rows(page)).toHaveCount(13)
    await expect(page).toHaveURL('/events')
  })

  test('a row opens beside the log and names what differs; Enter follows', async ({ page, db }) => {
    await removePiece(db, 'tpl-inst:auto:25000x-bulk-wf-007', 'wf/onboarding/first-day')
    await open(page, '/events?match=diverged')
    await rows(page).getByRole('cell').nth(4).click()
    const drawer = page.getByRole('dialog')
    await expect(drawer).toContainText('tpl-inst:auto:25000x-bulk-wf-007')
    await expect(drawer.getByRole('row').filter({ hasText: 'removed' })).toContainText('Your first day')
    await page.keyboard.press('Escape')
    await expect(drawer).toBeHidden()

    await open(page, '/events')
    await rows(page).first().focus()
    await page.keyboard.press('ArrowDown')
    await expect(rows(page).nth(1)).toBeFocused()
    await page.keyboard.press('Space')
    await expect(drawer).toBeVisible()
    const key = await drawer.getByText(/^tpl-inst:auto:/).innerText()
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(`/instances/${await collection(db, key)}`)
  })

  test('new events wait at the top until they are asked for; what is read stays where it is', async ({ page, db }) => {
    await page.setViewportSize({ width: 1280, height: 500 })
    await open(page, '/events')
    const read = rows(page).filter({ hasText: '25000x-durable-001' })
    await read.scrollIntoViewIfNeeded()
    const count = await rows(page).count()
    const place = await read.boundingBox()

    await compose(db, { suffix: 'newer-001' })
    await compose(db, { suffix: 'newer-002', mode: 'dry_run' })
    const waiting = page.getByRole('button', { name: '2 new events' })
    await expect(waiting).toBeAttached()
    expect(await read.boundingBox()).toEqual(place)
    await expect(rows(page)).toHaveCount(count)

    await waiting.click()
    await expect(rows(page).first()).toContainText('newer-002')
    await expect(rows(page).first()).toContainText('dry run')
    await expect(rows(page).nth(1)).toContainText('newer-001')
    await expect(waiting).toHaveCount(0)
    await expect(summary(page).getByRole('row').filter({ hasText: 'dry run' })).toContainText(/dry run\s*1/)
  })
})

import type { Page } from '@playwright/test'
import { sql } from 'kysely'
import type { Db } from '../../server/db/client'
import { checkA11y, expect, test, tolerate } from '../helpers/e2e'
import { open, openGates, reload } from './support'

const ROUTE = 'composed-to-log'
const main = (page: Page) => page.getByRole('main')
const result = (page: Page) => page.getByRole('region', { name: 'Result' })
const dialogue = (page: Page, name: string) => page.getByRole('dialog', { name })
const logRows = async (db: Db) => (await sql`select from public.event_outbox_delivery_log`.execute(db)).rows.length

test.describe.configure({ mode: 'serial', timeout: 120_000 })

/** Checks the page as it stands in both widths, light and dark, once the last notice has gone. */
async function everyLook(page: Page) {
  await expect(page.getByRole('region', { name: /^Notifications/ }).getByRole('alert')).toHaveCount(0)
  for (const size of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    await page.setViewportSize(size)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await expect(page.locator('html')).toHaveClass(new RegExp(`\\b${colorScheme}\\b`))
      await checkA11y(page)
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'nothing sticks out').toBe(true)
  }
}

async function sign(page: Page, name: string, submit: string, { reason = true } = {}) {
  const box = dialogue(page, name)
  await box.getByLabel('Actor').fill('e2e-operator')
  if (reason) await box.getByLabel('Reason').fill('for the test')
  await box.getByRole('button', { name: submit }).click()
}

test('the outbox shows its events, filtered in the address, and one beside the list with its payload', async ({ page }) => {
  await open(page, '/')
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Outbox' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Outbox' })).toBeVisible()
  await expect(main(page)).toContainText('50 of 139 events')
  await main(page).getByRole('link', { name: '14 events: show them' }).click()
  await expect(main(page)).toContainText('14 of 14 events')
  await expect(page).toHaveURL(/domain=system/)
  await reload(page)
  await expect(main(page)).toContainText('14 of 14 events')

  await page.getByRole('row', { name: /system\.backup_verified/ }).last().click()
  const drawer = dialogue(page, 'Outbox event')
  await expect(drawer).toContainText('"result": "restorable"')
  await expect(drawer).toContainText('No route leads out for this type')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await page.getByPlaceholder('Filter by type, subject or actor').fill('nothing like it')
  await expect(main(page)).toContainText('No event matches these filters')
})

test('without a route nothing is due; a route for an internal-only type is refused', async ({ page, db }) => {
  await open(page, '/outbox')
  await page.getByRole('navigation', { name: 'Outbox' }).getByRole('link', { name: 'Delivery' }).click()
  await expect(main(page)).toContainText('No route is registered: every event stays inside.')
  await expect(main(page)).toContainText('The internal-only boundary holds.')
  await everyLook(page)
  await page.setViewportSize({ width: 1440, height: 900 })

  tolerate(/status of 409/)
  await page.getByRole('button', { name: 'Register a route' }).click()
  const box = dialogue(page, 'Register a route')
  await box.getByLabel('Event type').click()
  await page.getByRole('option', { name: /instance_auto_composed/ }).click()
  await expect(box).toContainText('This type stays inside')
  await box.getByLabel('Route key').fill(ROUTE)
  await sign(page, 'Register a route', 'Register the route', { reason: false })
  await expect(box).toContainText('internal_only_refused')

  await box.getByLabel('Event type').click()
  await page.getByRole('option', { name: 'iu.collection.composed' }).click()
  await expect(box).toContainText('10 events of this type in the outbox become due')
  await sign(page, 'Register a route', 'Register the route', { reason: false })
  await expect(page.getByRole('row', { name: ROUTE })).toContainText('not live')
  expect((await sql`select from public.route_registry`.execute(db)).rows).toHaveLength(1)
})

test('a step is refused while the gate is closed; previewed and run with the gate opened inside, it delivers', async ({ page, db }) => {
  tolerate(/status of 409/)
  await open(page, '/outbox/delivery')
  await page.getByRole('button', { name: 'Live routes' }).click()
  await dialogue(page, 'Set the live routes').getByRole('checkbox', { name: ROUTE }).click()
  await sign(page, 'Set the live routes', 'Set the live routes')
  await expect(page.getByRole('row', { name: ROUTE }).getByText('live', { exact: true })).toBeVisible()

  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await expect(result(page)).toContainText('would be tried')
  await expect(result(page).getByRole('row')).toHaveCount(1 + 10)

  await page.getByText('Live', { exact: true }).click()
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await expect(result(page)).toContainText('The delivery gate is closed')
  expect(await logRows(db)).toBe(0)

  await page.getByRole('switch', { name: /Open it inside the transaction/ }).click()
  await page.getByLabel('Deliveries at most').fill('4')
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await expect(result(page).getByRole('listitem').filter({ hasText: /^\s*4\s*delivered\s*$/ })).toBeVisible()
  await everyLook(page)
  await page.setViewportSize({ width: 1440, height: 900 })
  expect(await logRows(db), 'a preview leaves nothing behind').toBe(0)

  await result(page).getByRole('button', { name: 'Run the step' }).click()
  await expect(page).toHaveURL(/\/runs\//)
  expect(await logRows(db)).toBe(4)
  expect(await openGates(db)).toEqual([])
  await open(page, '/outbox?state=delivered')
  await expect(main(page)).toContainText('4 of 4 events')
})

test('a dead letter is named, shown with its attempts and put back in line', async ({ page, db }) => {
  await sql`update public.route_registry set target = 'kafka'`.execute(db)
  await sql`update public.dot_config set value = 'true' where key = 'iu_core.delivery_enabled'`.execute(db)
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    await sql`select public.fn_iu_outbox_deliver(1, 'e2e-worker', false)`.execute(db)
    await sql`update public.event_outbox_delivery set next_attempt_at = '2000-01-01' where status = 'pending' and attempts > 0`.execute(db)
  }
  await sql`update public.dot_config set value = 'false' where key = 'iu_core.delivery_enabled'`.execute(db)

  await open(page, '/outbox/delivery')
  await expect(page.getByRole('row', { name: ROUTE })).toContainText('no target of this kind')
  await page.getByRole('link', { name: 'dead letters' }).click()
  await expect(main(page)).toContainText('1 of 1 event')
  await page.getByRole('row', { name: /dead letter/ }).click()
  const drawer = dialogue(page, 'Outbox event')
  await expect(drawer).toContainText('unknown target kind "kafka"')
  await expect(drawer.getByRole('list', { name: 'Attempts, latest first' }).getByRole('listitem')).toHaveCount(10)
  await everyLook(page)
  await page.setViewportSize({ width: 1440, height: 900 })
  await drawer.getByRole('button', { name: 'Put back in line' }).click()
  await sign(page, 'Put a dead letter back in line', 'Put back in line', { reason: false })
  await expect(drawer).toContainText('put back in line by e2e-operator')
  await expect(drawer.getByText('pending', { exact: true })).toBeVisible()
})

test('a route is switched off and removed; a type is opened on purpose and kept inside again', async ({ page, db }) => {
  await open(page, '/outbox/delivery')
  const row = page.getByRole('row', { name: ROUTE })
  const act = async (action: string) => {
    await row.getByRole('button', { name: /^Actions/ }).click()
    await page.getByRole('menuitem', { name: action }).click()
  }
  await act('Switch off')
  await sign(page, `Switch ${ROUTE} off`, 'Switch off')
  await expect(row).toContainText('switched off')
  await act('Remove')
  await expect(dialogue(page, `Remove ${ROUTE}`).getByRole('button', { name: 'Cancel' })).toBeFocused()
  await checkA11y(page, '[role=dialog]')
  await sign(page, `Remove ${ROUTE}`, 'Remove the route')
  await expect(main(page)).toContainText('No route is registered')
  expect((await sql<{ value: string }>`select value from public.dot_config where key = 'iu_core.delivery_live_routes'`.execute(db)).rows).toEqual([{ value: '' }])

  const type = 'iu.template.instance_auto_composed'
  await page.getByRole('button', { name: `Open ${type} for routes` }).click()
  await sign(page, `Open ${type}`, 'Open the type')
  await expect(main(page)).toContainText('The internal-only boundary does not hold.')
  await everyLook(page)
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.getByRole('button', { name: `Keep ${type} inside` }).click()
  await sign(page, `Keep ${type} inside`, 'Keep it inside')
  await expect(main(page)).toContainText('The internal-only boundary holds.')
  await expect(page.getByRole('region', { name: 'Changes of routes and types' })).toContainText('made internal')
})

test('the list has every look', async ({ page }) => {
  await open(page, '/outbox')
  await everyLook(page)
})

import type { Page } from '@playwright/test'
import { sql } from 'kysely'
import type { Db } from '../../server/db/client'
import { checkA11y, expect, test, tolerate } from '../helpers/e2e'
import { open, openGates, reload, world } from './support'

const result = (page: Page) => page.getByRole('region', { name: 'Result' })
const policies = (page: Page) => page.getByRole('region', { name: 'Policies' })
const eventsOf = async (db: Db, actor: string) => (await db.selectFrom('event_outbox').select('id').where('actor', '=', actor).execute()).length

test.beforeAll(async ({ db }) => {
  await sql`insert into public.event_outbox (event_domain, event_type, actor, created_at)
    select 'system', 'system.tick', 'ticker', now() - make_interval(days => 365 + n) from generate_series(1, 5) n`.execute(db)
})

test('rows past their age are counted, previewed and removed with the name typed; the history keeps them', async ({ page, db }) => {
  await open(page, '/retention')
  const outbox = policies(page).getByRole('row').filter({ has: page.getByText('event_outbox', { exact: true }) })
  await expect(outbox).toContainText('365 days')
  await expect(outbox.getByRole('cell', { name: '5', exact: true })).toBeVisible()

  const before = await world(db)
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await expect(result(page).getByText('Preview of a dry run')).toBeVisible()
  await expect(page.getByRole('switch')).toHaveCount(0)
  await expect(result(page).getByRole('row', { name: /^event_outbox 5 / })).toBeVisible()
  await expect(result(page)).toContainText('iu_auto_instantiate_event_log is left out: its policy is not active')
  expect(await world(db)).toEqual(before)

  await page.getByText('Live', { exact: true }).click()
  await page.getByRole('switch', { name: 'Open it inside the transaction' }).click()
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await result(page).getByRole('button', { name: 'Remove 5 rows' }).click()
  const dialogue = page.getByRole('dialog', { name: 'Remove 5 rows?' })
  await expect(dialogue.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expect(dialogue.getByRole('button', { name: 'Remove 5 rows' })).toBeDisabled()
  await checkA11y(page)
  await dialogue.getByLabel('Reason').fill('A year is enough')
  await dialogue.getByLabel('Type the actor’s name to confirm').fill('administrator@example.org')
  await dialogue.getByRole('button', { name: 'Remove 5 rows' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Cleanup by age' })).toBeVisible()
  await expect(page.getByRole('main')).toContainText('Live cleanup')
  await expect(page.getByRole('main').getByRole('row', { name: /^event_outbox 5 / })).toBeVisible()
  expect(await eventsOf(db, 'ticker')).toBe(0)
  expect(await openGates(db)).toEqual([])

  await open(page, '/retention')
  const cleanup = page.getByRole('table', { name: 'Cleanups, newest first' }).getByRole('row').filter({ hasText: 'event_outbox' })
  await expect(cleanup).toHaveCount(1)
  await expect(cleanup).toContainText('administrator@example.org')
  await expect(cleanup.getByRole('cell', { name: '5', exact: true })).toBeVisible()
})

test('a policy is edited, and one on a table that does not exist is refused by name', async ({ page, db }) => {
  tolerate(/status of 409/)
  await open(page, '/retention')
  await page.getByRole('button', { name: 'Edit the policy for event_outbox', exact: true }).click()
  const dialogue = page.getByRole('dialog')
  await dialogue.getByLabel('Keep for, in days').fill('200')
  await dialogue.getByLabel('Reason').fill('Less is enough')
  await dialogue.getByRole('button', { name: 'Set the policy' }).click()
  await expect(dialogue).toBeHidden()
  await expect(policies(page)).toContainText('200 days')
  await reload(page)
  await expect(policies(page)).toContainText('200 days')

  const before = await world(db)
  await page.getByRole('button', { name: 'Add a policy' }).click()
  await dialogue.getByLabel('Table', { exact: true }).fill('no_such_table')
  await dialogue.getByLabel('Reason').fill('Trying')
  await checkA11y(page)
  await dialogue.getByRole('button', { name: 'Set the policy' }).click()
  await expect(dialogue).toContainText('There is no table no_such_table.')
  expect(await world(db)).toEqual(before)
})

import type { Page } from '@playwright/test'
import { sql } from 'kysely'
import { expect, test, tolerate } from '../helpers/e2e'
import { collection, compose, logged, open, reload, removePiece, replayOperation, world } from './support'

const BULK = 'iu-core-25000x-bulk'
const DURABLE = 'iu-core-25000x-durable'
const EDITED = 'tpl-inst:auto:25000x-bulk-wf-003'

const result = (page: Page) => page.getByRole('region', { name: 'Result' })
const preview = (page: Page) => page.getByRole('button', { name: 'Preview', exact: true }).click()
const chooseLive = (page: Page) => page.getByText('Live', { exact: true }).click()
const row = (page: Page, suffix: string) => result(page).getByRole('row', { name: suffix })

test.beforeAll(async ({ db }) => {
  await replayOperation(db)
  await removePiece(db, EDITED, 'wf/onboarding/accounts')
})

test('a dry run shows every row that would go and the instance somebody edited; recording it deletes nothing', async ({ page, db }) => {
  const before = await world(db)
  await open(page, '/')
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Roll back' }).click()
  await page.getByLabel('Actor').pressSequentially(BULK)
  await expect(page.getByRole('main').locator('form')).toContainText('last run just now')
  await preview(page)

  await expect(result(page).getByText('Preview of a dry run')).toBeVisible()
  for (const count of [/^\s*12\s*log rows\s*$/, /^\s*12\s*lineage rows\s*$/, /^\s*12\s*collections\s*$/, /^\s*64\s*memberships\s*$/, /^\s*0\s*pieces\s*$/]) {
    await expect(result(page).getByRole('listitem').filter({ hasText: count })).toBeVisible()
  }
  await expect(result(page).getByRole('row')).toHaveCount(1 + 12)
  await expect(row(page, '25000x-bulk-wf-003')).toContainText('removed: Accounts and equipment')
  await expect(row(page, '25000x-bulk-wf-004')).toContainText('No piece-level difference')

  // The edited ones alone.
  await result(page).getByRole('button', { name: /1\s*edited since/ }).click()
  await expect(result(page).getByRole('row')).toHaveCount(1 + 1)
  await expect(row(page, '25000x-bulk-wf-003')).toBeVisible()
  expect(await world(db)).toEqual(before)

  await result(page).getByRole('button', { name: 'Record the dry run' }).click()
  await expect(page.getByRole('heading', { level: 1, name: `Rollback of ${BULK}` })).toBeVisible()
  await expect(page.getByRole('main')).toContainText('A dry run changes nothing')
  expect(await world(db)).toEqual(before)
})

test('live it asks for the actor’s name and a reason, deletes that actor’s rows and leaves the others alone', async ({ page, db }) => {
  const durable = await collection(db, 'tpl-inst:auto:25000x-durable-001')
  await open(page, `/rollback?actor=${BULK}`)
  await chooseLive(page)
  await preview(page)
  await expect(result(page).getByText('Preview of a live rollback')).toBeVisible()
  await expect(result(page)).toContainText('There is no undo.')
  await result(page).getByRole('button', { name: 'Roll back 12 instances' }).click()

  const dialogue = page.getByRole('dialog', { name: 'Roll back 12 instances?' })
  const confirm = dialogue.getByRole('button', { name: 'Roll back 12 instances' })
  await expect(dialogue.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expect(confirm).toBeDisabled()
  // Enter out of habit presses Cancel.
  await page.keyboard.press('Enter')
  await expect(dialogue).toBeHidden()
  expect(await logged(db, BULK)).toBe(12)

  await result(page).getByRole('button', { name: 'Roll back 12 instances' }).click()
  await dialogue.getByLabel('Reason').fill('Composed from the wrong week')
  await dialogue.getByLabel('Type the actor’s name').fill(DURABLE)
  await expect(confirm).toBeDisabled()
  await dialogue.getByLabel('Type the actor’s name').fill(BULK)
  await dialogue.getByLabel('Reason').fill('   ')
  await expect(confirm).toBeDisabled()
  await dialogue.getByLabel('Reason').fill('Composed from the wrong week')

  // What was typed is still there after a run that did not go through; where it was pressed is where one is again.
  tolerate(/status of 503/)
  await page.route('**/api/rollbacks', route => route.fulfill({ status: 503, json: { error: { status: 'database_unavailable', message: 'The database is away.', request_id: 'spec' } } }), { times: 1 })
  await confirm.click()
  await expect(dialogue).toBeHidden()
  await expect(result(page)).toContainText('The run did not go through')
  const opener = result(page).getByRole('button', { name: 'Roll back 12 instances' })
  await expect(opener).toBeFocused()
  await opener.click()
  await expect(dialogue.getByLabel('Reason')).toHaveValue('Composed from the wrong week')
  await expect(dialogue.getByLabel('Type the actor’s name')).toHaveValue(BULK)
  await dialogue.getByRole('button', { name: 'Cancel' }).click()
  await opener.click()
  await expect(dialogue.getByLabel('Reason')).toHaveValue('')
  await dialogue.getByLabel('Reason').fill('Composed from the wrong week')
  await dialogue.getByLabel('Type the actor’s name').fill(BULK)
  await confirm.click()

  await expect(page.getByRole('heading', { level: 1, name: `Rollback of ${BULK}` })).toBeVisible()
  await reload(page)
  const main = page.getByRole('main')
  await expect(main).toContainText('Live rollback')
  await expect(main).toContainText('Taken back:')
  await expect(main).toContainText('Composed from the wrong week')
  await expect(main).toContainText('There is no undo: the rows are deleted.')
  await expect(main.getByRole('link', { name: '25000x-bulk-wf-001' })).toHaveCount(0)

  expect(await logged(db, BULK)).toBe(0)
  const left = await sql<{ collection_key: string }>`
    select collection_key from public.iu_piece_collection where collection_key like 'tpl-inst:auto:%'`.execute(db)
  expect(left.rows).toEqual([{ collection_key: 'tpl-inst:auto:25000x-durable-001' }])
  expect(await logged(db, DURABLE)).toBe(1)
  const members = await sql`select from public.iu_piece_membership where collection_id = ${durable}`.execute(db)
  expect(members.rows).toHaveLength(5)
})

test('an instance that others depend on stays, with the reason', async ({ page, db }) => {
  const used = await compose(db, { suffix: 'rollback-used', actor: 'iu-core-rollback' })
  await compose(db, { suffix: 'rollback-free', actor: 'iu-core-rollback' })
  await sql`select public.fn_iu_collection_mark_template(${used}, 'iu-core-rollback', null)`.execute(db)

  await open(page, '/rollback?actor=iu-core-rollback')
  await chooseLive(page)
  await preview(page)
  await expect(row(page, 'rollback-used')).toContainText('blocked')
  await expect(row(page, 'rollback-used')).toContainText(/template/)
  await expect(result(page)).toContainText('1 instance must stay, for the reasons above.')
  await result(page).getByRole('button', { name: 'Roll back 1 instance' }).click()
  const dialogue = page.getByRole('dialog')
  await dialogue.getByLabel('Reason').fill('No longer needed')
  await dialogue.getByLabel('Type the actor’s name').fill('iu-core-rollback')
  await dialogue.getByRole('button', { name: 'Roll back 1 instance' }).click()

  await expect(page).toHaveURL(/\/runs\//)
  await expect(page.getByRole('link', { name: 'rollback-used' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'rollback-free' })).toHaveCount(0)
  const left = await sql<{ collection_key: string }>`
    select collection_key from public.iu_piece_collection where collection_key like 'tpl-inst:auto:rollback-%'`.execute(db)
  expect(left.rows).toEqual([{ collection_key: 'tpl-inst:auto:rollback-used' }])
})

test('an actor without instances, and no actor at all, are told so', async ({ page }) => {
  await open(page, '/rollback')
  await preview(page)
  await expect(page.getByLabel('Actor')).toHaveAccessibleDescription(/an actor is needed/)

  await page.getByLabel('Actor').fill('nobody-at-all')
  await preview(page)
  await expect(result(page)).toContainText('nobody-at-all has no instances')
  await expect(result(page).getByRole('button', { name: 'Record the dry run' })).toBeDisabled()
})

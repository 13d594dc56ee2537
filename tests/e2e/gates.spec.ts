import { expect, test } from '../helpers/e2e'
import { comesAlive, open, openGates } from './support'

const COMPOSER = 'iu_core.composer_enabled'

test('a gate is opened with a reason, seen on every page, and closed again; the history keeps both', async ({ page, db }) => {
  await open(page, '/gates')
  const pill = page.getByRole('banner').getByRole('link', { name: /gates? / })
  const history = page.getByRole('table', { name: 'Changes of gates and settings' }).getByRole('row').filter({ has: page.getByRole('cell') })
  await expect(pill).toHaveText(/^All \d+ gates closed0$/)

  await page.getByRole('button', { name: `Open ${COMPOSER}` }).click()
  const dialogue = page.getByRole('dialog', { name: 'Open this gate' })
  await expect(dialogue).toContainText('Composing collections: no collection is made while it is closed.')
  await expect(dialogue.getByLabel('Actor')).toHaveValue('administrator@example.org')
  await dialogue.getByRole('button', { name: 'Open the gate' }).click()
  await expect(dialogue.getByLabel('Reason')).toHaveAccessibleDescription(/a reason is needed/)
  expect(await openGates(db)).toEqual([])

  await dialogue.getByLabel('Actor').fill('iu-core-e2e')
  await dialogue.getByLabel('Reason').fill('Bulk load on Tuesday')
  await dialogue.getByRole('button', { name: 'Open the gate' }).click()
  await expect(dialogue).toBeHidden()
  await expect(pill).toContainText('1 gate open')
  await expect(page.getByRole('status').filter({ hasText: `${COMPOSER} is open now.` })).toBeVisible()
  expect(await openGates(db)).toEqual([COMPOSER])
  const change = history.first()
  await expect(change).toContainText('just now')
  await expect(change).toContainText(COMPOSER)
  await expect(change).toContainText('false → true')
  await expect(change).toContainText('iu-core-e2e')
  await expect(change).toContainText('Bulk load on Tuesday')
  const row = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: COMPOSER }) })
  await expect(row).toContainText(/iu-core-e2e, just now,\s*from false\s*to true/)

  for (const path of ['/', '/templates', '/families', '/events', '/orchestrate', '/rollback', '/gates']) {
    await page.goto(path)
    await expect(pill).toContainText('1 gate open')
    await expect(pill).toHaveAttribute('title', `1 gate open: ${COMPOSER}`)
  }
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1, name: 'One thing to look at' })).toBeVisible()

  await pill.click()
  await comesAlive(page)
  await page.getByRole('button', { name: `Close ${COMPOSER}` }).click()
  const closing = page.getByRole('dialog', { name: 'Close this gate' })
  await closing.getByLabel('Reason').fill('The load is through')
  await closing.getByRole('button', { name: 'Close the gate' }).click()
  await expect(closing).toBeHidden()
  await expect(pill).toContainText(/All \d+ gates closed/)
  await expect(history.first()).toContainText('true → false')
  await expect(history.first()).toContainText('The load is through')
  expect(await openGates(db)).toEqual([])
})

test('Cancel and Escape change nothing', async ({ page, db }) => {
  await open(page, '/gates')
  const dialogue = page.getByRole('dialog', { name: 'Open this gate' })
  await page.getByRole('button', { name: `Open ${COMPOSER}` }).click()
  await dialogue.getByLabel('Reason').fill('Not after all')
  await dialogue.getByRole('button', { name: 'Cancel' }).click()
  await expect(dialogue).toBeHidden()
  await page.getByRole('button', { name: `Open ${COMPOSER}` }).click()
  await expect(dialogue.getByLabel('Reason')).toHaveValue('')
  await page.keyboard.press('Escape')
  await expect(dialogue).toBeHidden()
  expect(await openGates(db)).toEqual([])
})

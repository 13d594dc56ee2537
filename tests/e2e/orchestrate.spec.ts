import type { Page } from '@playwright/test'
import { expect, test, tolerate } from '../helpers/e2e'
import { ONBOARDING, collection, open, openGates, putPieceBack, reload, removePiece, world } from './support'

const ACTOR = 'iu-core-e2e'

const result = (page: Page) => page.getByRole('region', { name: 'Result' })
const pieces = (page: Page) => result(page).getByRole('region', { name: 'Pieces in order' }).getByRole('row')
const preview = (page: Page) => page.getByRole('button', { name: 'Preview', exact: true }).click()

/** Fills the form in by picking and typing, everything but the mode and the gates. */
async function fillIn(page: Page, suffix: string, { event = 'system.backup_verified', template = ONBOARDING } = {}) {
  await page.getByRole('button', { name: 'Event', exact: true }).click()
  await page.getByPlaceholder('Type, id, actor or subject').fill(event)
  await page.getByRole('option', { name: event }).first().click()
  await page.getByRole('button', { name: 'Template', exact: true }).click()
  await page.getByPlaceholder('Key, title or family').fill(template)
  await page.getByRole('option', { name: template }).click()
  await page.getByLabel('Suffix').fill(suffix)
  await page.getByLabel('Actor').fill(ACTOR)
}
const openInside = (page: Page) => page.getByRole('switch').check()
const chooseLive = (page: Page) => page.getByText('Live', { exact: true }).click()

/** From an empty form to a preview that can be run. */
async function previewed(page: Page, suffix: string) {
  await open(page, '/orchestrate')
  await fillIn(page, suffix)
  await openInside(page)
  await preview(page)
  await expect(result(page).getByText('Preview of a dry run')).toBeVisible()
}

test('from an event of the outbox to a live instance: refused, previewed, run, and the same again finds it', async ({ page, db }) => {
  tolerate(/status of 409/)
  const untouched = await world(db)
  await open(page, '/')
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Orchestrate' }).click()
  await fillIn(page, 'e2e-live-001')
  await page.getByLabel('Note').fill('For the new colleague in support')

  // A closed gate is no error: which gate, what it protects, what to do.
  await expect(page.getByText('The gate is closed: as it stands, this is refused.')).toBeVisible()
  await preview(page)
  await expect(result(page).getByRole('heading', { name: 'The composer gate is closed' })).toBeVisible()
  await expect(result(page)).toContainText('No collection is composed, dry run or live, while composing is switched off.')
  await expect(result(page).getByRole('link', { name: 'iu_core.composer_enabled' })).toBeVisible()
  await expect(result(page)).toContainText('What to do: Open the gates inside the run’s own transaction.')

  // With its gate opened in the transaction: counts, the pieces in order, the gate, and nothing of it stays.
  await openInside(page)
  await preview(page)
  await expect(result(page).getByText('Preview of a dry run')).toBeVisible()
  for (const count of [/1\s*collection added/, /5\s*memberships added/, /1\s*lineage row added/, /1\s*log row added/, /6\s*outbox events added/]) {
    await expect(result(page).getByRole('listitem').filter({ hasText: count })).toBeVisible()
  }
  await expect(pieces(page)).toHaveText([/Piece/, /1\s*Welcome to the team/, /2\s*Accounts and equipment/, /3\s*Security briefing/, /4\s*Your first day/, /5\s*Thirty-day review/])
  await expect(result(page)).toContainText('Gates opened inside the transaction')
  await expect(result(page).getByRole('listitem').filter({ hasText: 'iu_core.composer_enabled' })).toContainText(/stays\s*false/)
  expect(await world(db)).toEqual(untouched)

  // What was previewed dry is not run live: the form has changed, so it is previewed again.
  await chooseLive(page)
  await expect(result(page).getByText('the form has changed since', { exact: true })).toBeVisible()
  await expect(result(page).getByRole('button', { name: 'Run as dry run' })).toBeDisabled()
  await preview(page)
  await expect(result(page).getByText('Preview of a live run')).toBeVisible()
  expect(await world(db)).toEqual(untouched)

  // The result has an address of its own: who, when, parameters, gates, effects.
  await result(page).getByRole('button', { name: 'Run live' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Orchestration of e2e-live-001' })).toBeVisible()
  const address = page.url()
  expect(address).toMatch(/\/runs\/[0-9a-f-]{36}$/)
  await reload(page)
  const main = page.getByRole('main')
  await expect(main).toContainText('Live run')
  await expect(main).toContainText('status ok')
  await expect(main.locator('dl').first()).toContainText('administrator@example.org')
  await expect(main.getByRole('link', { name: ACTOR })).toBeVisible()
  await expect(main).toContainText('For the new colleague in support')
  await expect(main.getByText(/\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC/)).toBeVisible()
  await expect(main.getByText('e2e-live-001', { exact: true })).toBeVisible()
  await expect(main.getByRole('listitem').filter({ hasText: 'iu_core.auto_instantiate_enabled' })).toContainText('put back before the commit')
  await expect(main).toContainText(/5\s*memberships added/)

  // The database agrees.
  const instance = await collection(db, 'tpl-inst:auto:e2e-live-001')
  const row = await db.selectFrom('v_iu_auto_instantiate_event_log').selectAll().where('instance_collection_id', '=', instance).executeTakeFirstOrThrow()
  expect(row).toMatchObject({ emit_mode: 'live', triggered_by: ACTOR, template_key: ONBOARDING, digest_matches_template: true })
  expect(await openGates(db)).toEqual([])

  // The same again, from the preview on record: it says that it exists, and leads to it.
  const after = await world(db)
  await main.locator('dl').first().getByRole('link', { name: /^[0-9a-f]{8}$/ }).click()
  await page.getByRole('link', { name: 'Preview again' }).click()
  await expect(page.getByLabel('Suffix')).toHaveValue('e2e-live-001')
  await openInside(page)
  await preview(page)
  await expect(result(page)).toContainText('This instance already exists')
  await expect(result(page).getByRole('button', { name: 'Run live' })).toBeDisabled()
  await expect(result(page)).toContainText('There is nothing to run')
  expect(await world(db)).toEqual(after)
  await result(page).getByRole('link', { name: 'tpl-inst:auto:e2e-live-001' }).first().click()
  await expect(page).toHaveURL(`/instances/${instance}`)
})

test('a key that another event took is refused, and nothing is written', async ({ page, db }) => {
  tolerate(/status of 409/)
  await previewed(page, 'e2e-taken')
  await result(page).getByRole('button', { name: 'Run as dry run' }).click()
  await expect(page).toHaveURL(/\/runs\//)
  const before = await world(db)

  await open(page, '/orchestrate')
  await fillIn(page, 'e2e-taken')
  await page.getByRole('button', { name: 'use a new event' }).click()
  await openInside(page)
  await preview(page)
  await expect(result(page).getByRole('heading', { name: 'The instance key is taken' })).toBeVisible()
  await expect(result(page)).toContainText('Two events never share an instance')
  await expect(result(page)).toContainText('Choose another suffix.')
  expect(await world(db)).toEqual(before)
})

test('a template edited between preview and run: the difference is shown and nothing is written', async ({ page, db }) => {
  tolerate(/status of 409/)
  await previewed(page, 'e2e-moved')
  await removePiece(db, ONBOARDING, 'wf/onboarding/thirty-day-review')
  try {
    const before = await world(db)
    await result(page).getByRole('button', { name: 'Run as dry run' }).click()
    await expect(result(page).getByRole('heading', { name: 'The world has moved since the preview' })).toBeVisible()
    const moved = result(page).getByRole('table', { name: 'What moved between the preview and now' })
    await expect(moved.getByRole('row', { name: 'piece 5' })).toContainText('Thirty-day review')
    await expect(moved.getByRole('row', { name: 'piece 5' })).toContainText('none')
    await expect(result(page).getByRole('button', { name: 'Run as dry run' })).toBeDisabled()
    expect(await world(db)).toEqual(before)

    await result(page).getByRole('button', { name: 'Preview again' }).click()
    await expect(result(page)).toContainText(/4\s*memberships added/)
    await expect(pieces(page)).toHaveCount(1 + 4)
  }
  finally {
    await putPieceBack(db, ONBOARDING, 'wf/onboarding/thirty-day-review')
  }
})

test('what is blank or too long is told at its field', async ({ page, db }) => {
  const before = await world(db)
  await open(page, '/orchestrate')
  await preview(page)
  await expect(page.getByLabel('Suffix')).toHaveAccessibleDescription('a suffix is needed')
  await expect(page.getByLabel('Actor')).toHaveAccessibleDescription(/an actor is needed/)
  await expect(page.getByRole('button', { name: 'Event', exact: true })).toHaveAccessibleDescription(/an event is needed/)
  await expect(page.getByRole('button', { name: 'Template', exact: true })).toHaveAccessibleDescription(/a template is needed/)

  await fillIn(page, 's'.repeat(201))
  await page.getByLabel('Actor').fill('a'.repeat(129))
  await preview(page)
  await expect(page.getByLabel('Suffix')).toHaveAccessibleDescription('at most 200 characters')
  await expect(page.getByLabel('Actor')).toHaveAccessibleDescription(/at most 128 characters/)
  // It is checked as it is typed.
  await page.getByLabel('Actor').fill('   ')
  await expect(page.getByLabel('Actor')).toHaveAccessibleDescription(/an actor is needed/)
  await expect(result(page)).toContainText('Nothing previewed yet')
  expect(await world(db)).toEqual(before)
})

test('a double click on Run runs once', async ({ page, db }) => {
  await previewed(page, 'e2e-twice')
  await result(page).getByRole('button', { name: 'Run as dry run' }).dblclick()
  await expect(page.getByRole('heading', { level: 1, name: 'Orchestration of e2e-twice' })).toBeVisible()
  const runs = await db.selectFrom('v_iu_command_run').select('id')
    .where('phase', '=', 'run').where('preview_id', 'is not', null).where('actor', '=', ACTOR).execute()
  const log = await db.selectFrom('v_iu_auto_instantiate_event_log').select('instance_key').where('instance_key', '=', 'tpl-inst:auto:e2e-twice').execute()
  expect(log).toHaveLength(1)
  expect(runs.filter(run => page.url().endsWith(run.id!))).toHaveLength(1)
})

test('a reload forgets the preview and leaves a form that works', async ({ page }) => {
  await previewed(page, 'e2e-reload')
  await reload(page)
  await expect(result(page)).toContainText('Nothing previewed yet')
  await fillIn(page, 'e2e-reload')
  await openInside(page)
  await preview(page)
  await expect(result(page).getByRole('heading', { name: 'tpl-inst:auto:e2e-reload' })).toBeVisible()
})

import type { Locator, Page } from '@playwright/test'
import { expect, test } from '../helpers/e2e'
import { ONBOARDING, SUPPORT_TEAM, changeRole, collection, movePiece, open, putPieceBack, removePiece, replacePiece } from './support'

const BRIEFING = 'wf/onboarding/security-briefing'

/** The two facts of an instance's page. */
const againstTemplate = (page: Page) => page.getByRole('table', { name: 'From the template now to the instance now' })
const templateMoved = (page: Page) => page.getByRole('table', { name: 'From the template when the instance was composed to the template now' })
const section = (page: Page, heading: string) => page.getByRole('region').or(page.locator('section')).filter({ has: page.getByRole('heading', { name: heading }) }).last()
const instanceAddress = async (db: Parameters<typeof collection>[0]) => `/instances/${await collection(db, SUPPORT_TEAM)}`

/** Diverged is amber and says so; both, always. */
async function isAmber(badge: Locator) {
  await expect(badge).toBeVisible()
  const [colour, amber] = await badge.evaluate((element) => {
    const swatch = document.body.appendChild(document.createElement('i'))
    swatch.style.color = 'var(--ui-warning)'
    const colours = [getComputedStyle(element).color, getComputedStyle(swatch).color]
    swatch.remove()
    return colours
  })
  expect(colour).toBe(amber)
}

test('a piece removed in psql is named on the way from the overview to the instance, and put back it is gone again', async ({ page, db }) => {
  await open(page, '/')
  await expect(page.getByRole('heading', { level: 1, name: 'All is well' })).toBeVisible()

  await removePiece(db, SUPPORT_TEAM, BRIEFING)
  await page.getByRole('button', { name: 'Refresh' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'One thing to look at' })).toBeVisible()
  await expect(page.getByRole('main')).toContainText('1 instance of 4 no longer matches its template')
  await page.getByRole('link', { name: /1\s*diverged/ }).click()

  // The figure leads to the templates, filtered by the flag.
  await expect(page).toHaveURL('/templates?flag=diverged')
  const rows = page.getByRole('table').getByRole('row').filter({ hasText: 'tpl:' })
  const template = rows.filter({ hasText: ONBOARDING })
  await expect(template).toContainText('2 match, 1 diverged')
  await isAmber(template.getByRole('cell').getByText('diverged', { exact: true }))
  await expect(page.getByRole('table')).not.toContainText('tpl:wf:onboarding/v1')

  await template.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Onboarding procedure' })).toBeVisible()
  await isAmber(page.getByRole('main').getByText('diverged', { exact: true }).first())
  const edited = page.getByRole('row').filter({ hasText: SUPPORT_TEAM })
  await expect(edited).toContainText('edited by hand')
  await expect(edited).toContainText('removed: Security briefing')
  await expect(page.getByRole('row').filter({ hasText: 'tpl-inst:wf:onboarding/v2-2' })).toContainText('matches')

  await edited.getByRole('link', { name: SUPPORT_TEAM }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Onboarding, support team' })).toBeVisible()
  await expect(againstTemplate(page).getByRole('row').filter({ hasText: 'removed' })).toContainText('Security briefing')
  await expect(section(page, 'Template against its own past')).toContainText('No piece-level difference')
  await expect(page.getByRole('region', { name: 'Base, template and instance side by side' })).toContainText('− removed')

  await putPieceBack(db, SUPPORT_TEAM, BRIEFING)
  await open(page, await instanceAddress(db))
  await expect(section(page, 'Instance against its template')).toContainText('No piece-level difference')
  await expect(page.getByRole('main').getByText('matches', { exact: true })).toBeVisible()
  await open(page, '/templates?flag=diverged')
  await expect(page.getByText('No template matches these filters')).toBeVisible()
  await open(page, '/')
  await expect(page.getByRole('heading', { level: 1, name: 'All is well' })).toBeVisible()
})

test('a piece that was moved, replaced or given another role is named as that', async ({ page, db }) => {
  const address = await instanceAddress(db)
  const change = (word: string) => againstTemplate(page).getByRole('row').filter({ has: page.getByRole('cell', { name: word, exact: true }) })

  await movePiece(db, SUPPORT_TEAM, 'wf/onboarding/welcome', 100)
  await open(page, address)
  await expect(change('moved')).toContainText('Welcome to the team')
  await expect(change('moved').getByRole('cell').nth(2)).toHaveText('1')
  await expect(change('moved').getByRole('cell').nth(3)).toHaveText('5')
  await movePiece(db, SUPPORT_TEAM, 'wf/onboarding/welcome', 0)

  await changeRole(db, SUPPORT_TEAM, BRIEFING, 'appendix')
  await open(page, address)
  await expect(change('role changed')).toContainText('Security briefing')
  await expect(change('role changed')).toContainText('role body → appendix')
  await changeRole(db, SUPPORT_TEAM, BRIEFING, 'body')

  await replacePiece(db, SUPPORT_TEAM, BRIEFING, 'wf/onboarding/paper-checklist')
  await open(page, address)
  await expect(change('replaced')).toContainText('Security briefing')
  await expect(change('replaced')).toContainText('Paper checklist')
  await replacePiece(db, SUPPORT_TEAM, 'wf/onboarding/paper-checklist', BRIEFING)

  await open(page, address)
  await expect(section(page, 'Instance against its template')).toContainText('No piece-level difference')
})

test('a template that was edited is the other fact: its instances were not', async ({ page, db }) => {
  await removePiece(db, ONBOARDING, BRIEFING)
  try {
    await open(page, await instanceAddress(db))
    await expect(page.getByText('template has moved')).toBeVisible()
    await expect(templateMoved(page).getByRole('row').filter({ hasText: 'removed' })).toContainText('Security briefing')
    await expect(againstTemplate(page).getByRole('row').filter({ hasText: 'added' })).toContainText('Security briefing')

    // Edited as well, in another place: both.
    await removePiece(db, SUPPORT_TEAM, 'wf/onboarding/welcome')
    await open(page, await instanceAddress(db))
    await expect(page.getByText('both changed')).toBeVisible()
    await expect(againstTemplate(page).getByRole('row').filter({ hasText: 'removed' })).toContainText('Welcome to the team')
    await expect(templateMoved(page)).not.toContainText('Welcome to the team')
  }
  finally {
    await putPieceBack(db, SUPPORT_TEAM, 'wf/onboarding/welcome')
    await putPieceBack(db, ONBOARDING, BRIEFING)
  }
})

import { expect, test, tolerate } from '../helpers/e2e'
import { open } from './support'

const FAMILY = `/families/${encodeURIComponent('tpl:wf:onboarding')}`

test('the chain of a family and what changed from one version to the next', async ({ page }) => {
  await open(page, '/families')
  await page.getByRole('table').getByRole('link', { name: 'Onboarding procedure' }).click()
  await expect(page.getByRole('main')).toContainText('2 versions · v2 is current · 4 instances, all match')

  const chain = page.getByRole('list', { name: 'Versions, oldest first' }).getByRole('article')
  await expect(chain).toHaveCount(2)
  await expect(chain.nth(0)).toContainText('v1 superseded')
  await expect(chain.nth(1)).toContainText('v2 current')
  await expect(page.getByRole('link', { name: 'Compare v1 with v2' })).toContainText(/3 pieces shared\s*2 added\s*1 dropped/)

  await expect(page.getByText('3 pieces the same, 1 added, 1 replaced')).toBeVisible()
  const difference = page.getByRole('table', { name: 'What changed from v1 to v2' })
  await expect(difference.getByRole('row').filter({ hasText: 'added' })).toContainText('Security briefing')
  await expect(difference.getByRole('row').filter({ hasText: 'replaced' })).toContainText('Paper checklist')
  await expect(difference.getByRole('row').filter({ hasText: 'replaced' })).toContainText('Thirty-day review')
  await page.getByRole('switch', { name: 'Only changes' }).check()
  await expect(difference.getByRole('row')).toHaveCount(1 + 2)
})

test('a version is registered at a free place, refused at a taken one, and retired with a reason', async ({ page, db }) => {
  tolerate(/status of 409/)
  await open(page, FAMILY)
  await page.getByRole('button', { name: 'Register a version' }).click()
  const register = page.getByRole('dialog', { name: 'Register a version' })
  await expect(register.getByLabel('Template')).toContainText('tpl:file:status-report/v1')
  await expect(register.getByLabel('Number in the chain')).toHaveValue('3')
  await expect(register).toContainText('v2 becomes superseded.')

  await register.getByRole('button', { name: 'Register the version' }).click()
  await expect(register.getByLabel('Actor')).toHaveAccessibleDescription(/an actor is needed/)

  await register.getByLabel('Actor').fill('iu-core-e2e')
  await register.getByLabel('Number in the chain').fill('2')
  await register.getByRole('button', { name: 'Register the version' }).click()
  await expect(register.getByRole('heading', { name: 'This place in the chain is taken' })).toBeVisible()
  await expect(register).toContainText('family_seq_collision')
  await expect(register).toContainText('A family has one version per number.')
  await expect(register).toContainText('What to do:')
  expect(await db.selectFrom('v_iu_template_version_chain').select('version_label').execute()).toHaveLength(2)

  await register.getByLabel('Number in the chain').fill('3')
  await register.getByRole('button', { name: 'Register the version' }).click()
  await expect(register).toBeHidden()
  const chain = page.getByRole('list', { name: 'Versions, oldest first' }).getByRole('article')
  await expect(chain).toHaveCount(3)
  await expect(chain.nth(1)).toContainText('v2 superseded')
  await expect(chain.nth(2)).toContainText('v3 current')
  await expect(page.getByRole('heading', { name: 'What changed from v2 to v3' })).toBeVisible()

  // The focus is back where the dialogue was opened from, also after Escape.
  const opener = page.getByRole('button', { name: 'Register a version' })
  await expect(opener).toBeFocused()
  await opener.press('Enter')
  await expect(register).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(opener).toBeFocused()

  // The oldest is offered first; Cancel has the focus, and a reason is needed.
  await open(page, FAMILY)
  await page.getByRole('button', { name: 'Retire a version' }).click()
  const retire = page.getByRole('dialog', { name: 'Retire a version' })
  await expect(retire.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expect(retire.getByLabel('Version')).toContainText('v1, superseded')
  await retire.getByLabel('Actor').fill('iu-core-e2e')
  await retire.getByRole('button', { name: 'Retire v1' }).click()
  await expect(retire.getByLabel('Reason')).toHaveAccessibleDescription(/a reason is needed/)
  await retire.getByLabel('Reason').fill('Nobody works on paper any more')
  await retire.getByRole('button', { name: 'Retire v1' }).click()
  await expect(retire).toBeHidden()
  await expect(chain.nth(0)).toContainText('v1 retired')
  await expect(chain.nth(0)).toContainText('by iu-core-e2e: Nobody works on paper any more')

  // Each is on record.
  await page.getByRole('button', { name: 'Show the run' }).or(page.getByRole('link', { name: 'Show the run' })).last().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Retirement of a version' })).toBeVisible()
  const chainRows = await db.selectFrom('v_iu_template_version_chain').select(['version_label', 'version_status']).orderBy('version_seq').execute()
  expect(chainRows).toEqual([
    { version_label: 'v1', version_status: 'retired' },
    { version_label: 'v2', version_status: 'superseded' },
    { version_label: 'v3', version_status: 'current' },
  ])
})

test('a pair of versions has an address of its own', async ({ page }) => {
  await open(page, FAMILY)
  await page.getByRole('link', { name: 'Compare v1 with v2' }).click()
  await expect(page).toHaveURL(/\?to=/)
  await page.reload()
  await expect(page.getByRole('heading', { name: 'What changed from v1 to v2' })).toBeVisible()
})

test('a filter that fits no family says so and can be cleared', async ({ page }) => {
  await open(page, '/families')
  await page.getByRole('searchbox').fill('no such family')
  await expect(page.getByText('No family matches this filter')).toBeVisible()
  await expect(page).toHaveURL(/q=no\+such\+family|q=no%20such%20family/)
  await page.getByRole('main').getByRole('button', { name: 'Clear filters' }).last().click()
  await expect(page.getByRole('rowheader', { name: 'tpl:wf:onboarding' })).toBeVisible()
})

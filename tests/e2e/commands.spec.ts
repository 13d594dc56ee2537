import { checkA11y, expect, test, tolerate } from '../helpers/e2e'

const COMPOSER = 'iu_core.composer_enabled'

test.describe('the commands', () => {
  test('are listed by category; a drawer explains one and leads to where it is run', async ({ page }) => {
    await page.goto('/commands')
    await expect(page.getByRole('heading', { name: 'Commands', level: 1 })).toBeVisible()
    await expect(page.locator('tr[data-command]')).toHaveCount(32)
    await expect(page.getByText('26 governed commands and 6 of the console’s own')).toBeVisible()
    await expect(page.locator('tr[data-command="dot_iu_route_set_active"]')).toContainText('the console’s own')
    await checkA11y(page)

    const row = page.locator('tr[data-command="dot_iu_auto_instantiate_from_event"]')
    await expect(row).toContainText('2 of 2 gates')
    await row.click()
    const drawer = page.getByRole('dialog')
    await expect(drawer).toContainText('select public.fn_iu_auto_instantiate_from_event(')
    await expect(drawer).toContainText(COMPOSER)
    await checkA11y(page)

    // Another row changes what the drawer shows; the keys work as the mouse does.
    await page.keyboard.press('ArrowDown')
    await expect(drawer).toContainText('Neither a page nor iu run runs it.')
    await page.keyboard.press('ArrowUp')
    await drawer.getByRole('link', { name: 'Go to where it is run' }).click()
    await expect(page).toHaveURL('/orchestrate')
  })

  test('are filtered by what they are for, in the address', async ({ page }) => {
    await page.goto('/commands')
    await page.getByRole('searchbox', { name: /Filter/ }).fill('retention')
    await expect(page.locator('tr[data-command]')).toHaveCount(3)
    await expect(page).toHaveURL(/q=retention/)
    await page.getByRole('searchbox', { name: /Filter/ }).fill('no such thing')
    await expect(page.getByText('No command matches')).toBeVisible()
    await checkA11y(page)
  })
})

test.describe('the runs', () => {
  test('begin empty, then tell who ran what, and lead to it', async ({ page, request }) => {
    await page.goto('/runs')
    await expect(page.getByText('Nothing was run yet')).toBeVisible()
    await checkA11y(page)

    await request.put(`/api/gates/${COMPOSER}`, { data: { open: false, actor: 'runs-spec', reason: 'for the record' } })
    const refused = await request.post('/api/rollbacks', { data: { preview_id: '25000d25-0000-4000-8000-000000000001' } })
    expect(refused.status()).toBe(404)
    await request.post('/api/rollbacks/preview', { data: { actor: 'somebody', dry_run: true } })

    await page.goto('/runs')
    await expect(page.getByRole('row')).toHaveCount(3)
    await checkA11y(page)
    await page.getByRole('row', { name: /Set a gate/ }).getByRole('cell', { name: 'runs-spec' }).click()
    const drawer = page.getByRole('dialog')
    await expect(drawer).toContainText('for the record')
    await expect(drawer).toContainText(COMPOSER)
    await checkA11y(page)
    await drawer.getByRole('link', { name: 'Go to the run' }).click()
    await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}$/)
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'Runs' }).click()
    await expect(page).toHaveURL('/runs')
  })

  test('are filtered in the address', async ({ page, request }) => {
    await request.put(`/api/gates/${COMPOSER}`, { data: { open: false, actor: 'runs-spec', reason: 'once more' } })
    await page.goto('/runs?phase=preview')
    await expect(page.getByRole('row', { name: /Set a gate/ })).toHaveCount(0)
    await page.getByRole('search').getByRole('button', { name: 'Clear filters' }).click()
    await expect(page.getByRole('row', { name: /Set a gate/ }).first()).toBeVisible()
    await page.getByRole('combobox', { name: 'Outcome' }).click()
    await page.getByRole('option', { name: 'Refused' }).click()
    await expect(page).toHaveURL(/outcome=refused/)
    await expect(page.getByText('No run matches these filters')).toBeVisible()
  })

  test('one that broke off says so, without a detail', async ({ page, db }) => {
    const { id } = await db.selectNoFrom(eb => eb.fn<string>('public.fn_iu_command_run_record', [eb.val(JSON.stringify({
      command_name: 'dot_iu_gate_set', phase: 'run', operator: 'administrator@example.org (tests)', actor: 'runs-spec', reason: null, parameters: { key: COMPOSER }, dry_run: false,
      status: 'failed', refused: false, result: { status: 'failed', sqlstate: '55P03' }, effects: null, preview_id: null,
      started_at: new Date().toISOString(), duration_ms: 12,
    }))]).as('id')).executeTakeFirstOrThrow()
    await page.goto('/runs?outcome=failed')
    await expect(page.getByRole('row', { name: /failed/ })).toHaveCount(1)
    await page.goto(`/runs/${id}`)
    await expect(page.getByText('It broke off, and nothing was changed')).toBeVisible()
    await expect(page.getByText('55P03').first()).toBeVisible()
    await checkA11y(page)
  })

  test('an address that asks for what there is not is explained', async ({ page }) => {
    tolerate(/status of 400/)
    await page.goto('/runs?outcome=lost')
    await expect(page.getByText('This address asks for something the record does not have.')).toBeVisible()
    await page.getByRole('button', { name: 'Clear filters' }).last().click()
    await expect(page).toHaveURL('/runs')
  })
})

test('the overview’s figures lead to the runs behind them', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('main').getByRole('link', { name: /refused/ }).click()
  await expect(page).toHaveURL(/\/runs\?outcome=refused&within=day/)
})

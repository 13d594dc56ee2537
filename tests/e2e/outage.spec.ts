import { expect, test as base, tolerate } from '../helpers/e2e'
import { startOwnConsole } from '../helpers/console'
import { startPostgres } from '../helpers/postgres'
import type { Postgres } from '../helpers/postgres'
import { ONBOARDING, open, replayOperation } from './support'

/** A PostgreSQL of this file's own: it is stopped while others go on with theirs. */
const test = base.extend<object, { postgres: Pick<Postgres, 'url' | 'stop' | 'start'> }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads from this pattern which fixtures are wanted: none.
  postgres: [async ({}, use) => {
    const server = await startPostgres(18)
    let running = true
    await use({
      url: server.url,
      stop: async () => {
        running = false
        await server.stop()
      },
      start: async () => {
        if (!running) await server.start()
        running = true
      },
    })
    await server.end()
  }, { scope: 'worker', timeout: 120_000 }],
  consoleOfFile: [async ({ postgres }, use) => {
    const own = await startOwnConsole(postgres.url, 'demo')
    await replayOperation(own.db)
    await use(async () => own)
    await own.stop()
  }, { scope: 'worker', timeout: 120_000 }],
})

test.beforeEach(() => tolerate(/status of 503/))
test.afterEach(({ postgres }) => postgres.start())

test('while the database is away its page says so, and comes back by itself', async ({ page, postgres }) => {
  await postgres.stop()
  const answer = await open(page, '/templates?status=current')
  expect(answer!.status()).toBe(503)
  expect(answer!.headers()['retry-after']).toBe('2')
  await expect(page.getByRole('heading', { level: 1, name: 'The database is away' })).toBeVisible()
  await expect(page.getByText('Waiting for it to return')).toBeVisible()

  await postgres.start()
  await expect(page.getByRole('heading', { level: 1, name: 'Templates' })).toBeVisible({ timeout: 20_000 })
  await expect(page).toHaveURL('/templates?status=current')
  await expect(page.getByRole('row').filter({ hasText: ONBOARDING })).toBeVisible()
})

test('a page that is open says what it could not renew, and renews it when asked again', async ({ page, postgres }) => {
  await open(page, '/')
  await postgres.stop()
  await page.getByRole('button', { name: 'Refresh' }).click()
  const notice = page.getByRole('alert').filter({ hasText: 'The overview could not be renewed' })
  await expect(notice).toBeVisible()
  await expect(page.getByRole('main')).toContainText('25000x-bulk-')

  await postgres.start()
  await expect(async () => {
    await notice.getByRole('button', { name: 'Try again' }).click({ timeout: 500 }).catch(() => {})
    await expect(notice).toBeHidden({ timeout: 1000 })
  }).toPass({ timeout: 20_000 })
})

test('what was typed stays when a preview does not come, and can be sent again', async ({ page, postgres }) => {
  await open(page, '/rollback')
  await page.getByLabel('Actor').fill('iu-core-25000x-bulk')
  await page.getByLabel('Reason').fill('Checked with the release team')
  await postgres.stop()
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  const notice = page.getByRole('alert').filter({ hasText: 'The preview could not be taken' })
  await expect(notice).toBeVisible()
  await expect(page.getByLabel('Actor')).toHaveValue('iu-core-25000x-bulk')
  await expect(page.getByLabel('Reason')).toHaveValue('Checked with the release team')

  await postgres.start()
  await expect(async () => {
    await notice.getByRole('button', { name: 'Try again' }).click({ timeout: 500 }).catch(() => {})
    await expect(page.getByText('Preview of a dry run')).toBeVisible({ timeout: 2000 })
  }).toPass({ timeout: 20_000 })
  await expect(page.getByRole('region', { name: 'Result' }).getByRole('row')).toHaveCount(1 + 12)
})

for (const [path, notice, row] of [
  ['/templates', 'The templates could not be renewed', ONBOARDING],
  ['/events', 'The event log could not be renewed', '25000x-bulk-wf-001'],
] as const) {
  test(`the rows of ${path} stay below the notice that they could not be renewed`, async ({ page, postgres }) => {
    await open(page, path)
    const kept = page.getByRole('row').filter({ hasText: row })
    await expect(kept).toBeVisible()
    await postgres.stop()
    await page.getByLabel(/^Filter by key/).fill(row)
    const told = page.getByRole('alert').filter({ hasText: notice })
    await expect(told).toBeVisible()
    await expect(kept).toBeVisible()

    await postgres.start()
    await expect(async () => {
      await told.getByRole('button', { name: 'Try again' }).click({ timeout: 500 }).catch(() => {})
      await expect(told).toBeHidden({ timeout: 1000 })
    }).toPass({ timeout: 20_000 })
    await expect(kept).toBeVisible()
  })
}

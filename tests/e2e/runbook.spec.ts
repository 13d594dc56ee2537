import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '../helpers/e2e'

const runbook = readFileSync(fileURLToPath(new URL('../../docs/runbook.md', import.meta.url)), 'utf8')
/** The pages that recipes send to, by what the navigation calls them. */
const pages = [...new Map([...runbook.matchAll(/\*\*([^*]+)\*\* \(`(\/[\w/-]*)`\)/g)].map(([, word, path]) => [path!, word!]))]

test('every page that the runbook sends to is where it says, under the name it says', async ({ page }) => {
  expect(pages.length).toBeGreaterThan(12)
  for (const [path, word] of pages) {
    const answer = await page.goto(path)
    expect.soft(answer?.status(), path).toBe(200)
    await expect.soft(page.getByRole('main').getByRole('heading', { level: 1 }), path).toBeVisible()
    await expect.soft(page.getByRole('link', { name: new RegExp(`^${word}`) }).first(), path).toHaveAttribute('href', path)
  }
})

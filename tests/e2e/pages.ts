/** Every page of the console, from the folder that makes it one: a page that is added is checked without being listed. */
import { readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { Page } from '@playwright/test'
import type { Db } from '../../server/db/client'
import { collection } from '../api/support'
import { expect } from '../helpers/e2e'
import { ONBOARDING, SUPPORT_TEAM } from './support'

const FOLDER = join(import.meta.dirname, '../../pages')

const routes = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.vue'))
  .map(file => `/${file.split(sep).join('/').replace(/\.vue$/, '').replace(/(^|\/)index$/, '')}`)
  .sort()

/** The addresses of the pages that are about no one thing. */
export const PAGES = routes.filter(route => !route.includes('['))

const pieceId = async (db: Db) =>
  (await db.selectFrom('information_unit').select('id').where('canonical_address', '=', 'wf/onboarding/welcome').executeTakeFirstOrThrow()).id

/** For each page about one thing, how one such thing is found. */
const EXAMPLES: Record<string, (db: Db) => Promise<string>> = {
  '/templates/[id]': db => collection(db, ONBOARDING),
  '/instances/[id]': db => collection(db, SUPPORT_TEAM),
  '/families/[family]': async () => 'tpl:wf:onboarding',
  '/pieces/[id]': pieceId,
  '/pieces/[id]/[change]': async db => `${await pieceId(db)}/edit`,
  '/runs/[id]': async db => (await db.selectFrom('v_iu_command_run').select('id').executeTakeFirstOrThrow()).id!,
}

/** The pages about one thing, as their files name them: `/templates/[id]`. */
export const DETAIL_PAGES = routes.filter(route => route.includes('['))

/**
 * The address of one page of that kind.
 * @param route as its file names it: `/templates/[id]`
 * @throws Error when no example is known for it
 */
export async function addressOf(db: Db, route: string) {
  const example = EXAMPLES[route]
  if (!example) throw new Error(`tests/e2e/pages.ts knows no example of ${route}`)
  return route.replace(/\[.*\]/, (await example(db)).split('/').map(encodeURIComponent).join('/'))
}

/** The page does not scroll sideways. */
export async function expectNothingSticksOut(page: Page) {
  const [content, screen] = await page.evaluate(() => [document.scrollingElement!.scrollWidth, window.innerWidth])
  expect.soft(content, `${page.url()} at ${screen} pixels`).toBeLessThanOrEqual(screen!)
}

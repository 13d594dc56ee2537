/** Playwright's `test` for the console: a server and demo data for each spec file, and pages that must stay clean. */
import AxeBuilder from '@axe-core/playwright'
import { test as base, expect } from '@playwright/test'
import type { APIRequestContext, BrowserContext, Page } from '@playwright/test'
import type { Db } from '../../server/db/client'
import { startOwnConsole } from './console'
import type { OwnConsole } from './console'
import { emailOf, signIn } from './people'
import type { Role } from '#shared/access'

export { expect }

const START_TIMEOUT_MS = 120_000
const A11Y_TAGS = ['wcag2a', 'wcag2aa', 'wcag21aa']

/** The kind of annotation that carries a tolerated problem through a test. */
const TOLERATED = 'tolerated'

/** Hands out the console of the spec file that runs; the next file gets a new one. */
type ConsoleOfFile = (file: string) => Promise<OwnConsole>

interface TestFixtures {
  /** The spec file's console. */
  own: OwnConsole
  /** Who looks at the pages; null: nobody is signed in. */
  as: Role | null
  /** Requests of the administrator's beside the browser, by token. */
  request: APIRequestContext
  /** The spec file's database, for edits behind the console's back. */
  db: Db
}

/** Notes everything that must not happen in a page: errors, hydration warnings, requests to another host. */
function watch(context: BrowserContext, host: string) {
  const problems: string[] = []
  const leaves = (url: string) => /^(https?|wss?):/.test(url) && new URL(url).host !== host
  context.on('console', (message) => {
    // A page that was built otherwise than it is shown, and an icon that is not in the build.
    const warning = message.type() === 'warning' && /Hydration|\[Icon\]/.test(message.text())
    if (message.type() === 'error' || warning) {
      problems.push(`console ${message.type()}: ${message.text()} (${message.location().url})`)
    }
  })
  context.on('weberror', ({ error }) => problems.push(`page error: ${error().stack ?? error().message}`))
  context.on('request', request => leaves(request.url()) && problems.push(`request to another host: ${request.url()}`))
  context.on('page', page => page.on('websocket', socket => leaves(socket.url()) && problems.push(`socket to another host: ${socket.url()}`)))
  return problems
}

export const test = base.extend<TestFixtures, { consoleOfFile: ConsoleOfFile }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads from this pattern which fixtures are wanted: none.
  consoleOfFile: [async ({}, use) => {
    const postgres = process.env.IU_TEST_POSTGRES
    if (!postgres) throw new Error('IU_TEST_POSTGRES is not set: run the browser tests with playwright.config.ts')
    let running: { file: string, own: OwnConsole } | undefined
    await use(async (file) => {
      if (running?.file === file) return running.own
      await running?.own.stop()
      running = undefined
      running = { file, own: await startOwnConsole(postgres, 'demo') }
      return running.own
    })
    await running?.own.stop()
  }, { scope: 'worker', timeout: START_TIMEOUT_MS }],

  own: [async ({ consoleOfFile }, use, testInfo) => {
    await use(await consoleOfFile(testInfo.file))
  }, { timeout: START_TIMEOUT_MS }],

  request: async ({ own, playwright }, use) => {
    const request = await playwright.request.newContext({
      baseURL: own.server.url, extraHTTPHeaders: { authorization: `Bearer ${own.tokens.administrator}` },
    })
    await use(request)
    await request.dispose()
  },

  db: ({ own }, use) => use(own.db),
  baseURL: ({ own }, use) => use(own.server.url),

  as: ['administrator', { option: true }],

  context: async ({ context, own, as }, use, testInfo) => {
    if (as) {
      const [name, value] = (as === 'administrator' ? own.session : await signIn(own.server.url, emailOf(as))).split('=', 2)
      // DevTools takes such a cookie for an https address only; the browser sends it to this machine without TLS, too.
      const url = own.server.url.replace('http:', 'https:')
      await context.addCookies([{ name: name!, value: value!, url, secure: true, httpOnly: true, sameSite: 'Lax' }])
    }
    const problems = watch(context, new URL(own.server.url).host)
    await use(context)
    const tolerated = testInfo.annotations.filter(({ type }) => type === TOLERATED)
    const left = problems.filter(problem => !tolerated.some(({ description = '' }) => new RegExp(description).test(problem)))
    if (left.length > 0) await testInfo.attach('server log', { body: own.server.logs, contentType: 'text/plain' })
    expect(left, 'a page stays free of errors and talks to its server only').toEqual([])
  },
})

/**
 * Names a problem that the running test causes on purpose, such as the console error Chromium writes for a refused request.
 * @param pattern its text: `tolerate(/status of 409/)`
 */
export function tolerate(pattern: RegExp) {
  test.info().annotations.push({ type: TOLERATED, description: pattern.source })
}

/**
 * Checks a page with axe against WCAG 2.1 A and AA.
 * @param page the page as it stands
 * @param include a CSS selector when only a part is meant
 * @throws when it finds violations: each with its rule, what to do and the elements
 */
export async function checkA11y(page: Page, include?: string) {
  const axe = new AxeBuilder({ page }).withTags(A11Y_TAGS)
  const { violations } = await (include ? axe.include(include) : axe).analyze()
  const report = violations.map(({ id, impact, help, nodes }) => [
    `${id} (${impact}): ${help}`,
    ...nodes.map(node => `  ${node.target.join(' ')}\n    ${node.failureSummary?.replaceAll('\n', '\n    ')}`),
  ].join('\n'))
  expect(report.join('\n\n'), `accessibility of ${page.url()}`).toBe('')
}

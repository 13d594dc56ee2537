import { defineConfig } from '@playwright/test'
import { findChromium } from './tests/helpers/machine.mjs'

export default defineConfig({
  testDir: 'tests/e2e',
  globalSetup: './tests/helpers/e2e-setup.ts',
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env.CI),
  use: {
    browserName: 'chromium',
    locale: 'en-GB',
    timezoneId: 'UTC',
    contextOptions: { reducedMotion: 'reduce' },
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: findChromium(),
      // The sandbox is not available to root; the rest keeps the browser from talking to anybody but the console.
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
})

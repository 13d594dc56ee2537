import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { findPostgres15 } from './tests/helpers/machine.mjs'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const setup = ['tests/helpers/vitest-setup.ts']

/** A project: a name, its folder below tests/, and what starts before it. */
const project = (name: string, folder: string, globalSetup: string[] = []) => ({
  extends: true as const,
  test: { name, include: [`tests/${folder}/**/*.test.ts`], globalSetup },
})

export default defineConfig({
  resolve: {
    alias: { '#shared': path('./app/shared'), '~~': path('.') },
  },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      project('unit', 'unit'),
      project('cli', 'cli', setup),
      project('db-pg18', 'db', setup),
      ...(findPostgres15() ? [project('db-pg15', 'db', setup)] : []),
      project('api', 'api', setup),
    ],
  },
})

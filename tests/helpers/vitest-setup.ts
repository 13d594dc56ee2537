import type { TestProject } from 'vitest/node'
import { ensureTemplate } from './databases'
import { startPostgres } from './postgres'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the maintenance database of the project's PostgreSQL server. */
    postgres: string
  }
}

/** Starts the project's PostgreSQL (15 for the project whose name says so, else 18) and migrates its template database. */
export default async function setup(project: TestProject) {
  const postgres = await startPostgres(project.name.endsWith('pg15') ? 15 : 18)
  try {
    await ensureTemplate(postgres.url, 'migrated')
  }
  catch (error) {
    await postgres.end()
    throw error
  }
  project.provide('postgres', postgres.url)
  return postgres.end
}

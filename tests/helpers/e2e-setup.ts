import { ensureTemplate } from './databases'
import { startPostgres } from './postgres'

/** Starts the PostgreSQL server of the browser tests and loads the demo dataset into its template database. */
export default async function setup() {
  const postgres = await startPostgres(18)
  try {
    await ensureTemplate(postgres.url, 'demo')
  }
  catch (error) {
    await postgres.end()
    throw error
  }
  // Playwright hands the environment on to its workers.
  process.env.IU_TEST_POSTGRES = postgres.url
  return postgres.end
}

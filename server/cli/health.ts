import type { Kysely } from 'kysely'
import { type HealthRow, checkHealth } from '../db/health'

/** What `iu health` found. */
export interface Health {
  rows: HealthRow[]
  /** 0: all green; 1: something is red. */
  exitCode: 0 | 1
  /** For a terminal, without a line break at the end. */
  text: string
}

/**
 * Runs the healthcheck for the command line.
 * @param db the database; it is only read
 */
export async function health<T>(db: Kysely<T>): Promise<Health> {
  const rows = await checkHealth(db)
  const red = rows.filter(row => row.status === 'red')
  const width = Math.max(...rows.map(row => row.surface.length))
  const lines = rows.flatMap(row => [
    `${row.status === 'red' ? 'RED  ' : 'green'}  ${row.surface.padEnd(width)}  ${row.message}`,
    ...row.ids.map(id => `         ${id}`),
    ...(row.count > row.ids.length ? [`         and ${row.count - row.ids.length} more`] : []),
  ])
  return {
    rows,
    exitCode: red.length > 0 ? 1 : 0,
    text: [...lines, red.length > 0 ? `${red.length} of ${rows.length} surfaces are red` : `All ${rows.length} surfaces are green`].join('\n'),
  }
}

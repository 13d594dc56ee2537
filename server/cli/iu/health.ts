import { defineCommand } from 'citty'
import { health } from '../health'
import { onDatabase } from './on-database'
import { answer } from './output'
import { Told } from './usage'

/** `iu health`: is the factory healthy? */
export const healthCommand = defineCommand({
  meta: { name: 'health', description: 'Check every surface; exit code 1 when one is red' },
  args: { json: { type: 'boolean', default: false, description: 'Write JSON' } },
  run: ({ args }) => onDatabase(async (db) => {
    const { rows, text, exitCode } = await health(db)
    answer(args.json, rows, text)
    if (exitCode !== 0) throw new Told(exitCode)
  }),
})

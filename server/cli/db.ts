import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ArgsDef, type CommandDef, defineCommand, renderUsage, runCommand } from 'citty'
import { PlainError, say, step } from '../../bin/progress.mjs'
import { root } from '../../bin/state.mjs'
import { adopt, adoptionReport } from './adopt'
import { writeInventory } from './conformance'
import { reachable, requireMigrated } from './database-checks'
import { replay, seed, surfaceTable } from './demo'
import { migrationsFolder } from './migration-files'
import { migrateToLatest, rollbackTo } from './migrator'
import { UsageError, checkOptions } from './iu/usage'
import { dumpSchema } from './schema-dump'
import { writeTypes } from './types'
import { type CommandDatabase, withDatabase } from './with-database'

const migrate = defineCommand({
  meta: { name: 'migrate', description: 'Apply every migration that is missing, all or nothing' },
  run: () => onDatabase(async ({ db }) => {
    const applied = await migrateToLatest(db)
    console.log(applied.length ? `Applied ${list(applied)}` : 'Nothing to apply: the database is up to date.')
  }),
})

const rollback = defineCommand({
  meta: { name: 'rollback', description: 'Roll migrations back, highest number first, all or nothing' },
  args: {
    to: { type: 'string', required: true, valueHint: 'NNN', description: 'The last migration that stays; 0 rolls back everything' },
    force: { type: 'boolean', default: false, description: 'Give up the rows that the rollbacks would otherwise refuse to lose' },
  },
  run: ({ args }) => {
    if (!/^\d{1,3}$/.test(args.to)) throw new UsageError(`--to takes the number of a migration, such as 032 or 0; it is "${args.to}".`)
    return onDatabase(async ({ db }) => {
      const gone = await rollbackTo(db, Number(args.to), { force: args.force })
      console.log(gone.length ? `Rolled back ${list(gone)}` : 'Nothing to roll back.')
    })
  },
})

const seedCommand = defineCommand({
  meta: { name: 'seed', description: 'Load the demo dataset into an empty substrate' },
  run: () => onDatabase(async ({ db, url }) => {
    await requireMigrated(db, url)
    const pieces = await step('loading the demo data', () => seed(db))
    console.log(`The demo dataset is loaded: ${pieces} pieces and what is made of them.`)
  }),
})

const replayCommand = defineCommand({
  meta: { name: 'replay', description: 'Replay the reported operation on the demo dataset and show what it changed' },
  run: () => onDatabase(async ({ db, url }) => {
    await requireMigrated(db, url)
    const { before, after } = await step('replaying the operation', () => replay(db))
    console.log(surfaceTable(before, after))
  }),
})

const reset = defineCommand({
  meta: { name: 'reset', description: 'Destroy everything, then migrate and load the demo dataset' },
  args: {
    yes: { type: 'boolean', default: false, description: 'Needed with DATABASE_URL: every row of that database is lost' },
  },
  run: ({ args }) => {
    if (process.env.DATABASE_URL && !args.yes) {
      throw new PlainError('This destroys every row that IU Core has in the database of DATABASE_URL. If that is what you want, say so: npm run db:reset -- --yes')
    }
    return onDatabase(async ({ db }) => {
      await step('rolling everything back', () => rollbackTo(db, 0, { force: true }))
      await step('migrating', () => migrateToLatest(db))
      await step('loading the demo data', () => seed(db))
      console.log('The database is as after a first start.')
    })
  },
})

const dump = defineCommand({
  meta: { name: 'dump', description: 'Write the schema to migrations/schema.sql' },
  run: () => onDatabase(async ({ db, url }) => {
    await requireMigrated(db, url)
    await writeFile(join(migrationsFolder, 'schema.sql'), await dumpSchema(db))
    console.log('Wrote migrations/schema.sql')
  }),
})

const types = defineCommand({
  meta: { name: 'types', description: 'Write the types of the live schema to server/db/types.ts' },
  run: () => onDatabase(async ({ db, url }) => {
    await requireMigrated(db, url)
    await writeTypes(url, join(root, 'server/db/types.ts'))
    console.log('Wrote server/db/types.ts')
  }),
})

const inventoryCommand = defineCommand({
  meta: { name: 'inventory', description: 'Write what the migrations make to conformance/inventory.json' },
  run: () => onDatabase(async ({ db, url }) => {
    console.log(`Wrote conformance/inventory.json: ${await writeInventory(db, url)} objects`)
  }),
})

const adoptCommand = defineCommand({
  meta: { name: 'adopt', description: 'Record and complete an IU Core that was not made by these migrations, or change nothing' },
  args: {
    'keep-definitions': { type: 'boolean', default: false, description: 'Take functions and views as they are when only their definition differs' },
  },
  run: ({ args }) => onDatabase(async ({ db }) => {
    const found = await adopt(db, { keepDefinitions: args['keep-definitions'] })
    console.log(adoptionReport(found))
    if (found.some(standing => standing.state === 'disagrees')) process.exitCode = 1
  }),
})

/** The database commands by name, as `npm run db:…` and `iu db …` offer them. */
export const commands: Record<string, CommandDef<ArgsDef>> = {
  migrate, rollback, seed: seedCommand, replay: replayCommand, reset, dump, types, inventory: inventoryCommand, adopt: adoptCommand,
} as Record<string, CommandDef<ArgsDef>>

const database = defineCommand({
  meta: { name: 'npm run db:<command> --', description: 'Work on DATABASE_URL or, without it, on the embedded database' },
  subCommands: commands,
})

/**
 * The database commands. Exit code 0: done; 1: refused or failed; 2: it cannot be meant as it was typed.
 * @param rawArgs the command and its options
 * @throws PlainError with what went wrong, in words
 */
export async function main(rawArgs: string[]): Promise<void> {
  const [name = ''] = rawArgs
  const command = commands[name]
  if (!command || rawArgs.includes('--help')) {
    console.log(await renderUsage(command ?? database))
    if (!command && name !== '--help') process.exitCode = 2
    return
  }
  try {
    checkOptions(`npm run db:${name} --`, command, rawArgs.slice(1))
    await runCommand(command, { rawArgs: rawArgs.slice(1) })
  }
  catch (error) {
    // What citty says about its arguments is meant for the operator as it is.
    if (!(error instanceof UsageError) && (error as Error).name !== 'CLIError') throw error
    say(`\n${(error as Error).message}`)
    process.exitCode = 2
  }
}

const onDatabase = (work: (database: CommandDatabase) => Promise<void>) =>
  withDatabase(database => reachable(database.url, () => work(database)))

const list = (names: string[]) => `${names.length} ${names.length === 1 ? 'migration' : 'migrations'}:\n${names.map(name => `  ${name}`).join('\n')}`

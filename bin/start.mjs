import { importTypeScript, prepare } from './bootstrap.mjs'
import { fail } from './progress.mjs'
import { announceRunning } from './running.mjs'

const dev = process.argv.includes('--dev')

try {
  // Before anything is installed or built: that would pull the ground from under the one that runs.
  if (!await announceRunning()) {
    await prepare({ build: !dev })
    const { start } = await importTypeScript('server/cli/start.ts')
    await start({ dev })
  }
}
catch (error) {
  fail(error)
}

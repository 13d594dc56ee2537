#!/usr/bin/env node
import { importTypeScript, prepare } from './bootstrap.mjs'
import { fail } from './progress.mjs'

try {
  await prepare()
  const { main } = await importTypeScript('server/cli/iu.ts')
  await main(process.argv.slice(2))
}
catch (error) {
  fail(error)
}

import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PlainError } from '../../bin/progress.mjs'
import { root } from '../../bin/state.mjs'

/** As the console's own pool parses them; a time crosses as an ISO 8601 string. */
const AS_THE_POOL_PARSES = { timestamptz: 'string', int8: 'number', numeric: 'number' }

/**
 * Generates the Kysely types of the live schema; tables outside \`public\` carry their schema in the name.
 * @param url the database
 * @param file where to write
 * @throws PlainError with the generator's output
 */
export async function writeTypes(url: string, file: string): Promise<void> {
  const generator = join(root, 'node_modules/kysely-codegen/dist/cli/bin.js')
  const args = [
    '--dialect', 'postgres', '--url', 'env(DATABASE_URL)', '--out-file', file, '--default-schema', 'public',
    '--include-pattern', '(public|console).*', '--exclude-pattern', 'console.kysely_*',
    '--type-mapping', JSON.stringify(AS_THE_POOL_PARSES),
  ]
  try {
    // The address goes by environment: arguments are seen by every user of the machine.
    await promisify(execFile)(process.execPath, [generator, ...args], { cwd: root, env: { ...process.env, DATABASE_URL: url } })
  }
  catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string, stderr?: string }
    throw new PlainError(`${stdout}${stderr}\nThe types could not be generated.`)
  }
  await writeFile(file, '/* eslint-disable */\n' + await readFile(file, 'utf8'))
}

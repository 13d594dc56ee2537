import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitFor } from '../helpers/wait'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A program of bin/ at work. */
export interface Program {
  child: ChildProcess
  /** What it has written so far. */
  output: { stdout: string, stderr: string }
  /** Settles with the exit code, or the name of the signal that ended it. */
  ended: Promise<number | string>
  /** Waits until it has written that text to standard output or error. */
  says(text: string): Promise<void>
}

/**
 * Runs a program of bin/ as an operator would, but with data of its own.
 * @param script such as `start.mjs`
 * @param args its arguments
 * @param env what is set in its environment; neither DATABASE_URL nor HOST nor PORT gets there otherwise
 * @param folder the project's, or a copy of it
 */
export const runProgram = (script: string, args: string[], env: Record<string, string>, folder = root): Program =>
  start(process.execPath, [join(folder, 'bin', script), ...args], folder, env)

/**
 * Runs a line as it is typed into a shell: `npx iu` is the `iu` of this clone, `npm run db:…` its `db` command.
 * @param line such as an example of the help
 * @param folder where it is typed
 * @param env as for `runProgram`
 */
export const runLine = (line: string, folder: string, env: Record<string, string>): Program =>
  start('sh', ['-c', `
    npx() { shift; "${process.execPath}" "${join(root, 'bin/iu.mjs')}" "$@"; }
    npm() { command=\${2#db:}; shift 2; [ "$1" = -- ] && shift; "${process.execPath}" "${join(root, 'bin/db.mjs')}" "$command" "$@"; }
    ${line}`], folder, env)

/**
 * Runs a program of bin/ on a terminal, a real one as far as it can tell, with somebody who types.
 * @param script such as `iu.mjs`
 * @param args its arguments
 * @param env as for `runProgram`
 * @returns the program, and `types` for what goes in at the keyboard
 */
export function runOnTerminal(script: string, args: string[], env: Record<string, string>) {
  const quoted = [process.execPath, join(root, 'bin', script), ...args].map(word => `'${word.replaceAll('\'', '\'\\\'\'')}'`).join(' ')
  // On every Debian: bsdutils is essential.
  const program = start('script', ['-q', '-e', '-c', quoted, '/dev/null'], root, env)
  return { ...program, types: (text: string) => program.child.stdin!.write(text) }
}

function start(command: string, args: string[], folder: string, env: Record<string, string>): Program {
  const { DATABASE_URL: _url, HOST: _host, PORT: _port, NODE_ENV: _mode, ...inherited } = process.env
  const typed = command === 'script' ? 'pipe' : 'ignore'
  const child = spawn(command, args, { cwd: folder, env: { ...inherited, ...env }, stdio: [typed, 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', text => (output.stdout += text))
  child.stderr!.setEncoding('utf8').on('data', text => (output.stderr += text))
  let end: string | undefined
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      end = `ended with ${code ?? signal}\n${output.stderr}`
      resolve(code ?? signal!)
    })
  })
  const says = (text: string) => waitFor(`"${text}"`, async () => `${output.stdout}${output.stderr}`.includes(text), {
    // A start builds first when the sources have changed.
    patience: 300_000, gaveUp: () => end,
  })
  return { child, output, ended, says }
}

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { isAlive, refTo } from '../../bin/process.mjs'
import type { ConsoleState } from '../../bin/state.mjs'
import { openDatabase } from '../../server/cli/database'
import { pendingMigrations } from '../../server/cli/migrator'
import { freePort } from '../../server/cli/ports'
import { createDatabase } from '../helpers/databases'
import { waitFor } from '../helpers/wait'
import { type Program, runProgram } from './program'

let home: string
const programs: Program[] = []

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'iu-start-'))
})

function start(env: Record<string, string> = {}) {
  const program = runProgram('start.mjs', [], { IU_DATA_DIR: home, ...env })
  programs.push(program)
  return program
}

/** Up, with its state as it wrote it down. */
async function startAndWait(env?: Record<string, string>) {
  const program = start({ PORT: String(await freePort()), ...env })
  await program.says('IU Console is up')
  const state = JSON.parse(readFileSync(join(home, 'console.json'), 'utf8')) as Required<ConsoleState>
  return { program, state, postgres: refTo(Number(readFileSync(join(home, 'postgres/postmaster.pid'), 'utf8').split('\n')[0])) }
}

const status = async (url: string) => (await fetch(url)).status

async function pieces(url: string) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query('select count(*)::int as n from information_unit')
  await client.end()
  return rows[0].n
}

afterEach(async () => {
  for (const { child, ended } of programs.splice(0)) {
    child.kill('SIGTERM')
    await ended
  }
})

afterAll(() => rmSync(home, { recursive: true, force: true }))

describe('with the embedded database', { timeout: 400_000 }, () => {
  test('a first start loads the demo data, prints the address last and stops cleanly on Ctrl-C', async () => {
    const { program, state, postgres } = await startAndWait()
    const { stdout, stderr } = program.output
    // Nobody has an account yet: the address is the one that makes the first.
    expect(stdout.trimEnd().split('\n').at(-1)!.replace(/#[\w-]{43}$/, '#…')).toBe(`IU Console is up: ${state.address}/set-up#…`)
    expect(stderr).toContain('✓ loading the demo data')
    expect(await status(`${state.address}/api/health/live`)).toBe(200)
    expect(await pieces(state.databaseUrl)).toBe(174)
    expect((statSync(join(home, 'console.json')).mode & 0o777).toString(8)).toBe('600')

    const second = start()
    expect(await second.ended).toBe(0)
    expect(second.output.stdout).toContain(`already running (process ${program.child.pid}): ${state.address}`)

    program.child.kill('SIGINT')
    expect(await program.ended).toBe(0)
    expect([state.server, postgres].map(isAlive)).toEqual([false, false])
  })

  test('two starts at once end as one console', async () => {
    const port = String(await freePort())
    const [one, other] = [start({ PORT: port }), start({ PORT: port })]
    const first = await Promise.race([one.ended.then(() => one), other.ended.then(() => other)])
    expect(await first.ended).toBe(0)
    expect(first.output.stdout).toContain(`already running`)
    expect(await status(`http://127.0.0.1:${port}/api/health/live`)).toBe(200)
  })

  test('after kill -9 the server ends by itself and the next start recovers', async () => {
    const { program, state, postgres } = await startAndWait()
    program.child.kill('SIGKILL')
    await waitFor('the end of the server', async () => !isAlive(state.server))
    expect(isAlive(postgres)).toBe(true)
    const next = await startAndWait()
    expect(isAlive(postgres)).toBe(false)
    expect(await pieces(next.state.databaseUrl)).toBe(174)
  })

  test('a PostgreSQL that is killed comes back where it was, and the console with it', async () => {
    const { program, state, postgres } = await startAndWait()
    expect(await status(`${state.address}/api/health/ready`)).toBe(200)
    process.kill(postgres.pid, 'SIGKILL')
    await program.says('PostgreSQL is back')
    await waitFor('readiness', async () => await status(`${state.address}/api/health/ready`) === 200)
    expect(await pieces(state.databaseUrl)).toBe(174)
  })

  test('a server that dies is reported, and nothing is left running', async () => {
    const { program, state, postgres } = await startAndWait()
    process.kill(state.server.pid, 'SIGKILL')
    expect(await program.ended).toBe(1)
    expect(program.output.stderr).toContain('The server was ended by SIGKILL')
    expect(isAlive(postgres)).toBe(false)
  })

  test('a port that was asked for and is taken is an error', async () => {
    const holder = createServer()
    await new Promise<void>(resolve => holder.listen(0, '127.0.0.1', resolve))
    const { port } = holder.address() as AddressInfo
    const program = start({ PORT: String(port) })
    expect(await program.ended).toBe(1)
    expect(program.output.stderr).toContain(`Port ${port} on 127.0.0.1 is taken`)
    await new Promise(resolve => holder.close(resolve))
  })
})

describe('with DATABASE_URL', { timeout: 400_000 }, () => {
  test('a database behind the migrations is named with the command that mends it, and not touched', async () => {
    const { url, drop } = await createDatabase(inject('postgres'), 'empty')
    const program = start({ DATABASE_URL: url.replace('postgres@', 'postgres:not-to-be-shown@') })
    expect(await program.ended).toBe(1)
    const said = program.output.stdout + program.output.stderr
    expect(said).toContain('DATABASE_URL=… npm run db:migrate')
    expect(said).toContain('001_information_unit')
    expect(said).not.toContain('not-to-be-shown')
    const db = openDatabase(url)
    expect((await pendingMigrations(db)).length).toBeGreaterThan(0)
    await db.destroy()
    await drop()
  })

  test('a database that is up to date is served as it is, without demo data', async () => {
    const { url, drop } = await createDatabase(inject('postgres'), 'migrated')
    const port = await freePort()
    const program = start({ DATABASE_URL: url, PORT: String(port) })
    await program.says('IU Console is up')
    expect(await status(`http://127.0.0.1:${port}/api/health/ready`)).toBe(200)
    expect(await pieces(url)).toBe(0)
    expect(program.output.stderr).not.toContain('PostgreSQL')
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
    await drop()
  })

  test('a database that does not answer is an error', async () => {
    const program = start({ DATABASE_URL: 'postgres://postgres:not-to-be-shown@127.0.0.1:1/nowhere' })
    expect(await program.ended).toBe(1)
    expect(program.output.stderr).toContain('nowhere on 127.0.0.1:1 cannot be reached')
    expect(program.output.stderr).not.toContain('not-to-be-shown')
  })
})

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isAlive, refTo } from '../../bin/process.mjs'
import { type EmbeddedServer, startEmbedded } from '../../server/cli/embedded'

let home: string
let dataDir: string
const started: EmbeddedServer[] = []
const log: string[] = []
// Where clusters lie that did not fit into their home.
const elsewheres: string[] = []

async function start(port?: number) {
  const server = await startEmbedded({ dataDir, port, durable: false, log: line => log.push(line) })
  started.push(server)
  return server
}

async function query<R extends pg.QueryResultRow>(url: string, text: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<R>(text)).rows
  }
  finally {
    await client.end()
  }
}

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8)

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'iu-embedded-'))
  dataDir = join(home, 'postgres')
  log.length = 0
})

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop()
  for (const folder of elsewheres.splice(0)) rmSync(folder, { recursive: true, force: true })
  rmSync(home, { recursive: true, force: true })
})

test('starts PostgreSQL 18 with a database of its own, for this machine and this user alone', async () => {
  const { url, port } = await start()
  const [settings] = await query(url, `select current_database() as database, current_setting('server_version_num')::int / 10000 as version,
    pg_encoding_to_char(encoding) as encoding, datcollate as collation, current_setting('listen_addresses') as listens
    from pg_database where datname = current_database()`)
  expect(settings).toEqual({ database: 'iu_console', version: 18, encoding: 'UTF8', collation: 'C', listens: '127.0.0.1' })
  expect(mode(`${dataDir}.password`)).toBe('600')
  expect(mode(dataDir)).toBe('700')
  await expect(query(url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow('password authentication failed')

  const outside = Object.values(networkInterfaces()).flat().find(address => address && !address.internal && address.family === 'IPv4')
  if (outside) {
    const refused = new Promise(resolve => connect(port, outside.address).once('error', resolve).once('connect', () => resolve(null)))
    expect(await refused).toMatchObject({ code: 'ECONNREFUSED' })
  }
})

test('keeps its data and its password from one start to the next', async () => {
  const first = await start()
  await query(first.url, 'create table kept as select 1 as n')
  await first.stop()
  expect(isAlive(refTo(first.pid))).toBe(false)
  expect(await query((await start()).url, 'select n from kept')).toEqual([{ n: 1 }])
})

test('replaces a server that nobody stopped', async () => {
  const left = await start()
  const next = await start()
  await left.exited
  expect(next.pid).not.toBe(left.pid)
  expect(log.join()).toContain(`process ${left.pid}`)
  expect(await query(next.url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('comes back after a crash, on the same port when asked', async () => {
  const first = await start()
  await query(first.url, 'create table kept as select 1 as n')
  process.kill(first.pid, 'SIGKILL')
  await first.exited
  const next = await start(first.port)
  expect(next.url).toBe(first.url)
  expect(await query(next.url, 'select n from kept')).toEqual([{ n: 1 }])
})

test('leaves a stranger alone whose pid stands in a stale lock file', async () => {
  await (await start()).stop()
  writeFileSync(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n`)
  expect(await query((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8')).not.toContain(`${process.pid}\n`)
})

test('starts in a folder that PostgreSQL\'s own user cannot get into, and finds its data there again', async () => {
  chmodSync(home, 0o700)
  dataDir = join(home, 'data', 'postgres')
  const first = await start()
  const elsewhere = `${dataDir}.elsewhere`
  if (existsSync(elsewhere)) elsewheres.push(readFileSync(elsewhere, 'utf8').trim())
  await query(first.url, 'create table kept (n integer)')
  await first.stop()
  const again = await start()
  expect(await query(again.url, 'select from kept')).toEqual([])
})

test('says what to do when the password is gone', async () => {
  await (await start()).stop()
  rmSync(`${dataDir}.password`)
  await expect(start()).rejects.toThrow(/password of the embedded database is gone/)
})

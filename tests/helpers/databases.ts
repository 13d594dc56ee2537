import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { openDatabase } from '../../server/cli/database'
import { seed } from '../../server/cli/demo'
import { migrateToLatest } from '../../server/cli/migrator'

/** What a new database starts with: nothing, the schema, or the schema and the demo dataset. */
export type Contents = 'empty' | 'migrated' | 'demo'

const TEMPLATES = { empty: 'template0', migrated: 'iu_template', demo: 'iu_demo' } as const
/** Any number will do: it keeps two workers from making the same template at once. */
const TEMPLATE_LOCK = 4_711_018

/**
 * The address of another database on the same server.
 * @param server address of any of its databases
 * @param name the database wanted
 */
function addressOf(server: string, name: string) {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  // A connection lost between two statements has no caller to tell; the next statement reports it.
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  }
  finally {
    await client.end()
  }
}

async function exists(client: pg.Client, name: string) {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
  return rowCount === 1
}

/**
 * Makes the template database for that content unless it is there; safe to call from several processes.
 * @param server address of the server's maintenance database
 * @returns the template's name
 */
export async function ensureTemplate(server: string, contents: Contents): Promise<string> {
  const name = TEMPLATES[contents]
  if (contents === 'empty') return name
  const base = await ensureTemplate(server, contents === 'demo' ? 'migrated' : 'empty')
  await withClient(server, async (client) => {
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK])
    if (await exists(client, name)) return
    // Under another name until it is complete: a half-made template must never be taken for a whole one.
    const draft = `${name}_draft`
    await client.query(`drop database if exists ${draft} with (force)`)
    await client.query(`create database ${draft} template ${base}`)
    const db = openDatabase(addressOf(server, draft))
    try {
      await (contents === 'demo' ? seed(db) : migrateToLatest(db))
    }
    finally {
      await db.destroy()
    }
    await client.query(`alter database ${draft} rename to ${name}`)
  })
  return name
}

const CONSOLE_LOGIN = 'iu_test_console'

/**
 * The same database for a login that is in `iu_console` and nowhere else: what a console gets.
 * @param url the database as its superuser
 * @returns its address; there is no password
 */
export async function consoleLogin(url: string): Promise<string> {
  // Roles belong to the whole server: another worker may be making it.
  await withClient(url, client => client.query(`do $$
    begin
      create role ${CONSOLE_LOGIN} login in role iu_console;
    exception
      when duplicate_object or unique_violation then null;
    end $$`))
  const address = new URL(url)
  address.username = CONSOLE_LOGIN
  return address.href
}

/**
 * Creates a database of one's own.
 * @param server address of the server's maintenance database
 * @param contents what it starts with
 * @returns its address, and `drop`, which also ends connections left open
 */
export async function createDatabase(server: string, contents: Contents) {
  const template = await ensureTemplate(server, contents)
  const name = `iu_test_${randomBytes(6).toString('hex')}`
  await withClient(server, client => client.query(`create database ${name} template ${template}`))
  return {
    url: addressOf(server, name),
    async drop() {
      await withClient(server, client => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}

/**
 * The database that the rolled-back tests of one worker share.
 * @param worker the worker's number, part of the name
 * @returns its address
 */
export async function sharedDatabase(server: string, worker: string) {
  const template = await ensureTemplate(server, 'migrated')
  const name = `iu_worker_${worker}`
  await withClient(server, async (client) => {
    if (!await exists(client, name)) await client.query(`create database ${name} template ${template}`)
  })
  return addressOf(server, name)
}

/** Who may do what: the grants of migrations/048 and of later migrations, and that nothing else is open. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { listMigrations } from '../../server/cli/migration-files'
import { createDb } from '../../server/db/client'
import type { Db, Trx } from '../../server/db/client'
import { consoleLogin } from '../helpers/databases'
import { seededDatabase, withTransaction } from '../helpers/db'
import { rowsOf } from './fixtures'

const server = fileURLToPath(new URL('../../server', import.meta.url))

/** The grants that stand in the migrations: one line a privilege, object and role. */
function listedGrants(): string[] {
  const text = listMigrations().map(({ upFile }) => readFileSync(upFile, 'utf8').replace(/--.*$/gm, '')).join('\n')
  const statements = [...text.matchAll(/^\s*grant ([^;]*?)\s+on\s+(function\s|schema\s|table\s)?([^;]*?)\s+to\s+([^;]*?);/gms)]
  return statements.flatMap(([, privileges, of = '', objects, roles]) => roles!.split(',').flatMap(role =>
    splitOutside(objects!).flatMap(object => splitOutside(privileges!).map((privilege) => {
      const [, word, columns = ''] = privilege.match(/^(\w+)\s*(.*)$/s)!
      const name = `${of.trim() === 'schema' ? 'schema ' : ''}${object.replace(/,\s+/g, ',')}`
      return columns
        ? columns.slice(1, -1).split(',').map(column => `${word} ${name}.${column.trim()} to ${role.trim()}`)
        : [`${word} ${name} to ${role.trim()}`]
    }).flat())))
}

/** Splits at commas that are in no parentheses. */
const splitOutside = (list: string) => list.split(/,(?![^(]*\))/).map(part => part.trim())

/** The grants that a database has, in the same words; what a role may do as the owner is left out. */
const livingGrants = (db: Trx) => rowsOf<{ line: string, grantee: string }>(db, sql`
  with secured as (
    select 'schema ' || n.nspname as name, n.nspowner as owner, n.nspacl as acl from pg_namespace n where n.nspname in ('public', 'console')
    union all
    select n.nspname || '.' || c.relname, c.relowner, c.relacl
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('public', 'console') and c.relkind in ('r', 'p', 'v', 'm', 'S')
    union all
    select n.nspname || '.' || c.relname || '.' || a.attname, c.relowner, a.attacl
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'console') and a.attacl is not null
    union all
    select n.nspname || '.' || p.proname || '(' || replace(oidvectortypes(p.proargtypes), ', ', ',') || ')', p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('public', 'console')
  )
  select lower(a.privilege_type) || ' ' || s.name || ' to ' || case a.grantee when 0 then 'public' else a.grantee::regrole::text end as line,
         case a.grantee when 0 then 'public' else a.grantee::regrole::text end as grantee
  from secured s cross join lateral aclexplode(s.acl) a
  where a.grantee <> s.owner`)

describe('grants', () => {
  test('are those that stand in the migrations, and no others', async () => {
    // Everybody may look up names in schema public; PostgreSQL has it so.
    const wanted = [...listedGrants(), 'usage schema public to public']
    const living = await withTransaction(livingGrants)
    expect(wanted.length).toBeGreaterThan(100)
    expect(living.map(({ line }) => line).sort()).toEqual([...new Set(wanted)].sort())
  })

  test('of functions to the console are for what the server calls and its views need', async () => {
    const files = readdirSync(server, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
    const called = files.flatMap(file => readFileSync(join(server, file), 'utf8').match(/\b(public|console)\.fn_\w+/g) ?? [])
    const { granted, needed } = await withTransaction(async db => ({
      granted: await rowsOf<{ name: string }>(db, sql`
        select n.nspname || '.' || p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('public', 'console') and has_function_privilege('iu_console', p.oid, 'execute')`),
      needed: await rowsOf<{ name: string }>(db, sql`
        select distinct n.nspname || '.' || p.proname as name
        from pg_rewrite w join pg_class c on c.oid = w.ev_class
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_proc'::regclass
        join pg_proc p on p.oid = d.refobjid join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('public', 'console') and has_table_privilege('iu_console', c.oid, 'select')`),
    }))
    expect(new Set(granted.map(({ name }) => name))).toEqual(new Set([...called, ...needed.map(({ name }) => name)]))
  })
})

describe('iu_owner', () => {
  test('cannot log in, is no superuser, and owns everything that the migrations make', async () => {
    const { roles, strangers } = await withTransaction(async db => ({
      roles: await rowsOf(db, sql`
        select rolname from pg_roles where rolname in ('iu_owner', 'iu_migrator', 'iu_console', 'iu_reader')
          and not (rolcanlogin or rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls) order by 1`),
      strangers: await rowsOf(db, sql`
        select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('public', 'console') and c.relname !~ '^kysely_' and c.relowner <> 'iu_owner'::regrole
        union all select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('public', 'console') and p.proowner <> 'iu_owner'::regrole
        union all select n.nspname from pg_namespace n where n.nspname = 'console' and n.nspowner <> 'iu_owner'::regrole`),
    }))
    expect(roles).toHaveLength(4)
    expect(strangers).toEqual([])
  })

  test('makes functions that PUBLIC cannot execute', () => withTransaction(async (db) => {
    await sql`set local role iu_owner`.execute(db)
    await sql`create function public.fn_iu_later() returns integer language sql as 'select 1'`.execute(db)
    const [later] = await rowsOf<{ open: boolean }>(db, sql`
      select exists (select from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                     where p.proname = 'fn_iu_later' and a.grantee = 0) as open`)
    expect(later!.open).toBe(false)
  }))
})

/** Each attempt by itself: what PostgreSQL answers. */
async function refusals(db: Trx, role: string, attempts: string[]): Promise<string[]> {
  const answers: string[] = []
  for (const attempt of attempts) {
    await sql`savepoint attempt`.execute(db)
    await sql`set local role ${sql.id(role)}`.execute(db)
    answers.push(await sql.raw(attempt).execute(db).then(() => `done: ${attempt}`, (error: { code: string }) => error.code))
    await sql`rollback to attempt`.execute(db)
  }
  return [...new Set(answers)]
}

const relations = (db: Trx, kinds: string) => rowsOf<{ name: string }>(db, sql`
  select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'console') and c.relkind::text = any (${kinds}::text[])`)

describe('iu_console and iu_reader', () => {
  test('cannot write any table of the substrate', () => withTransaction(async (db) => {
    const tables = (await relations(db, '{r,p}')).filter(({ name }) => name.startsWith('public.'))
    expect(tables.length).toBeGreaterThan(20)
    const attempts = tables.flatMap(({ name }) => [
      `insert into ${name} default values`, `delete from ${name}`, `truncate ${name} cascade`, `select from ${name} for update`])
    expect(await refusals(db, 'iu_console', attempts)).toEqual(['42501'])
    expect(await refusals(db, 'iu_reader', attempts)).toEqual(['42501'])
    const writable = await rowsOf(db, sql`
      select c.oid::regclass from pg_class c, unnest(array['iu_console', 'iu_reader']) as role (name)
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
        and (has_any_column_privilege(role.name, c.oid, 'insert, update') or has_table_privilege(role.name, c.oid, 'delete, truncate, trigger'))`)
    expect(writable).toEqual([])
  }))

  test('neither reads, changes nor takes away an entry of the audit; the console adds one by its function', () => withTransaction(async (db) => {
    await sql`select console.fn_audit_record('sign_in', 'ok', 'somebody', null)`.execute(db)
    const table = 'console.audit_entry'
    const rights = await rowsOf(db, sql`
      select role.name, kind.name as may from unnest(array['iu_console', 'iu_reader']) as role (name),
        unnest(array['insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as kind (name)
      where has_table_privilege(role.name, ${table}, kind.name)
        or kind.name in ('insert', 'update', 'references') and has_any_column_privilege(role.name, ${table}, kind.name)`)
    expect(rights).toEqual([])
    const attempts = [
      `select from ${table}`, `insert into ${table} (kind, outcome) values ('sign_in', 'ok')`, `update ${table} set who = 'somebody else'`, `update ${table} set at = now() where false`,
      `delete from ${table}`, `delete from ${table} where false`, `truncate ${table}`, `select from ${table} for update`, `alter table ${table} disable trigger all`,
      `create rule forget as on insert to ${table} do instead nothing`, `drop table ${table}`,
      `merge into ${table} e using (select 1) as x on true when matched then delete`,
    ]
    expect(await refusals(db, 'iu_console', attempts)).toEqual(['42501'])
    expect(await refusals(db, 'iu_reader', attempts)).toEqual(['42501'])
    // The view of the audit is two tables in one: PostgreSQL has no way to write through it.
    expect(await refusals(db, 'iu_console', [`update console.v_audit set who = 'somebody else'`, 'delete from console.v_audit'])).toEqual(['55000'])
    expect(await refusals(db, 'iu_console', [`select console.fn_audit_record('sign_in', 'ok', 'somebody', null)`])).toEqual([expect.stringMatching(/^done/)])
    expect(await refusals(db, 'iu_reader', [`select console.fn_audit_record('sign_in', 'ok', 'somebody', null)`])).toEqual(['42501'])
  }))

  test('no function that the console may call changes or removes an entry of the audit', () => withTransaction(async (db) => {
    const touching = await rowsOf<{ name: string, text: string }>(db, sql`
      select p.proname as name, pg_get_functiondef(p.oid) as text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in ('public', 'console') and p.prokind = 'f' and p.prosrc ~ 'audit_entry'`)
    expect(touching.map(({ name }) => name)).toEqual(['fn_audit_record'])
    expect(touching[0]!.text).not.toMatch(/\b(update|delete|truncate|merge)\b/i)
  }))

  test('cannot become the owner, make objects or read settings\' values', () => withTransaction(async (db) => {
    const attempts = [
      'create table public.mine (id integer)', 'create function public.mine() returns integer language sql as $$select 1$$',
      'create schema mine', 'create table console.mine (id integer)', 'select value from public.dot_config',
      'alter table public.iu_gate owner to current_user', 'create role mine',
    ]
    expect(await refusals(db, 'iu_console', attempts)).toEqual(['42501'])
    expect(await refusals(db, 'iu_reader', attempts)).toEqual(['42501'])
    const [may] = await rowsOf(db, sql`
      select pg_has_role('iu_console', 'iu_owner', 'member') or pg_has_role('iu_reader', 'iu_owner', 'member')
        or pg_has_role('iu_console', 'iu_migrator', 'member') or pg_has_role('iu_reader', 'iu_console', 'member') as more`)
    expect(may).toEqual({ more: false })
  }))

  test('the reader selects from views alone', () => withTransaction(async (db) => {
    const [views, tables] = [await relations(db, '{v,m}'), await relations(db, '{r,p,S}')]
    expect(await refusals(db, 'iu_reader', tables.map(({ name }) => `select * from ${name}`))).toEqual(['42501'])
    const read = await refusals(db, 'iu_reader', views.filter(({ name }) => name.startsWith('public.')).map(({ name }) => `select * from ${name}`))
    expect(read.filter(answer => !answer.startsWith('done'))).toEqual([])
    expect(await refusals(db, 'iu_reader', ['select public.fn_iu_gate_set(\'iu_core.composer_enabled\', true, \'x\', null)'])).toEqual(['42501'])
  }))
})

/** Tables and functions in the temporary schema, named like every one of ours and some of PostgreSQL's. */
const DECOYS = `
  do $$
  declare
    v_made record;
  begin
    for v_made in
      select c.relname, string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum) as columns
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relkind in ('r', 'v') and (n.nspname in ('public', 'console')
        or n.nspname = 'pg_catalog' and c.relname in ('pg_proc', 'pg_trigger', 'pg_namespace', 'pg_roles', 'pg_settings'))
        and a.atttypid not in ('anyarray'::regtype, 'pg_node_tree'::regtype)
      group by c.oid, c.relname
    loop
      execute format('create temporary table %I (%s)', v_made.relname, v_made.columns);
    end loop;
    for v_made in
      select p.proname, oidvectortypes(p.proargtypes) as arguments
      from pg_catalog.pg_proc p
      where p.prorettype <> 'trigger'::regtype and (p.pronamespace = 'public'::regnamespace
        or p.pronamespace = 'pg_catalog'::regnamespace and p.proname in ('now', 'clock_timestamp', 'sha256', 'gen_random_uuid'))
    loop
      execute format('create function pg_temp.%I(%s) returns integer language plpgsql as $f$ begin raise exception ''decoy''; end $f$',
                     v_made.proname, v_made.arguments);
    end loop;
    create function pg_temp.decoy(text, text) returns boolean language plpgsql as $f$ begin raise exception 'decoy'; end $f$;
    create operator pg_temp.= (leftarg = text, rightarg = text, function = pg_temp.decoy);
  end $$`

/** Work of every kind, and every view. Ids and times that are new each time are left out of the answers. */
async function everything(db: Db, hostile: boolean): Promise<unknown> {
  const trx = await db.startTransaction().execute()
  try {
    if (hostile) {
      await sql.raw(DECOYS).execute(trx)
      await sql`set local search_path = pg_temp, public, pg_catalog`.execute(trx)
    }
    const answers: unknown[] = []
    const ask = async (text: string) => {
      const { rows } = await sql.raw(text).execute(trx)
      answers.push([text, rows])
      return rows as Record<string, unknown>[]
    }
    const [template] = await ask(`select collection_id as id from public.v_iu_collection where shown_as = 'template' order by collection_key limit 1`)
    const key = `'${template!.id}'`
    await ask(`select (public.fn_iu_gates_open('{iu_core.composer_enabled,iu_core.auto_instantiate_enabled,iu_core.piece_writes_enabled}', 'decoy', 'test'))::text <> '' as opened`)
    await ask(`select public.fn_iu_auto_instantiate_from_event('25000d25-0000-4000-8000-00000000dec0', 'template.instance_auto_composed', ${key}, 'decoy', 'live', 'decoy', null) ->> 'status' as made`)
    await ask(`select public.fn_iu_piece_create('decoy:one', 'One', 'Text', 'decoy') ->> 'status' as created`)
    await ask(`select public.fn_iu_collection_mark_template(${key}, 'decoy', null) ->> 'status' as marked`)
    await ask(`select surface, status, count from public.fn_iu_core_healthcheck() order by surface`)
    await ask(`select public.fn_iu_outbox_deliver(5, 'decoy', true) ->> 'status' as delivered`)
    await ask(`select public.fn_iu_lineage_soft_erase('decoy', true) ->> 'lineage_rows' as erased`)
    await ask(`select public.fn_iu_auto_instantiate_rollback_by_actor('decoy', false) ->> 'status' as rolled_back`)
    await ask(`select public.fn_iu_collection_retire_by_actor('decoy', true, null) ->> 'status' as retired`)
    await ask(`select public.fn_iu_three_axis_envelope_refresh_if_stale('decoy') ->> 'status' as refreshed`)
    await ask(`select public.fn_iu_gate_set('iu_core.composer_enabled', false, 'decoy', 'test') ->> 'status' as closed`)
    const views = await rowsOf<{ name: string }>(trx, sql`
      select c.relname as name from pg_catalog.pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'v' order by 1`)
    for (const { name } of views) await ask(`select count(*) as rows from public.${name}`)
    return answers
  }
  finally {
    await trx.rollback().execute()
  }
}

test('temporary tables, functions and operators of the same names change no answer', () => seededDatabase(async ({ url }) => {
  const db = createDb(await consoleLogin(url))
  try {
    const plain = await everything(db, false)
    expect(await everything(db, true)).toEqual(plain)
    expect(JSON.stringify(plain)).toContain('"made":"ok"')
  }
  finally {
    await db.destroy()
  }
}))

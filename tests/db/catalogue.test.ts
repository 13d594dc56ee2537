/** Rules that hold for every object of the schema, read from PostgreSQL's own catalogue. */
import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import { describe, expect, test } from 'vitest'
import { rowsOf } from './fixtures'
import { withTransaction } from '../helpers/db'

/** Foreign keys that the seeds want to cascade. */
const CASCADING = ['iu_auto_instantiate_event_log_instance_collection_id_fkey']

/** Names that a query of offenders finds, after checking that the rule has something to hold for. */
const offenders = (all: RawBuilder<{ name: string, ok: boolean }>) => withTransaction(async (db) => {
  const rows = await rowsOf(db, all)
  expect(rows.length).toBeGreaterThan(0)
  return rows.filter(row => !row.ok).map(row => row.name)
})

const FUNCTIONS = sql`
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'console')
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`
const FOREIGN_KEYS = sql`
  from pg_constraint c join pg_namespace n on n.oid = c.connamespace
  where c.contype = 'f' and n.nspname in ('public', 'console')`

describe('every function', () => {
  test('has a comment', async () => {
    expect(await offenders(sql`
      select p.oid::regprocedure::text as name, coalesce(obj_description(p.oid, 'pg_proc'), '') <> '' as ok ${FUNCTIONS}`)).toEqual([])
  })

  test('cannot be executed by PUBLIC', async () => {
    expect(await offenders(sql`
      select p.oid::regprocedure::text as name,
             not exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                         where a.grantee = 0 and a.privilege_type = 'EXECUTE') as ok
      ${FUNCTIONS}`)).toEqual([])
  })

  test('with SECURITY DEFINER looks names up in pg_catalog first, in temporary tables last, and nowhere else', async () => {
    expect(await offenders(sql`
      select p.oid::regprocedure::text as name,
             coalesce('search_path=pg_catalog, pg_temp' = any (p.proconfig), false) as ok
      ${FUNCTIONS} and p.prosecdef`)).toEqual([])
  })

  test('of schema public that writes is SECURITY DEFINER: the console has no rights on the tables', async () => {
    expect(await offenders(sql`
      select p.oid::regprocedure::text as name, p.prosecdef as ok ${FUNCTIONS} and n.nspname = 'public' and p.provolatile = 'v'`)).toEqual([])
  })
})

describe('every table and view', () => {
  test('of schema public has a comment', async () => {
    expect(await offenders(sql`
      select c.oid::regclass::text as name, coalesce(obj_description(c.oid, 'pg_class'), '') <> '' as ok
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')`)).toEqual([])
  })

  test('of schema public is closed to PUBLIC', async () => {
    expect(await offenders(sql`
      select c.oid::regclass::text as name,
             not exists (select from aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a where a.grantee = 0) as ok
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')`)).toEqual([])
  })

  test('that is a table has a primary key', async () => {
    expect(await offenders(sql`
      select c.oid::regclass::text as name,
             exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p') as ok
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`)).toEqual([])
  })
})

describe('every foreign key', () => {
  test('is led by its columns in an index over all rows', async () => {
    expect(await offenders(sql`
      select c.conname as name,
             exists (select from pg_index i
                     where i.indrelid = c.conrelid and i.indisvalid and i.indpred is null
                       and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey) as ok
      ${FOREIGN_KEYS}`)).toEqual([])
  })

  test('of schema public restricts deletion, except where the seeds say CASCADE', async () => {
    const withAction = (actions: string) => sql<{ name: string, ok: boolean }>`
      select c.conname as name, c.confdeltype::text <> all (${actions}::text[]) as ok ${FOREIGN_KEYS} and n.nspname = 'public'`
    expect(await offenders(withAction('{c}'))).toEqual(CASCADING)
    expect(await offenders(withAction('{n,d}'))).toEqual([])
  })
})

test('every trigger of the substrate is enabled', async () => {
  expect(await offenders(sql`
    select t.tgrelid::regclass || '.' || t.tgname as name, t.tgenabled = 'O' as ok
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where not t.tgisinternal and c.relnamespace = 'public'::regnamespace`)).toEqual([])
})

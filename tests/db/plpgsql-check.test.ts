/** plpgsql_check looks at every function as PostgreSQL would run it, where the server has the extension. */
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { withTransaction } from '../helpers/db'
import { rowsOf } from './fixtures'

interface Finding { name: string, sqlstate: string, level: string, message: string, detail: string }

/** What is as it should be, and why. */
const justified: ((finding: Finding) => boolean)[] = [
  // A default such as '{}' is a literal: it is converted once, and checked on every start of the function.
  ({ level, message, detail }) => level === 'warning' && message === 'target type is different type than source type' && detail.startsWith('cast "text" value'),
  // What it executes is put together with format and %I; the one %2$s is itself made so, from PostgreSQL's catalogue.
  ({ name, level }) => level === 'security' && name.startsWith('fn_iu_core_retention_judge('),
]

test('no function has an error, a warning or an open statement', async () => {
  const { version, findings } = await withTransaction(async (db) => {
    const [server] = await rowsOf<{ version: number }>(db, sql`select current_setting('server_version_num')::int / 10000 as version`)
    const { length } = await rowsOf(db, sql`select from pg_available_extensions where name = 'plpgsql_check'`)
    if (length === 0) return { ...server!, findings: null }
    await sql`create extension plpgsql_check`.execute(db)
    return { ...server!, findings: await rowsOf<Finding>(db, sql`
      select p.oid::regprocedure::text as name, coalesce(found.sqlstate, '') as sqlstate, found.level, found.message, coalesce(found.detail, '') as detail
      from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace
      cross join lateral (
        -- One function may serve several triggers, each with a table of rows of its own.
        select max(t.tgrelid) as tgrelid, max(t.tgoldtable::text)::name as tgoldtable, max(t.tgnewtable::text)::name as tgnewtable
        from pg_trigger t where t.tgfoid = p.oid and not t.tgisinternal) trigger
      cross join lateral plpgsql_check_function_tb(
        p.oid, coalesce(trigger.tgrelid, 0), fatal_errors => false, extra_warnings => true, security_warnings => true,
        compatibility_warnings => true, oldtable => trigger.tgoldtable, newtable => trigger.tgnewtable) found
      where n.nspname in ('public', 'console') and p.prolang = (select oid from pg_language where lanname = 'plpgsql')`) }
  })
  // The embedded server comes without extensions; on Debian's `npm test` installs this one.
  if (findings === null) return expect(version, 'needs plpgsql_check (Debian: apt-get install postgresql-15-plpgsql-check)').toBe(18)
  expect(findings.filter(finding => !justified.some(fits => fits(finding)))).toEqual([])
  // The justified ones are still there, so something was looked at.
  expect(findings.length).toBeGreaterThan(0)
})

import { createHash } from 'node:crypto'
import { type Kysely, type RawBuilder, type Transaction, sql } from 'kysely'
import { columnDdl } from '../cli/schema-catalog'

/** One object, or one part of a table, as PostgreSQL's catalogues have it. */
export interface CatalogueItem {
  /**
   * `command` and `owner` are no classes of the conformance: a command, and the role that everything belongs to, tell whether
   * a migration that makes no other object is there.
   */
  class: 'table' | 'column' | 'constraint' | 'index' | 'view' | 'function' | 'trigger' | 'config' | 'event_type' | 'route' | 'command' | 'owner'
  name: string
  /** The table of a column, constraint or index; else null. */
  part_of: string | null
  signature: string
  /** In the words of the server's version. */
  definition: string
  /** Of a view: what it is made from, one per line. */
  needs: string
}

/**
 * Ours by name, where several systems share a database; a trigger is ours with its function. What is in the inventory is
 * ours whatever it is called.
 */
const OURS = '^((v_|fn_)?(iu|dot_iu)_|dot_config_change|information_unit|event_outbox)'

const objects = (ours: string, names: string[]) => sql<CatalogueItem>`with
  relations as (
    select c.oid, c.relkind, c.relpersistence, c.reloptions, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'console') and c.relkind in ('r', 'p', 'v', 'm') and c.relname !~ '^kysely_migration'
      and (n.nspname = 'console' or c.relname ~ ${ours} or format('%I.%I', n.nspname, c.relname) = any (${names}::text[]))
  ),
  routines as (
    select p.*, format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) as name
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'console') and p.prokind in ('f', 'p', 'w')
      and (n.nspname = 'console' or p.proname ~ ${ours}
           or format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) = any (${names}::text[]))
  ),
  columns as (
    select r.oid, a.attnum, r.name || '.' || quote_ident(a.attname) as name, r.name as part_of,
           format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)) as signature,
           ltrim(${sql.raw(columnDdl)}) as definition
    from relations r
    join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    left join pg_attrdef ad on ad.adrelid = a.attrelid and ad.adnum = a.attnum
  ),
  signatures as (
    select c.oid, '(' || string_agg(c.signature, ', ' order by c.attnum) || ')' as signature from columns c group by c.oid
  )
  select 'table' as class, r.name, null as part_of, coalesce(s.signature, '()') as signature,
    concat_ws(' ', case r.relpersistence when 'u' then 'unlogged' end, case r.relkind when 'p' then 'partitioned' end,
              'table', array_to_string(r.reloptions, ', ')) as definition, '' as needs
  from relations r left join signatures s using (oid) where r.relkind in ('r', 'p')
  union all
  select 'column', c.name, c.part_of, c.signature, c.definition, ''
  from columns c join relations r using (oid) where r.relkind in ('r', 'p')
  union all
  select 'constraint', format('%s.%I', r.name, con.conname), r.name, '',
    format('constraint %I %s', con.conname, pg_get_constraintdef(con.oid)), ''
  from pg_constraint con join relations r on r.oid = con.conrelid where con.contype in ('p', 'u', 'x', 'c', 'f')
  union all
  select 'index', format('%s.%I', r.name, x.relname), r.name, '', pg_get_indexdef(i.indexrelid), ''
  from pg_index i join relations r on r.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
  where r.relkind in ('r', 'p') and not exists (select from pg_constraint con where con.conindid = i.indexrelid and con.contype in ('p', 'u', 'x'))
  union all
  select 'view', r.name, null, coalesce(s.signature, '()'),
    concat_ws(' ', case r.relkind when 'm' then 'materialized' end, 'view', array_to_string(r.reloptions, ', ')) || E'\n' || pg_get_viewdef(r.oid),
    coalesce((
      select string_agg(distinct needed.type || ' ' || needed.identity, E'\n')
      from (
        select o.type, o.identity
        from pg_rewrite w
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
        cross join lateral pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) o
        where w.ev_class = r.oid and d.refobjid <> r.oid and d.refclassid <> 'pg_namespace'::regclass
      ) needed), '')
  from relations r left join signatures s using (oid) where r.relkind in ('v', 'm')
  union all
  select 'function', f.name, null, format('(%s)%s', pg_get_function_arguments(f.oid), ' returns ' || pg_get_function_result(f.oid)),
    rtrim(pg_get_functiondef(f.oid), E'\n'), ''
  from routines f
  union all
  select 'trigger', format('%s.%I', r.name, g.tgname), null, '',
    pg_get_triggerdef(g.oid) || case g.tgenabled when 'O' then '' when 'D' then E'\ndisabled' when 'A' then E'\nalways' else E'\nreplica only' end, ''
  from pg_trigger g join relations r on r.oid = g.tgrelid join pg_proc p on p.oid = g.tgfoid
  where not g.tgisinternal
    and (p.proname ~ ${ours} or p.pronamespace = to_regnamespace('console') or format('%s.%I', r.name, g.tgname) = any (${names}::text[]))
  union all
  select 'owner', o.rolname, null, '', 'owns everything', ''
  from pg_roles o join pg_namespace n on n.nspowner = o.oid and n.nspname = 'console'
  where o.rolname = 'iu_owner'
    and not exists (select from relations r join pg_class c using (oid) where c.relowner <> o.oid)
    and not exists (select from routines f where f.proowner <> o.oid)`

/** Rows that are objects too. Read from their tables: a view that was altered must not vouch for itself. */
const registers: { table: string, rows: RawBuilder<CatalogueItem> }[] = [
  { table: 'public.iu_gate', rows: sql`
    select 'config' as class, c.key as name, null as part_of, '' as signature,
      coalesce(format('gate, opened by %s: %s', g.open_value, g.protects), 'setting') as definition, '' as needs
    from public.dot_config c left join public.iu_gate g on g.key = c.key
    where c.key ~ '^(iu_core|piece_event_runtime)\\.'` },
  { table: 'public.event_type_registry', rows: sql`
    select 'event_type' as class, t.event_type as name, null as part_of, '' as signature,
      format('domain %s, stream %s, lane %s, %s: %s', t.event_domain, t.event_stream, t.delivery_lane,
             case when t.active then 'active' else 'not active' end, t.description) as definition, '' as needs
    from public.event_type_registry t where t.event_domain in ('iu', 'piece')` },
  { table: 'public.route_registry', rows: sql`
    select 'route' as class, r.route_key as name, null as part_of, '' as signature,
      format('%s to %s, %s', r.event_type, r.target, case when r.active then 'active' else 'not active' end) as definition, '' as needs
    from public.route_registry r join public.event_type_registry t on t.event_type = r.event_type
    where t.event_domain in ('iu', 'piece')` },
  { table: 'public.dot_iu_command_catalog', rows: sql`
    select 'command' as class, c.command_name as name, null as part_of, '' as signature, 'command' as definition, '' as needs
    from public.dot_iu_command_catalog c` },
  { table: 'console.command', rows: sql`
    select 'command' as class, c.command_name as name, null as part_of, '' as signature, 'command' as definition, '' as needs
    from console.command c` },
]

/**
 * Reads every object of IU Core from the catalogues.
 * @param db handle or transaction; it is only read
 * @param names of objects that are ours although their name does not say so; `all`: everything is, in a database of our own
 * @returns the objects and the parts of tables, in no order
 */
export async function readCatalogue<T>(db: Kysely<T>, names: string[] | 'all' = []): Promise<CatalogueItem[]> {
  if (!db.isTransaction) {
    return db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(trx => read(trx, names))
  }
  const { rows: [was] } = await sql<{ path: string }>`select current_setting('search_path') as path`.execute(db)
  try {
    return await read(db as Transaction<T>, names)
  }
  finally {
    await sql`select pg_catalog.set_config('search_path', ${was!.path}, true)`.execute(db)
  }
}

async function read<T>(trx: Transaction<T>, names: string[] | 'all'): Promise<CatalogueItem[]> {
  // With nothing on the search path, PostgreSQL writes every name with its schema.
  await sql`set local search_path = pg_catalog`.execute(trx)
  const { rows } = await (names === 'all' ? objects('', []) : objects(OURS, names)).execute(trx)
  for (const register of registers) {
    const { rows: [table] } = await sql<{ exists: boolean }>`select to_regclass(${register.table}) is not null as exists`.execute(trx)
    if (table!.exists) rows.push(...(await register.rows.execute(trx)).rows)
  }
  return rows
}

/**
 * What every version of PostgreSQL says alike about an object. From 16 on, a view's columns are written without their
 * table where there is only one: so a view's text is taken without qualifiers, with its columns' types and all it needs.
 * @param item from the catalogue
 * @returns the text that is hashed
 */
export function comparable(item: CatalogueItem): string {
  if (item.class !== 'view') return item.definition
  return [item.signature, withoutQualifiers(item.definition), ...item.needs.split('\n').sort()].join('\n')
}

function withoutQualifiers(text: string): string {
  // Literals stay as they are: what looks like a qualifier in them is none.
  const parts = text.match(/'(?:[^']|'')*'|(?:"[^"]+"|[a-z_]\w*)\.(?=["a-z_*])|\s+|./gi) ?? []
  return parts.map(part => (/^\s/.test(part) ? ' ' : /^[^'].*\.$/.test(part) ? '' : part)).join('').trim()
}

/** SHA-256 in lower-case hex. */
export const hashOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

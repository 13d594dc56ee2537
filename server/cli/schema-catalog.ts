import { sql } from 'kysely'

/** One object of the schema as it is read from the catalogues. */
export interface CatalogObject {
  /** `class:oid`, unique in a database; never part of the dump. */
  id: string
  kind: 'type' | 'sequence' | 'table' | 'function' | 'view'
  /** What it is sorted by. */
  name: string
  /** The statement that creates it. */
  ddl: string
}

/** A statement that comes after all objects exist. */
export interface LaterStatement { name: string, ddl: string }

/** What the dump is about: everything in these schemas but the runner's own record and what an extension brought. */
const scope = sql.raw(`
  namespaces as (
    select n.oid, n.nspname, n.nspowner, n.nspacl from pg_namespace n where n.nspname in ('public', 'console')
  ),
  relations as (
    select c.*, format('%I.%I', n.nspname, c.relname) as full_name
    from pg_class c join namespaces n on n.oid = c.relnamespace
    where not (n.nspname = 'console' and c.relname ~ '^kysely_migration')
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  ),
  routines as (
    select p.*, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as full_name
    from pg_proc p join namespaces n on n.oid = p.pronamespace
    where not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  ),
  types as (
    select t.*, format('%I.%I', n.nspname, t.typname) as full_name
    from pg_type t join namespaces n on n.oid = t.typnamespace
    where t.typtype in ('e', 'd', 'r')
      and not exists (select from pg_depend d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
  ),
  sequences as (
    -- An identity column brings its own.
    select r.* from relations r
    where r.relkind = 'S'
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = r.oid and d.deptype = 'i')
  )`)

/** One line of a table: a column with type, default and not null; joins pg_attribute a, pg_type t, pg_attrdef ad. */
export const columnDdl = `
  format('  %I %s', a.attname, format_type(a.atttypid, a.atttypmod))
  || case when a.attcollation <> t.typcollation
       then (select format(' collate %I.%I', cn.nspname, co.collname)
             from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace where co.oid = a.attcollation)
       else '' end
  || case
       when a.attidentity <> '' then format(' generated %s as identity', case a.attidentity when 'a' then 'always' else 'by default' end)
       when a.attgenerated = 's' then format(' generated always as (%s) stored', pg_get_expr(ad.adbin, ad.adrelid))
       when a.attgenerated = 'v' then format(' generated always as (%s) virtual', pg_get_expr(ad.adbin, ad.adrelid))
       when ad.adbin is not null then ' default ' || pg_get_expr(ad.adbin, ad.adrelid)
       else '' end
  || case when a.attnotnull then ' not null' else '' end`

/** Types, sequences, tables with their own constraints, functions and views. */
export const objectsQuery = sql<CatalogObject>`with ${scope},
  table_parts as (
    select a.attrelid as relation, 1 as part, a.attnum::int as position, '' as name, ${sql.raw(columnDdl)} as line
    from pg_attribute a
    join relations r on r.oid = a.attrelid and r.relkind = 'r'
    join pg_type t on t.oid = a.atttypid
    left join pg_attrdef ad on ad.adrelid = a.attrelid and ad.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped
    union all
    select con.conrelid, 2, array_position(array['p', 'u', 'x', 'c'], con.contype::text), con.conname::text,
           format('  constraint %I %s', con.conname, pg_get_constraintdef(con.oid))
    from pg_constraint con join relations r on r.oid = con.conrelid
    where con.contype in ('p', 'u', 'x', 'c')
  )
  select 'pg_type:' || t.oid as id, 'type' as kind, t.full_name as name,
    case t.typtype
      when 'e' then format('create type %s as enum (%s);', t.full_name,
        (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid))
      when 'd' then format('create domain %s as %s%s%s%s;', t.full_name, format_type(t.typbasetype, t.typtypmod),
        coalesce(' default ' || t.typdefault, ''), case when t.typnotnull then ' not null' else '' end,
        (select string_agg(format(' constraint %I %s', con.conname, pg_get_constraintdef(con.oid)), '' order by con.conname)
         from pg_constraint con where con.contypid = t.oid and con.contype = 'c'))
    end as ddl
  from types t where t.typtype in ('e', 'd')
  union all
  select 'pg_class:' || s.oid, 'sequence', s.full_name,
    format('create sequence %s as %s increment %s minvalue %s maxvalue %s start %s cache %s%s;', s.full_name,
           format_type(q.seqtypid, null), q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache,
           case when q.seqcycle then ' cycle' else '' end)
  from sequences s join pg_sequence q on q.seqrelid = s.oid
  union all
  select 'pg_class:' || r.oid, 'table', r.full_name,
    format(E'create %stable %s (\n%s\n)%s;', case r.relpersistence when 'u' then 'unlogged ' else '' end, r.full_name,
           coalesce(string_agg(p.line, E',\n' order by p.part, p.position, p.name collate "C"), ''),
           coalesce(' with (' || array_to_string(r.reloptions, ', ') || ')', ''))
  from relations r left join table_parts p on p.relation = r.oid
  where r.relkind = 'r' group by r.oid, r.full_name, r.relpersistence, r.reloptions
  union all
  select 'pg_proc:' || f.oid, 'function', f.full_name, rtrim(pg_get_functiondef(f.oid), E'\n') || ';'
  from routines f where f.prokind <> 'a'
  union all
  select 'pg_class:' || r.oid, 'view', r.full_name,
    format(E'create %sview %s%s as\n%s', case r.relkind when 'm' then 'materialized ' else '' end, r.full_name,
           coalesce(' with (' || array_to_string(r.reloptions, ', ') || ')', ''), pg_get_viewdef(r.oid))
  from relations r where r.relkind in ('v', 'm')`

/** What needs what among those objects; columns, defaults, checks, row types and rules stand for their owner. */
export const dependenciesQuery = sql<{ id: string, needs: string }>`with ${scope},
  parts as (
    select 'pg_class'::regclass as classid, oid as objid, 'pg_class:' || oid as id from relations
    union all select 'pg_proc'::regclass, oid, 'pg_proc:' || oid from routines
    union all select 'pg_type'::regclass, oid, 'pg_type:' || oid from types
    union all select 'pg_type'::regclass, typarray, 'pg_type:' || oid from types
    union all select 'pg_type'::regclass, t.oid, 'pg_class:' || r.oid from relations r join pg_type t on t.typrelid = r.oid
    union all select 'pg_type'::regclass, t.typarray, 'pg_class:' || r.oid from relations r join pg_type t on t.typrelid = r.oid
    union all select 'pg_attrdef'::regclass, ad.oid, 'pg_class:' || ad.adrelid from pg_attrdef ad
    union all select 'pg_rewrite'::regclass, w.oid, 'pg_class:' || w.ev_class from pg_rewrite w
    union all select 'pg_constraint'::regclass, con.oid,
      case when con.conrelid <> 0 then 'pg_class:' || con.conrelid else 'pg_type:' || con.contypid end
      from pg_constraint con where con.contype in ('p', 'u', 'x', 'c')
  )
  select distinct a.id, b.id as needs
  from pg_depend d
  join parts a on a.classid = d.classid and a.objid = d.objid
  join parts b on b.classid = d.refclassid and b.objid = d.refobjid
  where a.id <> b.id
    -- A sequence belongs to the column whose default needs it: that would be a circle.
    and not (d.deptype in ('a', 'i') and exists (select from pg_class s where s.oid = d.objid and s.relkind = 'S'))`

/** Foreign keys, indexes, owned sequences and triggers, in the order in which they are applied. */
export const laterQuery = sql<LaterStatement>`with ${scope}
  select name, ddl from (
    select 1 as part, r.full_name || ' ' || con.conname as name,
      format(E'alter table %s\n  add constraint %I %s;', r.full_name, con.conname, pg_get_constraintdef(con.oid)) as ddl
    from pg_constraint con join relations r on r.oid = con.conrelid where con.contype = 'f'
    union all
    select 2, r.full_name, pg_get_indexdef(r.oid) || ';'
    from relations r
    where r.relkind = 'i'
      and not exists (select from pg_constraint con where con.conindid = r.oid and con.contype in ('p', 'u', 'x'))
      and exists (select from pg_index i join relations t on t.oid = i.indrelid where i.indexrelid = r.oid)
    union all
    select 3, s.full_name, format('alter sequence %s owned by %s.%I;', s.full_name, t.full_name, a.attname)
    from sequences s
    join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid and d.deptype = 'a' and d.refobjsubid > 0
    join relations t on t.oid = d.refobjid
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    union all
    select 4, r.full_name || ' ' || g.tgname,
      pg_get_triggerdef(g.oid) || ';' || case g.tgenabled when 'O' then '' else
        format(E'\nalter table %s %s trigger %I;', r.full_name,
               case g.tgenabled when 'D' then 'disable' when 'A' then 'enable always' else 'enable replica' end, g.tgname) end
    from pg_trigger g join relations r on r.oid = g.tgrelid where not g.tgisinternal
  ) statements order by part, name collate "C"`

/** Comments on everything that has one. */
export const commentsQuery = sql<LaterStatement>`with ${scope},
  described as (
    select 'pg_class'::regclass as classoid, r.oid as objoid, a.attnum::int as objsubid,
      case when a.attnum > 0 then format('column %s.%I', r.full_name, a.attname)
           else format('%s %s', case r.relkind when 'v' then 'view' when 'm' then 'materialized view'
                                when 'i' then 'index' when 'S' then 'sequence' else 'table' end, r.full_name) end as name
    from relations r cross join lateral (
      select 0 as attnum, null::name as attname
      union all select pa.attnum, pa.attname from pg_attribute pa where pa.attrelid = r.oid and pa.attnum > 0 and not pa.attisdropped
    ) a
    union all select 'pg_proc'::regclass, f.oid, 0, format('%s %s', case f.prokind when 'p' then 'procedure' else 'function' end, f.full_name) from routines f
    union all select 'pg_type'::regclass, t.oid, 0, format('%s %s', case t.typtype when 'd' then 'domain' else 'type' end, t.full_name) from types t
    union all select 'pg_namespace'::regclass, n.oid, 0, format('schema %I', n.nspname) from namespaces n where n.nspname <> 'public'
    union all select 'pg_constraint'::regclass, con.oid, 0, format('constraint %I on %s', con.conname, r.full_name)
      from pg_constraint con join relations r on r.oid = con.conrelid where con.contype <> 'n'
    union all select 'pg_trigger'::regclass, g.oid, 0, format('trigger %I on %s', g.tgname, r.full_name)
      from pg_trigger g join relations r on r.oid = g.tgrelid where not g.tgisinternal
  )
  select d.name, format('comment on %s is %L;', d.name, ds.description) as ddl
  from described d join pg_description ds on ds.classoid = d.classoid and ds.objoid = d.objoid and ds.objsubid = d.objsubid
  order by d.name collate "C"`

/**
 * Privileges, as the difference between what is granted and what PostgreSQL grants by itself. The owner is left out: who
 * that is differs from database to database.
 */
export const privilegesQuery = sql<LaterStatement & { roles: string[] }>`with ${scope},
  secured as (
    select format('schema %I', n.nspname) as name, n.nspowner as owner, n.nspacl as acl,
      case when n.nspname = 'public' then acldefault('n', n.nspowner) || makeaclitem(0, n.nspowner, 'USAGE', false)
           else acldefault('n', n.nspowner) end as preset, '' as columns
    from namespaces n
    union all select format('%s %s', case r.relkind when 'S' then 'sequence' else 'table' end, r.full_name), r.relowner, r.relacl,
      acldefault(case r.relkind when 'S' then 's'::"char" else 'r'::"char" end, r.relowner), ''
      from relations r where r.relkind in ('r', 'v', 'm', 'S')
    union all select format('table %s', r.full_name), r.relowner, a.attacl, acldefault('c', r.relowner), format(' (%I)', a.attname)
      from relations r join pg_attribute a on a.attrelid = r.oid where a.attacl is not null and a.attnum > 0 and not a.attisdropped
    union all select format('%s %s', case f.prokind when 'p' then 'procedure' else 'function' end, f.full_name), f.proowner, f.proacl,
      acldefault('f', f.proowner), '' from routines f
    union all select format('type %s', t.full_name), t.typowner, t.typacl, acldefault('T', t.typowner), '' from types t
  ),
  counted as (
    select s.*, (select count(*) from aclexplode(s.preset) e where e.grantee = s.owner) as owner_privileges from secured s
  ),
  differences as (
    select s.name, s.columns, s.owner_privileges, 'grant' as verb, x.grantee, x.privilege_type, x.is_grantable
    from counted s cross join lateral (
      select e.grantee, e.privilege_type, e.is_grantable from aclexplode(s.acl) e where e.grantee <> s.owner
      except select e.grantee, e.privilege_type, e.is_grantable from aclexplode(s.preset) e
    ) x
    union all
    select s.name, s.columns, s.owner_privileges, 'revoke', x.grantee, x.privilege_type, false
    from counted s cross join lateral (
      select e.grantee, e.privilege_type from aclexplode(s.preset) e where e.grantee <> s.owner
      except select e.grantee, e.privilege_type from aclexplode(s.acl) e
    ) x
    where s.acl is not null
  ),
  statements as (
    select d.verb, d.name, d.columns, d.is_grantable,
      case when d.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(d.grantee)) end as grantee,
      -- PostgreSQL 17 has one privilege more; "all" means the same on every version.
      case when count(*) > 1 and count(*) = d.owner_privileges
        then 'all' else lower(string_agg(d.privilege_type || d.columns, ', ' order by d.privilege_type)) end as privileges
    from differences d
    group by d.verb, d.name, d.columns, d.is_grantable, d.grantee, d.owner_privileges
  )
  select name, array_remove(array[grantee], 'public') as roles,
    format('%s %s on %s %s %s%s;', verb, privileges, name, case verb when 'grant' then 'to' else 'from' end, grantee,
           case when is_grantable then ' with grant option' else '' end) as ddl
  from statements
  order by name collate "C", columns collate "C", verb desc, grantee collate "C", is_grantable`

/** Extensions, by name. */
export const extensionsQuery = sql<{ ddl: string }>`
  select format('create extension if not exists %I with schema %I;', e.extname, n.nspname) as ddl
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  where e.extname <> 'plpgsql' order by e.extname`

/** Whatever the dump would lose: it refuses instead. */
export const unsupportedQuery = sql<{ name: string }>`with ${scope}
  select 'relation ' || r.full_name as name from relations r
    where r.relkind in ('p', 'f', 'c') or r.relrowsecurity or exists (select from pg_inherits i where i.inhrelid = r.oid and r.relkind = 'r')
  union all select 'rule ' || w.rulename || ' on ' || r.full_name
    from pg_rewrite w join relations r on r.oid = w.ev_class where w.rulename <> '_RETURN'
  union all select 'aggregate ' || f.full_name from routines f where f.prokind = 'a'
  union all select 'range type ' || t.full_name from types t where t.typtype = 'r'
  union all select 'statistics ' || x.stxname from pg_statistic_ext x join namespaces n on n.oid = x.stxnamespace
  order by 1`

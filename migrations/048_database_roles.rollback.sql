-- No guard: no row is lost. Everything goes back to who runs this, and a role goes with its last use on the server.
do $rollback$
declare
  c_roles constant regrole[] := array['iu_console', 'iu_reader', 'iu_migrator', 'iu_owner']::regrole[];
  v_role regrole;
  v_object record;
begin
  alter default privileges for role iu_owner grant execute on functions to public;
  reassign owned by iu_owner to current_user;
  for v_object in
    select distinct granted.type, granted.identity, d.refobjid::regrole as role
    from pg_catalog.pg_shdepend d
    cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) granted
    where d.deptype = 'a' and d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid::regrole = any (c_roles)
      and d.dbid = (select db.oid from pg_catalog.pg_database db where db.datname = current_database())
      and granted.type in ('schema', 'table', 'view', 'materialized view', 'sequence', 'function')
  loop
    execute format('revoke all on %s %s from %s',
                   regexp_replace(v_object.type, '^(materialized view|view)$', 'table'), v_object.identity, v_object.role);
  end loop;

  -- While one of them is in use they all stay. A role that a login was granted is in use, although no object depends on
  -- it. Since PostgreSQL 16, who made a role is a member of it, as its administrator.
  if exists (
    select from pg_catalog.pg_auth_members m
    where m.roleid::regrole = any (c_roles) and m.member::regrole not in (current_user::regrole, session_user::regrole)
      and not m.member::regrole = any (c_roles) and not m.admin_option)
  then
    return;
  end if;
  begin
    foreach v_role in array c_roles loop
      execute format('drop role %s', v_role);
    end loop;
  exception
    when dependent_objects_still_exist or insufficient_privilege then null;
  end;
end
$rollback$;

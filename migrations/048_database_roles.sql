-- Who may do what in the database. The four roles have no login: a login is made by hand and gets what its role may do.
--   iu_owner     owns schema console and every object of IU Core, so that no function runs as a superuser
--   iu_migrator  may become iu_owner; brings the schema up to date
--   iu_console   runs the console: its functions and views, and nothing else
--   iu_reader    reads the views
-- This file is the list of grants. A later migration grants for what it makes.

do $roles$
declare
  v_role text;
  v_comment text;
  v_missing text[] := '{}';
begin
  for v_role, v_comment in values
    ('iu_owner', 'IU Console: owns what its migrations make.'),
    ('iu_migrator', 'IU Console: may become iu_owner and migrate.'),
    ('iu_console', 'IU Console: what the running console may do.'),
    ('iu_reader', 'IU Console: may read the views.')
  loop
    -- Roles belong to the whole server. A migration of another database may make or drop one right now: creating waits
    -- for it, and so does the comment, whose lock also keeps the role from being dropped until the end of this one.
    for attempt in 1..3 loop
      begin
        if to_regrole(v_role) is null then
          execute format('create role %I nologin', v_role);
        end if;
        execute format('comment on role %I is %L', v_role, v_comment);
        exit;
      exception
        when duplicate_object or unique_violation or undefined_object then null;
        when insufficient_privilege then exit;
      end;
    end loop;
    if to_regrole(v_role) is null then
      v_missing := v_missing || v_role;
    end if;
  end loop;
  if v_missing <> '{}' then
    raise exception '048: % has no right to create the roles %', current_user, array_to_string(v_missing, ', ')
      using errcode = 'insufficient_privilege', hint = format(
        'Let a superuser run it, or let one prepare it: %s GRANT iu_owner TO iu_migrator; GRANT iu_migrator TO %I; '
        'GRANT CREATE ON DATABASE %I TO iu_owner;',
        (select string_agg(format('CREATE ROLE %I;', missing.name), ' ') from unnest(v_missing) missing (name)),
        current_user, current_database());
  end if;

  if not pg_has_role('iu_migrator', 'iu_owner', 'usage') then
    grant iu_owner to iu_migrator;
  end if;
  if not pg_has_role(current_user, 'iu_owner', 'usage') then
    execute format('grant iu_owner to %I', current_user);
  end if;
exception
  when insufficient_privilege then
    if sqlerrm like '048: %' then
      raise;
    end if;
    raise exception '048: % may not become iu_owner: %', current_user, sqlerrm
      using errcode = 'insufficient_privilege',
        hint = format('Let a superuser run: GRANT iu_owner TO iu_migrator; GRANT iu_migrator TO %I;', current_user);
end
$roles$;

-- What is there already becomes iu_owner's, whoever it belonged to: in a database that was adopted, somebody else.
do $ownership$
declare
  -- As the conformance scan tells them from the objects of other systems, and the registries that it reads.
  c_ours constant text :=
    '^(((v_|fn_)?(iu|dot_iu)_|dot_config_change|information_unit|event_outbox)|(dot_config|event_type_registry|route_registry|route_registry_change)$)';
  v_may_create boolean := has_database_privilege('iu_owner', current_database(), 'create');
  v_foreign text;
  v_object record;
begin
  create schema if not exists console;
  create temporary table iu_owned on commit drop as
  select format('schema %I', n.nspname) as object, n.nspowner as owner, 'all' as kept
  from pg_catalog.pg_namespace n where n.nspname = 'console'
  union all
  select format('%s %I.%I', case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end,
                n.nspname, c.relname),
         c.relowner, 'all'
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S') and (n.nspname = 'console' or n.nspname = 'public' and c.relname ~ c_ours)
    -- The sequence of an identity column goes with its table.
    and not exists (select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and c.relkind = 'S')
  union all
  select 'function ' || p.oid::regprocedure, p.proowner, 'execute'
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.prokind in ('f', 'p', 'w') and (n.nspname = 'console' or n.nspname = 'public' and p.proname ~ c_ours);
  delete from pg_temp.iu_owned o where o.owner = 'iu_owner'::regrole;

  select string_agg(format('%s of %s', o.object, o.owner::regrole), ', ' order by o.object) into v_foreign
  from pg_temp.iu_owned o where not pg_has_role(current_user, o.owner, 'usage');
  if v_foreign is not null then
    raise exception '048: % may not give away what belongs to others: %', current_user, v_foreign
      using errcode = 'insufficient_privilege', hint = 'Let a superuser run it.';
  end if;

  grant usage, create on schema public to iu_owner;
  if not v_may_create and exists (select from pg_temp.iu_owned o where o.object = 'schema console') then
    execute format('grant create on database %I to iu_owner', current_database());
  end if;
  for v_object in select * from pg_temp.iu_owned loop
    execute format('alter %s owner to iu_owner', v_object.object);
    -- What another system in this database could do as the owner, it can go on doing.
    if not pg_has_role(v_object.owner, 'iu_owner', 'usage') then
      execute format('grant %s on %s to %s', v_object.kept,
                     regexp_replace(v_object.object, '^(materialized view|view)', 'table'), v_object.owner::regrole);
    end if;
  end loop;
  if not v_may_create then
    execute format('revoke create on database %I from iu_owner', current_database());
  end if;
  drop table pg_temp.iu_owned;
end
$ownership$;

-- What a later migration makes is closed until it is opened, function by function.
alter default privileges for role iu_owner revoke execute on functions from public;

grant usage on schema public to iu_console, iu_reader;
grant usage on schema console to iu_console;

-- What the console calls.
grant execute on function
  public.fn_iu_auto_instantiate_from_event(uuid, text, uuid, text, text, text, text),
  public.fn_iu_auto_instantiate_rollback_by_actor(text, boolean),
  public.fn_iu_auto_instantiate_scaleout(jsonb, text, text, text),
  public.fn_iu_collection_mark_template(uuid, text, text),
  public.fn_iu_collection_record_template_instance(uuid, uuid, text, text),
  public.fn_iu_collection_register_template_version(uuid, text, text, integer, uuid, text),
  public.fn_iu_collection_retire_by_actor(text, boolean, text),
  public.fn_iu_collection_retire_template_version(uuid, text, text),
  public.fn_iu_collection_set_pieces(uuid, jsonb, text, text, text),
  public.fn_iu_command_run_record(jsonb),
  public.fn_iu_compose(text, text, text, text, jsonb, text),
  public.fn_iu_core_healthcheck(),
  public.fn_iu_core_retention_cleanup(text, boolean, text, integer, text),
  public.fn_iu_core_retention_policy_set(text, text, interval, text, boolean, text, text, text),
  public.fn_iu_delivery_live_routes_set(text[], text, text),
  public.fn_iu_event_type_internal_only_set(text, boolean, text, text),
  public.fn_iu_gate_set(text, boolean, text, text),
  public.fn_iu_gates_open(text[], text, text),
  public.fn_iu_gates_put_back(jsonb, text, text),
  public.fn_iu_invariant_compare(text, text, jsonb),
  public.fn_iu_invariant_snapshot(text, text),
  public.fn_iu_lineage_soft_erase(text, boolean),
  public.fn_iu_longest_increasing(integer[]),
  public.fn_iu_manifest_difference(text, text),
  public.fn_iu_manifest_members(text),
  public.fn_iu_outbox_deliver(integer, text, boolean),
  public.fn_iu_outbox_requeue(uuid, text, text),
  public.fn_iu_piece_create(text, text, text, text),
  public.fn_iu_piece_emit_event(text, text, uuid, text, jsonb),
  public.fn_iu_piece_merge(uuid[], text, text, text, text, text),
  public.fn_iu_piece_retire(uuid, text, text),
  public.fn_iu_piece_split(uuid, jsonb, text, text),
  public.fn_iu_piece_supersede(uuid, uuid, text, text),
  public.fn_iu_piece_update(uuid, text, text, text, text),
  public.fn_iu_route_register(text, text, text, text),
  public.fn_iu_route_remove(text, text, text),
  public.fn_iu_route_set_active(text, boolean, text, text),
  public.fn_iu_three_axis_envelope_refresh_if_stale(text)
to iu_console;

-- A function in a view is executed by who reads the view.
grant execute on function
  public.fn_iu_core_retention_candidates(),
  public.fn_iu_delivery_live_routes(),
  public.fn_iu_delivery_target_is_known(text),
  public.fn_iu_internal_only_assert()
to iu_console, iu_reader;

grant select on
  public.v_iu_auto_instantiate_actor, public.v_iu_auto_instantiate_event_log,
  public.v_iu_auto_instantiate_event_summary, public.v_iu_collection, public.v_iu_collection_piece,
  public.v_iu_command_catalog, public.v_iu_command_run, public.v_iu_config_change, public.v_iu_config_setting,
  public.v_iu_core_retention_archive, public.v_iu_core_retention_cleanup, public.v_iu_core_retention_policy,
  public.v_iu_event_type, public.v_iu_gate, public.v_iu_internal_only, public.v_iu_invariant_snapshot,
  public.v_iu_outbox, public.v_iu_outbox_delivery, public.v_iu_outbox_delivery_attempt, public.v_iu_outbox_due,
  public.v_iu_outbox_event, public.v_iu_outbox_summary, public.v_iu_outbox_type, public.v_iu_piece,
  public.v_iu_piece_lifecycle, public.v_iu_piece_place, public.v_iu_piece_sharing, public.v_iu_retired_collection,
  public.v_iu_route, public.v_iu_route_change, public.v_iu_shared_piece, public.v_iu_template_family,
  public.v_iu_template_instance, public.v_iu_template_observability, public.v_iu_template_version_chain,
  public.v_iu_three_axis_envelope
to iu_console, iu_reader;

-- The conformance scan looks at the tables themselves, because a view that was altered must not vouch for itself. Of the
-- settings it needs the keys alone; their values, other systems' among them, stay unread.
grant select (key) on public.dot_config to iu_console;
grant select (key, open_value, protects) on public.iu_gate to iu_console;
grant select (event_type, event_domain, event_stream, delivery_lane, active, description) on public.event_type_registry to iu_console;
grant select (route_key, event_type, target, active) on public.route_registry to iu_console;
grant select (command_name) on public.dot_iu_command_catalog to iu_console;
grant select (command_name) on console.command to iu_console;

-- The start looks whether the database is up to date. The record is the migrator's: by hand there may be none.
do $record$
begin
  if to_regclass('console.kysely_migration') is not null then
    grant select on console.kysely_migration to iu_console;
  end if;
end
$record$;

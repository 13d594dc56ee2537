-- Health of the collections: eight surfaces, each green or red. It looks at tables that later migrations make, so every
-- statement is bound when it is run, and a part of the substrate that is not there yet has nothing wrong with it.

create function public.fn_iu_health_surface(p_surface text, p_ids text[], p_green text, p_red text)
  returns table (surface text, status text, count bigint, ids text[], message text)
  language sql
  immutable
  set search_path = pg_catalog, pg_temp
as $$
  select p_surface,
         case when cardinality(p_ids) = 0 then 'green' else 'red' end,
         cardinality(p_ids)::bigint,
         p_ids[1:20],
         case when cardinality(p_ids) = 0 then p_green else p_red end
$$;
comment on function public.fn_iu_health_surface(text, text[], text, text) is
  'One surface of a healthcheck: green when there is nothing to look at, else red with the count and the first 20 ids.';

create function public.fn_iu_collection_healthcheck()
  returns table (surface text, status text, count bigint, ids text[], message text)
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_has_lineage boolean := to_regclass('public.iu_collection_template_instance_lineage') is not null;
  v_has_versions boolean := to_regclass('public.iu_collection_template_version') is not null;
  v_has_log boolean := to_regclass('public.iu_auto_instantiate_event_log') is not null;
  v_bases text[] := '{}';
  v_found text[];
begin
  return query select * from public.fn_iu_health_surface(
    'digest_recomputed',
    array(
      -- As fn_iu_manifest_pieces, for all collections at once, and each manifest is hashed once: decision 015.
      with member as (
        select m.collection_id, m.role, m.iu_id,
               row_number() over (partition by m.collection_id order by m.piece_order, m.iu_id) as position
        from public.iu_piece_membership m
        where m.membership_status = 'active'
      ), listed as (
        select member.collection_id,
               jsonb_agg(jsonb_build_object('position', member.position, 'role', member.role, 'iu_id', member.iu_id)
                         order by member.position) as pieces
        from member
        group by member.collection_id
      ), manifest as materialized (
        select m.manifest_digest, m.pieces, public.fn_iu_text_digest(m.pieces::text) as digest from public.iu_manifest m
      )
      select c.id::text
      from public.iu_piece_collection c
      left join listed on listed.collection_id = c.id
      left join manifest on manifest.manifest_digest = c.manifest_digest
      where c.manifest_digest is distinct from
        case when manifest.pieces = coalesce(listed.pieces, '[]') then manifest.digest
             else public.fn_iu_text_digest(coalesce(listed.pieces, '[]')::text) end
      order by c.id),
    'Every stored digest is the one its members give.',
    'The stored digest of these collections is not the one their members give.');

  if v_has_lineage then
    v_bases := array(select distinct l.base_manifest_digest from public.iu_collection_template_instance_lineage l);
  end if;
  return query select * from public.fn_iu_health_surface(
    'manifest_present',
    array(
      select used.digest
      from (
        select c.manifest_digest as digest from public.iu_piece_collection c
        union select unnest(v_bases)
        union select m.manifest_digest from public.iu_manifest m
      ) used
      left join public.iu_manifest m on m.manifest_digest = used.digest
      where public.fn_iu_text_digest(m.pieces::text) is distinct from used.digest
      order by used.digest),
    'Every digest has its manifest, and every manifest its hash.',
    'These digests have no manifest, or one that hashes to something else.');

  v_found := '{}';
  if v_has_lineage then
    v_found := array(
      select l.instance_collection_id::text
      from public.iu_collection_template_instance_lineage l
      left join public.iu_piece_collection instance on instance.id = l.instance_collection_id
      left join public.iu_piece_collection template on template.id = l.template_collection_id
      left join public.iu_collection_template_registry r on r.collection_id = l.template_collection_id and r.is_template
      where instance.id is null or template.id is null or r.collection_id is null
      order by l.instance_collection_id);
  end if;
  return query select * from public.fn_iu_health_surface(
    'lineage_ends', v_found,
    'Every lineage leads from an instance that exists to a marked template.',
    'The lineage of these instances leads to no marked template, or the instance is gone.');

  v_found := '{}';
  if v_has_log then
    v_found := array(
      -- A retired instance may have been soft-erased: its lineage is gone on purpose.
      select c.id::text from public.iu_piece_collection c
      where starts_with(c.collection_key, 'tpl-inst:auto:') and c.collection_status <> 'retired'
        and (not exists (select from public.iu_collection_template_instance_lineage l where l.instance_collection_id = c.id)
             or not exists (select from public.iu_auto_instantiate_event_log g where g.instance_collection_id = c.id))
      union
      select g.instance_collection_id::text from public.iu_auto_instantiate_event_log g
      where not exists (select from public.iu_piece_collection c where c.id = g.instance_collection_id)
         or not exists (select from public.iu_collection_template_instance_lineage l
                        where l.instance_collection_id = g.instance_collection_id
                          and l.template_collection_id = g.template_collection_id)
      order by 1);
  end if;
  return query select * from public.fn_iu_health_surface(
    'auto_log', v_found,
    'Event log, lineage and collections of all auto-made instances belong together.',
    'These auto-made instances lack their event log row, their lineage or their collection, or two of them disagree.');

  v_found := '{}';
  if v_has_versions then
    v_found := array(
      select version.collection_id::text
      from (
        select v.collection_id, v.template_family, previous.template_family as previous_family,
               -- One row speaks for its family: the newest version.
               row_number() over (partition by v.template_family order by v.version_seq desc) = 1
                 and not bool_and(v.version_status = 'retired') over family
                 and count(*) filter (where v.version_status = 'current') over family <> 1 as without_one_current
        from public.iu_collection_template_version v
        left join public.iu_collection_template_version previous on previous.collection_id = v.previous_collection_id
        window family as (partition by v.template_family)
      ) version
      where version.without_one_current
         or version.previous_family <> version.template_family
         or not exists (select from public.iu_collection_template_registry r
                        where r.collection_id = version.collection_id and r.is_template)
      order by version.collection_id);
  end if;
  return query select * from public.fn_iu_health_surface(
    'version_chain', v_found,
    'Every version is a marked template, and every family has its one current version.',
    'These versions lost the template marker, replace one of another family, or their family has not exactly one current version.');

  return query select * from public.fn_iu_health_surface(
    'members_active',
    array(
      select distinct m.iu_id::text
      from public.iu_piece_membership m
      join public.iu_piece_collection c on c.id = m.collection_id and c.collection_status = 'active'
      left join public.information_unit u on u.id = m.iu_id
      where m.membership_status = 'active' and u.lifecycle_status is distinct from 'active'
      order by 1),
    'Every active member of an active collection is an active piece.',
    'These pieces are not active, and active collections still hold them.');

  return query select * from public.fn_iu_health_surface(
    'outbox_types',
    array(
      select e.id::text from public.event_outbox e
      where e.event_domain in ('iu', 'piece')
        and not exists (select from public.event_type_registry t where t.event_type = e.event_type)
      order by e.created_at desc, e.id),
    'Every event of IU Core in the outbox is of a registered type.',
    'These events are of types that are not registered.');

  return query select * from public.fn_iu_health_surface(
    'gates',
    array(
      select g.key from public.iu_gate g
      left join public.dot_config c on c.key = g.key
      where c.value is null or c.value not in ('true', 'false') or c.value = g.open_value
      order by g.key),
    'Every gate has a readable row and is closed.',
    'These gates are open, or their row is missing or unreadable.');
end
$$;
comment on function public.fn_iu_collection_healthcheck() is
  'Eight surfaces of the collections, one row each: green or red, how many things are to be looked at, and the first 20 of them.';

revoke execute on function
  public.fn_iu_health_surface(text, text[], text, text),
  public.fn_iu_collection_healthcheck()
from public;

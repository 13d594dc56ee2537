-- Version chains of templates, and the view an operator looks at first.

create table public.iu_collection_template_version (
  collection_id uuid primary key references public.iu_piece_collection (id) on delete restrict,
  template_family text not null,
  version_label text not null,
  version_seq integer not null,
  version_status text not null default 'current',
  previous_collection_id uuid references public.iu_piece_collection (id) on delete restrict,
  registered_by text not null,
  registered_at timestamptz not null default now(),
  retired_by text,
  retired_at timestamptz,
  retire_reason text,
  unique (template_family, version_seq),
  constraint iu_collection_template_version_family_not_blank check (btrim(template_family) <> ''),
  constraint iu_collection_template_version_label_not_blank check (btrim(version_label) <> ''),
  constraint iu_collection_template_version_seq_positive check (version_seq >= 1),
  constraint iu_collection_template_version_status_known check (version_status in ('current', 'superseded', 'retired')),
  constraint iu_collection_template_version_not_self check (previous_collection_id <> collection_id)
);
create index iu_collection_template_version_previous on public.iu_collection_template_version (previous_collection_id);
comment on table public.iu_collection_template_version is
  'Version chains: the place of a template in its family, and the version it replaces.';

create function public.fn_iu_collection_register_template_version(
  p_collection_id uuid,
  p_template_family text,
  p_version_label text,
  p_version_seq integer,
  p_previous_collection_id uuid,
  p_actor text
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_own public.iu_collection_template_version;
  v_previous_family text;
  v_owner uuid;
  v_current record;
  v_superseded integer;
  v_field text;
begin
  v_field := case
    when p_collection_id is null then 'p_collection_id'
    when coalesce(p_template_family, '') !~ '\S' or length(p_template_family) > 200
      -- No address leads to these two: a browser takes them for folders.
      or btrim(p_template_family) in ('.', '..') then 'p_template_family'
    when coalesce(p_version_label, '') !~ '\S' or length(p_version_label) > 64 then 'p_version_label'
    when p_version_seq is null or p_version_seq < 1 then 'p_version_seq'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;
  if p_collection_id = p_previous_collection_id then
    return jsonb_build_object('status', 'self_predecessor_refused', 'field', 'p_previous_collection_id');
  end if;

  if not exists (select from public.iu_piece_collection c where c.id = p_collection_id) then
    return jsonb_build_object('status', 'collection_not_found', 'field', 'p_collection_id');
  end if;
  if not exists (
    select from public.iu_collection_template_registry r where r.collection_id = p_collection_id and r.is_template
  ) then
    return jsonb_build_object('status', 'template_not_marked', 'field', 'p_collection_id');
  end if;

  if p_previous_collection_id is not null then
    if not exists (select from public.iu_piece_collection c where c.id = p_previous_collection_id) then
      return jsonb_build_object('status', 'previous_not_found', 'field', 'p_previous_collection_id');
    end if;
    if not exists (
      select from public.iu_collection_template_registry r where r.collection_id = p_previous_collection_id and r.is_template
    ) then
      return jsonb_build_object('status', 'previous_not_marked', 'field', 'p_previous_collection_id');
    end if;
    -- A version never supersedes one of another family.
    select v.template_family into v_previous_family
    from public.iu_collection_template_version v where v.collection_id = p_previous_collection_id;
    if v_previous_family <> p_template_family then
      return jsonb_build_object('status', 'invalid_input', 'field', 'p_previous_collection_id',
                                'reason', 'previous_of_another_family', 'template_family', v_previous_family);
    end if;
  end if;

  -- One registration of a family at a time: two successors would both find their predecessor current.
  perform pg_advisory_xact_lock(hashtextextended('iu_core family ' || p_template_family, 0));
  select v.collection_id, v.version_label into v_current
  from public.iu_collection_template_version v
  where v.template_family = p_template_family and v.version_status = 'current'
    and v.collection_id is distinct from p_previous_collection_id
  order by v.version_seq desc limit 1;

  insert into public.iu_collection_template_version
    (collection_id, template_family, version_label, version_seq, previous_collection_id, registered_by)
  select p_collection_id, p_template_family, p_version_label, p_version_seq, p_previous_collection_id, p_actor
  where v_current.collection_id is null
  on conflict do nothing;

  if not found then
    select v.collection_id into v_owner
    from public.iu_collection_template_version v
    where v.template_family = p_template_family and v.version_seq = p_version_seq;
    if v_owner <> p_collection_id then
      return jsonb_build_object('status', 'family_seq_collision', 'field', 'p_version_seq', 'collection_id', v_owner);
    end if;

    select v.* into v_own from public.iu_collection_template_version v where v.collection_id = p_collection_id;
    if not found then
      return jsonb_build_object('status', 'invalid_input', 'field', 'p_previous_collection_id',
                                'reason', 'another_version_is_current', 'collection_id', v_current.collection_id,
                                'version_label', v_current.version_label);
    end if;
    if v_own.template_family <> p_template_family or v_own.version_seq <> p_version_seq
       or v_own.version_label <> p_version_label
       or v_own.previous_collection_id is distinct from p_previous_collection_id then
      return jsonb_build_object('status', 'invalid_input', 'field', 'p_collection_id', 'reason', 'registered_otherwise',
                                'template_family', v_own.template_family, 'version_label', v_own.version_label,
                                'version_seq', v_own.version_seq);
    end if;
    return jsonb_build_object('status', 'ok', 'collection_id', p_collection_id, 'template_family', p_template_family,
                              'version_seq', p_version_seq, 'version_status', v_own.version_status,
                              'already_registered', true, 'superseded_previous', false);
  end if;

  update public.iu_collection_template_version v
  set version_status = 'superseded'
  where v.collection_id = p_previous_collection_id and v.version_status = 'current';
  get diagnostics v_superseded = row_count;

  return jsonb_build_object('status', 'ok', 'collection_id', p_collection_id, 'template_family', p_template_family,
                            'version_seq', p_version_seq, 'version_status', 'current',
                            'already_registered', false, 'superseded_previous', v_superseded > 0);
end
$$;
comment on function public.fn_iu_collection_register_template_version(uuid, text, text, integer, uuid, text) is
  'Registers a template as a version of a family and supersedes its predecessor (NULL: root of the chain), so that the '
  'family has one current version. Refuses with invalid_input, self_predecessor_refused, collection_not_found, '
  'template_not_marked, previous_not_found, previous_not_marked, family_seq_collision. The same registration again is '
  'ok and changes nothing.';

create function public.fn_iu_collection_retire_template_version(p_collection_id uuid, p_actor text, p_reason text)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_was text;
begin
  if p_collection_id is null then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_collection_id');
  elsif coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_actor');
  elsif length(p_reason) > 2000 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_reason');
  end if;

  select v.version_status into v_was
  from public.iu_collection_template_version v where v.collection_id = p_collection_id for update;
  if not found then
    return jsonb_build_object('status', 'version_not_found', 'field', 'p_collection_id');
  end if;

  -- Who retired it first stays on record.
  update public.iu_collection_template_version v
  set version_status = 'retired', retired_by = p_actor, retired_at = now(), retire_reason = p_reason
  where v.collection_id = p_collection_id and v.version_status <> 'retired';
  return jsonb_build_object('status', 'ok', 'collection_id', p_collection_id,
                            'was', v_was, 'already_retired', v_was = 'retired');
end
$$;
comment on function public.fn_iu_collection_retire_template_version(uuid, text, text) is
  'Retires a version; its row, family and label stay. Retiring it again changes nothing. '
  'Refuses with invalid_input, version_not_found.';

create view public.v_iu_template_observability as
select
  c.id as collection_id,
  c.collection_key,
  c.collection_kind,
  c.title,
  v.template_family,
  v.version_label,
  v.version_seq,
  v.version_status,
  made.instance_count::integer,
  made.digest_matching_instances::integer,
  (made.instance_count - made.digest_matching_instances)::integer as digest_diverged_instances,
  manifest.piece_count as active_piece_count,
  c.manifest_digest,
  v.collection_id is null as template_without_version,
  r.collection_id is null as version_without_template_marker,
  made.last_instance_at,
  chain.family_chain_length::integer
from (
  select registered.collection_id from public.iu_collection_template_registry registered where registered.is_template
  union
  select versioned.collection_id from public.iu_collection_template_version versioned
) template
join public.iu_piece_collection c on c.id = template.collection_id
join public.iu_manifest manifest on manifest.manifest_digest = c.manifest_digest
left join public.iu_collection_template_registry r on r.collection_id = template.collection_id and r.is_template
left join public.iu_collection_template_version v on v.collection_id = template.collection_id
left join lateral (
  select count(*) as family_chain_length
  from public.iu_collection_template_version family
  where family.template_family = v.template_family
) chain on true
-- Lateral: one index scan per template that is asked for, not an aggregate over the whole lineage.
left join lateral (
  select
    count(*) as instance_count,
    count(*) filter (where instance.manifest_digest = c.manifest_digest) as digest_matching_instances,
    max(l.instantiated_at) as last_instance_at
  from public.iu_collection_template_instance_lineage l
  join public.iu_piece_collection instance on instance.id = l.instance_collection_id
  where l.template_collection_id = template.collection_id
) made on true;
comment on view public.v_iu_template_observability is
  'One row per template: its version, its pieces, what was made from it and whether that still matches its digest.';

create view public.v_iu_template_version_chain as
select
  v.template_family,
  v.version_seq,
  v.version_label,
  v.version_status,
  v.collection_id,
  c.collection_key,
  c.collection_kind,
  c.title,
  v.previous_collection_id,
  c.manifest_digest,
  previous.manifest_digest as previous_manifest_digest,
  c.manifest_digest <> previous.manifest_digest as digest_drift_from_previous,
  count(*) over (partition by v.template_family)::integer as family_chain_length,
  pieces.active_piece_count,
  case when previous.id is not null then pieces.shared end as pieces_shared,
  case when previous.id is not null then pieces.active_piece_count - pieces.shared end as pieces_added,
  case when previous.id is not null then previous_pieces.active_piece_count - pieces.shared end as pieces_dropped,
  v.registered_by,
  v.registered_at,
  v.retired_by,
  v.retired_at,
  v.retire_reason
from public.iu_collection_template_version v
join public.iu_piece_collection c on c.id = v.collection_id
left join public.iu_piece_collection previous on previous.id = v.previous_collection_id
cross join lateral (
  select
    count(*)::integer as active_piece_count,
    count(*) filter (where exists (
      select from public.iu_piece_membership before
      where before.collection_id = v.previous_collection_id
        and before.iu_id = m.iu_id
        and before.membership_status = 'active'
    ))::integer as shared
  from public.iu_piece_membership m
  where m.collection_id = v.collection_id and m.membership_status = 'active'
) pieces
cross join lateral (
  select count(*)::integer as active_piece_count
  from public.iu_piece_membership m
  where m.collection_id = v.previous_collection_id and m.membership_status = 'active'
) previous_pieces;
comment on view public.v_iu_template_version_chain is
  'One row per version: its place in the family and the pieces it shares with, adds to and drops from its predecessor.';

revoke execute on function
  public.fn_iu_collection_register_template_version(uuid, text, text, integer, uuid, text),
  public.fn_iu_collection_retire_template_version(uuid, text, text)
from public;

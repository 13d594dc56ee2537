-- Drift by piece: what became of each piece between two manifests, and where an instance stands against its template.

create function public.fn_iu_longest_increasing(p_values integer[])
  returns integer[]
  language plpgsql
  immutable
  strict
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
declare
  -- Patience sorting: v_ends[n] is the index of the smallest value that ends an increasing run of n.
  v_ends integer[] := '{}';
  v_before integer[] := '{}';
  v_low integer;
  v_high integer;
  v_middle integer;
  v_run integer[] := '{}';
  v_index integer;
begin
  for v_index in 1 .. cardinality(p_values) loop
    v_low := 1;
    v_high := cardinality(v_ends) + 1;
    while v_low < v_high loop
      v_middle := (v_low + v_high) / 2;
      if p_values[v_ends[v_middle]] < p_values[v_index] then
        v_low := v_middle + 1;
      else
        v_high := v_middle;
      end if;
    end loop;
    v_before[v_index] := v_ends[v_low - 1];
    v_ends[v_low] := v_index;
  end loop;

  v_index := v_ends[cardinality(v_ends)];
  while v_index is not null loop
    v_run := p_values[v_index] || v_run;
    v_index := v_before[v_index];
  end loop;
  return v_run;
end
$$;
comment on function public.fn_iu_longest_increasing(integer[]) is
  'The longest increasing run of distinct numbers in the order given: what kept its order. Fredman (1975), patience sorting.';

create function public.fn_iu_manifest_members(p_digest text)
  returns table ("position" integer, role text, iu_id uuid)
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  select member.position, member.role, member.iu_id
  from public.iu_manifest m
  cross join lateral jsonb_to_recordset(m.pieces) as member (position integer, role text, iu_id uuid)
  where m.manifest_digest = p_digest
  order by member.position
$$;
comment on function public.fn_iu_manifest_members(text) is
  'The members that a manifest lists, in order; none for an unknown digest.';

create function public.fn_iu_manifest_difference(p_from_digest text, p_to_digest text)
  returns table (
    change text,
    from_iu_id uuid,
    from_position integer,
    from_role text,
    from_title text,
    from_address text,
    to_iu_id uuid,
    to_position integer,
    to_role text,
    to_title text,
    to_address text
  )
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  with before as (
    select m.position, m.role, m.iu_id from public.fn_iu_manifest_members(p_from_digest) m
  ), after as (
    select m.position, m.role, m.iu_id from public.fn_iu_manifest_members(p_to_digest) m
  ), kept_order as (
    -- An insertion shifts everything below it; only what left the common order has moved.
    select unnest(public.fn_iu_longest_increasing(array_agg(before.position order by after.position))) as from_position
    from before join after using (iu_id)
  ), anchor as (
    select kept_order.from_position, after.position as to_position
    from kept_order
    join before on before.position = kept_order.from_position
    join after using (iu_id)
  ), gone as (
    select before.*, row_number() over (partition by before.gap order by before.position) as place
    from (
      select b.*, (select count(*) from anchor where anchor.from_position < b.position) as gap
      from before b
      where not exists (select from after where after.iu_id = b.iu_id)
    ) before
  ), come as (
    select after.*, row_number() over (partition by after.gap order by after.position) as place
    from (
      select a.*, (select count(*) from anchor where anchor.to_position < a.position) as gap
      from after a
      where not exists (select from before where before.iu_id = a.iu_id)
    ) after
  ), difference as (
    select
      case
        when anchor.from_position is null then 'moved'
        when before.role <> after.role then 'role_changed'
        else 'same'
      end as change,
      before.iu_id as from_iu_id, before.position as from_position, before.role as from_role,
      after.iu_id as to_iu_id, after.position as to_position, after.role as to_role,
      (select count(*) from anchor a where a.to_position < after.position) as gap,
      anchor.from_position is not null as is_anchor
    from before
    join after using (iu_id)
    left join anchor on anchor.from_position = before.position
    union all
    -- What went and what came in the same gap between kept pieces replaced each other.
    select
      case when come.iu_id is null then 'removed' when gone.iu_id is null then 'added' else 'replaced' end,
      gone.iu_id, gone.position, gone.role, come.iu_id, come.position, come.role,
      coalesce(come.gap, gone.gap), false
    from gone
    full join come on come.gap = gone.gap and come.place = gone.place
  )
  select d.change,
         d.from_iu_id, d.from_position, d.from_role, was.title, was.canonical_address,
         d.to_iu_id, d.to_position, d.to_role, now_is.title, now_is.canonical_address
  from difference d
  left join public.information_unit was on was.id = d.from_iu_id
  left join public.information_unit now_is on now_is.id = d.to_iu_id
  order by d.gap, d.is_anchor, d.to_position nulls last, d.from_position
$$;
comment on function public.fn_iu_manifest_difference(text, text) is
  'What became of each piece from one manifest to another, in reading order: same, added, removed, moved, replaced, role_changed.';

create view public.v_iu_template_instance as
select
  l.instance_collection_id,
  instance.collection_key as instance_key,
  instance.title as instance_title,
  instance.description,
  instance.collection_kind,
  l.template_collection_id,
  template.collection_key as template_key,
  template.title as template_title,
  v.template_family,
  v.version_label,
  l.instantiated_by,
  l.instantiated_at,
  l.note,
  l.base_manifest_digest as base_digest,
  template.manifest_digest as template_digest,
  instance.manifest_digest as instance_digest,
  instance.manifest_digest = template.manifest_digest as digest_matches_template,
  case
    when instance.manifest_digest = template.manifest_digest then 'in_sync'
    when template.manifest_digest = l.base_manifest_digest then 'instance_edited'
    when instance.manifest_digest = l.base_manifest_digest then 'template_moved'
    else 'both_changed'
  end as drift_state,
  log.event_id,
  log.event_type,
  log.emit_mode,
  log.idempotency_key,
  log.triggered_by,
  log.created_at as event_logged_at
from public.iu_collection_template_instance_lineage l
join public.iu_piece_collection instance on instance.id = l.instance_collection_id
join public.iu_piece_collection template on template.id = l.template_collection_id
left join public.iu_collection_template_version v on v.collection_id = l.template_collection_id
left join public.iu_auto_instantiate_event_log log on log.instance_collection_id = l.instance_collection_id;
comment on view public.v_iu_template_instance is
  'One row per instance: its template, the event that made it, the three digests, and whether the instance was edited, '
  'the template has moved, or both.';

revoke execute on function
  public.fn_iu_longest_increasing(integer[]),
  public.fn_iu_manifest_members(text),
  public.fn_iu_manifest_difference(text, text)
from public;

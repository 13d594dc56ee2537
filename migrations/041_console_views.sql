-- What the console reads beyond the views of 032, 033 and 040: the console reads views, never tables.

create view public.v_iu_piece as
select u.id, u.canonical_address, u.title, u.body, u.lifecycle_status, u.content_digest,
       u.created_by, u.created_at, u.updated_at,
       (select count(*) from public.iu_piece_membership m
        where m.iu_id = u.id and m.membership_status = 'active')::integer as held_by
from public.information_unit u;
comment on view public.v_iu_piece is
  'One row per piece, with its text and how many collections hold it.';

create view public.v_iu_piece_lifecycle as
select
  l.id, l.iu_id, u.canonical_address, u.title, u.lifecycle_status, l.change, l.from_status, l.to_status, l.actor, l.reason,
  l.created_at, l.successor_ids,
  coalesce((
    select jsonb_agg(jsonb_build_object('iu_id', s.id, 'canonical_address', s.canonical_address, 'title', s.title,
                                        'lifecycle_status', s.lifecycle_status) order by given.place)
    from unnest(l.successor_ids) with ordinality as given (iu_id, place)
    join public.information_unit s on s.id = given.iu_id), '[]') as successors
from public.iu_lifecycle_log l
join public.information_unit u on u.id = l.iu_id;
comment on view public.v_iu_piece_lifecycle is
  'One row per change of a piece''s life, with the pieces that took its place.';

create view public.v_iu_collection as
select
  c.id as collection_id, c.collection_key, c.collection_kind, c.title, c.description, c.collection_status,
  c.manifest_digest, c.created_by, c.created_at, c.updated_at,
  r.marked_by, r.marked_at,
  case
    when r.collection_id is not null or v.collection_id is not null then 'template'
    when l.instance_collection_id is not null then 'instance'
    else 'collection'
  end as shown_as
from public.iu_piece_collection c
left join public.iu_collection_template_registry r on r.collection_id = c.id and r.is_template
left join public.iu_collection_template_version v on v.collection_id = c.id
left join public.iu_collection_template_instance_lineage l on l.instance_collection_id = c.id;
comment on view public.v_iu_collection is
  'One row per collection, and whether it is a template, an instance, or neither.';

create view public.v_iu_collection_piece as
select
  m.collection_id,
  (row_number() over (partition by m.collection_id order by m.piece_order, m.iu_id))::integer as position,
  m.role,
  m.iu_id,
  u.canonical_address, u.title, u.body, u.lifecycle_status, u.content_digest
from public.iu_piece_membership m
join public.information_unit u on u.id = m.iu_id
where m.membership_status = 'active';
comment on view public.v_iu_collection_piece is
  'One row per active member of a collection, with its position and its text.';

create view public.v_iu_piece_place as
select
  m.iu_id,
  m.collection_id,
  m.role,
  (select count(*)
   from public.iu_piece_membership above
   where above.collection_id = m.collection_id
     and above.membership_status = 'active'
     and (above.piece_order, above.iu_id) <= (m.piece_order, m.iu_id))::integer as position
from public.iu_piece_membership m
where m.membership_status = 'active';
comment on view public.v_iu_piece_place is
  'One row per place of a piece: the collections that hold it, and where in them it stands.';

create view public.v_iu_template_family as
select
  v.template_family,
  -- What the newest version is called is what the family is called.
  (array_agg(c.title order by v.version_seq desc))[1] as title,
  (array_agg(c.collection_kind order by v.version_seq desc))[1] as collection_kind,
  count(*)::integer as versions,
  (array_agg(v.version_label order by v.version_seq desc) filter (where v.version_status = 'current'))[1] as current_label,
  (array_agg(v.collection_id order by v.version_seq desc) filter (where v.version_status = 'current'))[1] as current_collection_id,
  sum(made.instances)::integer as instances,
  sum(made.diverged)::integer as diverged
from public.iu_collection_template_version v
join public.iu_piece_collection c on c.id = v.collection_id
cross join lateral (
  select count(*) as instances,
         count(*) filter (where instance.manifest_digest <> c.manifest_digest) as diverged
  from public.iu_collection_template_instance_lineage l
  join public.iu_piece_collection instance on instance.id = l.instance_collection_id
  where l.template_collection_id = v.collection_id
) made
group by v.template_family;
comment on view public.v_iu_template_family is
  'One row per family: its versions, the current one, and what was made from all of them.';

create view public.v_iu_auto_instantiate_actor as
select l.triggered_by as actor, count(*)::integer as instances, max(l.created_at) as last_at
from public.iu_auto_instantiate_event_log l
group by l.triggered_by;
comment on view public.v_iu_auto_instantiate_actor is
  'One row per actor whose events made instances: what a rollback by that actor would look at.';

create view public.v_iu_outbox_event as
select
  e.id, e.event_domain, e.event_type, e.actor, e.created_at,
  coalesce(e.canonical_address, e.safe_payload ->> 'collection_key') as subject
from public.event_outbox e;
comment on view public.v_iu_outbox_event is
  'One row per event of the outbox, with what it is about.';

create view public.v_iu_event_type as
select t.event_type, t.event_domain, t.event_stream, t.delivery_lane, t.active, t.description
from public.event_type_registry t;
comment on view public.v_iu_event_type is
  'One row per registered event type.';

create view public.v_iu_gate as
select
  g.key, g.protects, g.open_value,
  c.value,
  coalesce(c.value = g.open_value, false) as is_open,
  coalesce(c.value in ('true', 'false'), false) as is_readable,
  last_change.changed_at,
  last_change.changed_by,
  last_change.old_value as changed_from,
  last_change.reason as change_reason
from public.iu_gate g
left join public.dot_config c on c.key = g.key
left join lateral (
  select h.changed_at, h.changed_by, h.old_value, h.reason
  from public.dot_config_change h
  where h.key = g.key
  order by h.id desc
  limit 1
) last_change on true;
comment on view public.v_iu_gate is
  'One row per gate: what it protects, whether it is open, and who changed it last, when, why and from what value.';

create view public.v_iu_config_setting as
select c.key, c.value
from public.dot_config c
where not exists (select from public.iu_gate g where g.key = c.key)
  and c.key ~ '^(iu_core|piece_event_runtime)\.';
comment on view public.v_iu_config_setting is
  'One row per setting of IU Core that is no gate; other systems'' keys in dot_config are left out.';

create view public.v_iu_config_change as
select h.id, h.key, h.old_value, h.new_value, h.changed_by, h.changed_at, h.reason
from public.dot_config_change h
where h.key ~ '^(iu_core|piece_event_runtime)\.';
comment on view public.v_iu_config_change is
  'One row per recorded change of a gate or setting of IU Core.';

create view public.v_iu_command_run as
select r.id, r.command_name, r.phase, r.operator, r.actor, r.reason, r.parameters, r.dry_run, r.status, r.refused,
       r.result, r.effects, r.preview_id, r.started_at, r.duration_ms::double precision as duration_ms
from public.dot_iu_command_run r;
comment on view public.v_iu_command_run is
  'One row per recorded preview, run or refusal of a governed command.';

-- The console's lists: newest first, filtered by mode or actor.
create index iu_auto_instantiate_event_log_newest
  on public.iu_auto_instantiate_event_log (created_at desc, instance_collection_id desc);
-- Who else holds a piece, from the index alone.
create index iu_piece_membership_places_of_piece
  on public.iu_piece_membership (iu_id, collection_id) where membership_status = 'active';
-- What a piece took the place of.
create index iu_lifecycle_log_successor_ids on public.iu_lifecycle_log using gin (successor_ids);
